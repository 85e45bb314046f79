//! Values as conditions compare them: integers by their bits, whether they have a sign or not, so
//! that one loop does for both.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    reason = "bits are read as signed numbers, and codes have no more bits than their type"
)]

use super::number::Number;
use crate::simd::{press, press_wide};

/// A value of a column.
pub(super) trait Lane: Copy + Default + PartialEq {
    /// The value of a code of its [`Domain`](super::domain::Domain). `sign` is the bit that tells
    /// negative integers, if the type has any.
    fn of_code(code: u64, sign: u64) -> Self;
    /// The reverse.
    fn code(self, sign: u64) -> u64;
    /// A test for what is not from `low` to `high`, which is NaN too.
    fn beyond(low: Self, high: Self) -> impl Fn(Self) -> bool;
    /// The bits of the values that pass, the first in the least significant.
    fn bits(values: &[Self; 64], holds: impl Fn(Self) -> bool) -> u64;
}

macro_rules! integers {
    ($($type:ty, $signed:ty, $bits:ident;)*) => {$(
        impl Lane for $type {
            fn of_code(code: u64, sign: u64) -> Self {
                (code ^ sign) as Self
            }

            #[inline(always)]
            fn code(self, sign: u64) -> u64 {
                self as u64 ^ sign
            }

            #[inline(always)]
            fn beyond(low: Self, high: Self) -> impl Fn(Self) -> bool {
                // Moves `low` to the least signed number: vectors are compared as signed.
                let base = low.wrapping_add(1 << (Self::BITS - 1));
                let limit = high.wrapping_sub(base) as $signed;
                move |value| value.wrapping_sub(base) as $signed > limit
            }

            #[inline(always)]
            fn bits(values: &[Self; 64], holds: impl Fn(Self) -> bool) -> u64 {
                $bits(values, holds)
            }
        }
    )*};
}

integers! {
    u8, i8, narrow_bits;
    u16, i16, narrow_bits;
    u32, i32, narrow_bits;
    u64, i64, wide_bits;
}

macro_rules! floats {
    ($($type:ty, $all:ty, $bits:ident;)*) => {$(
        impl Lane for $type {
            fn of_code(code: u64, _: u64) -> Self {
                let code = code as $all;
                let sign = 1 << (<$all>::BITS - 1);
                // The reverse of `Number::code`, but for −0.
                Self::from_bits(if code < sign { !code } else { code ^ sign })
            }

            #[inline(always)]
            fn code(self, _: u64) -> u64 {
                Number::code(self)
            }

            #[inline(always)]
            fn beyond(low: Self, high: Self) -> impl Fn(Self) -> bool {
                move |value| !((value >= low) & (value <= high))
            }

            #[inline(always)]
            fn bits(values: &[Self; 64], holds: impl Fn(Self) -> bool) -> u64 {
                $bits(values, holds)
            }
        }
    )*};
}

floats! {
    f32, u32, narrow_bits;
    f64, u64, wide_bits;
}

/// Truth values of a byte each, in a loop of vector instructions, then pressed together.
#[inline(always)]
fn narrow_bits<T: Copy>(values: &[T; 64], holds: impl Fn(T) -> bool) -> u64 {
    let mut held = [0; 64];
    for (target, value) in held.iter_mut().zip(values) {
        *target = if holds(*value) { u8::MAX } else { 0 };
    }
    press(&held)
}

/// Truth values as wide as the values: the compiler is slow at making bytes of these.
#[inline(always)]
fn wide_bits<T: Copy>(values: &[T; 64], holds: impl Fn(T) -> bool) -> u64 {
    let mut held = [0; 64];
    for (target, value) in held.iter_mut().zip(values) {
        *target = if holds(*value) { u64::MAX } else { 0 };
    }
    press_wide(&held)
}
