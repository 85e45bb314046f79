//! The least and the greatest value.

use super::blocks::for_numbers;
use super::bounds::{Bounds, bounds};
use super::column::Column;
use super::rows::Rows;
use super::unfit;
use crate::error::Result;

/// The least and the greatest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extremes {
    /// Of integers.
    Integers(i128, i128),
    /// Of floating-point numbers.
    Doubles(f64, f64),
}

/// The least and the greatest of the rows that are not null; `None` where there are none. Both are
/// NaN if one row is.
///
/// # Errors
/// `Internal` where the column holds no numbers.
///
/// # Panics
/// If `rows` was made for more rows than the column has.
pub fn extremes(column: &Column<'_>, rows: Rows<'_>) -> Result<Option<Extremes>> {
    for_numbers!(column.values,
        source => Ok(bounds(source, column.validity, rows).map(Extremes::from)),
        other => Err(unfit("find the least and the greatest value", other.noun()))
    )
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl From<Bounds<$type>> for Extremes {
            fn from(bounds: Bounds<$type>) -> Self {
                Self::Integers(bounds.least.into(), bounds.greatest.into())
            }
        }
    )*};
}

macro_rules! doubles {
    ($($type:ty)*) => {$(
        impl From<Bounds<$type>> for Extremes {
            fn from(bounds: Bounds<$type>) -> Self {
                if bounds.has_nan {
                    return Self::Doubles(f64::NAN, f64::NAN);
                }
                Self::Doubles(bounds.least.into(), bounds.greatest.into())
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 u8 u16 u32 u64);
doubles!(f32 f64);
