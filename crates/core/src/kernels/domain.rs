//! The numbers that a column can hold, named by codes in their order.

use super::interval::{End, double_above, double_below, integer_above, integer_below};
use super::number::Number;

/// What numbers a type has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Domain {
    /// Integers. A code tells how far one is from the least.
    Integers {
        /// The least.
        least: i128,
        /// The greatest.
        greatest: i128,
    },
    /// Each `f32`, with its code as a [`Number`].
    Singles,
    /// Each `f64`, the same.
    Doubles,
}

impl Domain {
    pub(super) fn signed(bits: u32) -> Self {
        let beyond = 1 << (bits - 1);
        Self::Integers { least: -beyond, greatest: beyond - 1 }
    }

    pub(super) fn unsigned(bits: u32) -> Self {
        Self::Integers { least: 0, greatest: (1 << bits) - 1 }
    }

    /// The codes of the least and the greatest number of an interval; `None` where it has none.
    /// The ends may lie outside the type, or between two of its numbers; they are no NaN.
    pub(super) fn between(self, low: End, high: End) -> Option<(u64, u64)> {
        match self {
            Self::Integers { least, greatest } => {
                let low = integer_above(low).max(least);
                let high = integer_below(high).min(greatest);
                // Both are in the type, if there is a number between them.
                let code = |integer: i128| u64::try_from(integer - least).ok();
                if low <= high { code(low).zip(code(high)) } else { None }
            }
            Self::Singles => {
                let (low, high) = (single_from(double_above(low)), single_to(double_below(high)));
                (low <= high).then(|| (low.code(), high.code()))
            }
            Self::Doubles => {
                let (low, high) = (double_above(low), double_below(high));
                (low <= high).then(|| (low.code(), high.code()))
            }
        }
    }

    /// How far the least integer is below 0: in the type's own width, the bit that is the sign.
    pub(super) fn sign(self) -> u64 {
        match self {
            Self::Integers { least, .. } => u64::try_from(-least).unwrap_or(0),
            Self::Singles | Self::Doubles => 0,
        }
    }
}

/// The least `f32` that is not below a number. NaN for NaN.
fn single_from(low: f64) -> f32 {
    let nearest = nearest(low);
    if f64::from(nearest) < low { nearest.next_up() } else { nearest }
}

/// The greatest `f32` that is not above a number. NaN for NaN.
fn single_to(high: f64) -> f32 {
    let nearest = nearest(high);
    if f64::from(nearest) > high { nearest.next_down() } else { nearest }
}

#[expect(clippy::cast_possible_truncation, reason = "rounds to nearest, and is corrected")]
fn nearest(number: f64) -> f32 {
    number as f32
}
