//! Row numbers, as they come in and go out.

use napi::Env;
use napi::bindgen_prelude::Either;
use stoa_core::ErrorKind;
use stoa_core::kernels::{Rows, RowsError};

use crate::error::{Result, raised};
use crate::number::whole;

/// Row numbers that are given.
pub(super) type Selection<'a> = Option<Either<&'a [u32], &'a [f64]>>;
/// Where row numbers are written.
pub(super) type RowsOut<'a> = Either<&'a mut [u32], &'a mut [f64]>;

/// The rows that a kernel looks at. A row number that is none becomes a `RangeError`.
pub(super) fn selected(env: Env, rows: f64, selection: Selection<'_>) -> Result<(u64, Rows<'_>)> {
    let rows = whole("rows", rows)?;
    let selected = match selection {
        None => Ok(Rows::ALL),
        Some(Either::A(list)) => Rows::of(list, rows),
        Some(Either::B(list)) => Rows::of_doubles(list, rows),
    };
    let out_of_range = |RowsError { position, found }| {
        let message = format!(
            "cannot look at the rows: number {position} of the list is {found}, expected a whole \
             number from 0 to below {rows}"
        );
        // The exception that is pending is the one that JavaScript sees.
        let thrown = env.throw_range_error(&message, Some("ERR_OUT_OF_RANGE"));
        raised(ErrorKind::Internal, thrown.map_or_else(|error| error.reason, |()| message))
    };
    Ok((rows, selected.map_err(out_of_range)?))
}
