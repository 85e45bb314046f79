//! Numbers between JavaScript and the core: checked on the way in, exact on the way out. Node-API's
//! own conversions to integers wrap around, so every number comes in as a double.

use stoa_core::{ErrorKind, RegionId};

use crate::error::{Result, raised};

/// The greatest integer of a double that has no neighbour rounded onto it: 2^53 - 1.
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

/// A whole number from 0 to 2^53 - 1; anything else is an error that names the argument.
pub(crate) fn whole(name: &str, value: f64) -> Result<u64> {
    if value.fract() != 0.0 || !(0.0..=SAFE_INTEGER_MAX).contains(&value) {
        let message = format!("'{name}' is {value}, expected a whole number from 0 to 2^53 - 1");
        return Err(raised(ErrorKind::Internal, message));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number of 0 to 2^53 - 1, as was just checked"
    )]
    Ok(value as u64)
}

/// A whole number that fits a narrower type `N`.
pub(crate) fn narrow<N: TryFrom<u64>>(name: &str, value: f64) -> Result<N> {
    N::try_from(whole(name, value)?).map_err(|_| {
        let message = format!("'{name}' is {value}, expected at most {} bits", 8 * size_of::<N>());
        raised(ErrorKind::Internal, message)
    })
}

/// The id of a region. Whether there is one with this id the core says.
pub(crate) fn region(id: f64) -> Result<RegionId> {
    narrow("id", id).map(RegionId)
}

/// Regions and their new lengths, which come by turns.
pub(crate) fn lengths_of(changes: &[f64]) -> Result<Vec<(RegionId, u64)>> {
    let (pairs, rest) = changes.as_chunks();
    if !rest.is_empty() {
        return Err(raised(ErrorKind::Internal, "a region without a length"));
    }
    pairs.iter().map(|[id, length]| Ok((region(*id)?, whole("length", *length)?))).collect()
}

/// A count of the core as a double. All of them count bytes, elements or commits of one file, and
/// no file has 2^53 of those.
pub(crate) fn double(value: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53, hence exact")]
    let double = value as f64;
    double
}
