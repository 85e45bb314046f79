//! Intervals of numbers of any size, and what of them a type can hold.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "each cast is checked, or saturates as is wanted"
)]

use std::cmp::Ordering;

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct End {
    pub(super) at: Bound,
    /// The end itself does not belong to the interval.
    pub(super) is_open: bool,
}

/// A number of any size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    Integer(i128),
    Double(f64),
}

/// The least integer of an interval that starts here. The casts of doubles saturate, which leaves
/// them outside every type.
pub(super) fn integer_above(end: End) -> i128 {
    let (integer, is_exact) = match end.at {
        Bound::Integer(at) => (at, true),
        Bound::Double(at) => (at.ceil() as i128, at.fract() == 0.0),
    };
    integer.saturating_add(i128::from(end.is_open && is_exact))
}

/// The greatest integer of an interval that ends here.
pub(super) fn integer_below(end: End) -> i128 {
    let (integer, is_exact) = match end.at {
        Bound::Integer(at) => (at, true),
        Bound::Double(at) => (at.floor() as i128, at.fract() == 0.0),
    };
    integer.saturating_sub(i128::from(end.is_open && is_exact))
}

/// The least double of an interval that starts here; NaN where there is none.
pub(super) fn double_above(end: End) -> f64 {
    let (nearest, order) = nearest_double(end.at);
    match order {
        Ordering::Greater => nearest,
        Ordering::Equal if !end.is_open => nearest,
        _ if nearest == f64::INFINITY => f64::NAN,
        _ => nearest.next_up(),
    }
}

/// The greatest double of an interval that ends here; NaN where there is none.
pub(super) fn double_below(end: End) -> f64 {
    let (nearest, order) = nearest_double(end.at);
    match order {
        Ordering::Less => nearest,
        Ordering::Equal if !end.is_open => nearest,
        _ if nearest == f64::NEG_INFINITY => f64::NAN,
        _ => nearest.next_down(),
    }
}

/// The nearest double, and how it compares with the number itself.
fn nearest_double(bound: Bound) -> (f64, Ordering) {
    match bound {
        Bound::Double(at) => (at, Ordering::Equal),
        // No integer of 128 bits is 2^127, so this one was rounded up; the others cast back.
        Bound::Integer(at) if at as f64 >= i128::MAX as f64 => (at as f64, Ordering::Greater),
        Bound::Integer(at) => (at as f64, (at as f64 as i128).cmp(&at)),
    }
}
