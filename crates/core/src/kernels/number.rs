//! The numbers of columns: their bounds, their sums and their order.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    reason = "one macro for all types; each cast says why it is right"
)]

use super::interval::{End, double_above, double_below, integer_above, integer_below};
use super::pairwise::{LANES, Pairwise, add_all};
use crate::simd::{self, Work};

/// A number of a column.
pub(super) trait Number: Copy + PartialOrd + Default + Send + Sync + 'static {
    /// Whether it may be a code.
    const IS_INTEGER: bool;
    /// What adds up its sums.
    type Sum: Sum<Self>;

    /// Whether it is the one that is unequal to itself.
    fn is_nan(self) -> bool;
    /// Itself if `bit` is 1, `other` if it is 0. Not a branch.
    fn or(self, bit: u64, other: Self) -> Self;
    /// The least and the greatest of a block and one more number. NaN may be among the block; it
    /// is never one of the two unless `first` is.
    fn ends(block: &[Self], first: Self) -> (Self, Self);
    /// The nearest `f64`.
    fn double(self) -> f64;
    /// The bits of an integer, extended to 64.
    fn wide(self) -> i64;
    /// A number whose order among unsigned integers is that of the values. −0 is 0; NaN has none.
    fn code(self) -> u64;
    /// The value of a code; of −0 it is 0.
    fn of_code(code: u64) -> Self;
    /// Where an integer stands in a table by code: behind every end, if it is negative.
    fn table_index(self) -> usize;
    /// The least and the greatest value of an interval; `None` where it has none. The ends may lie
    /// outside the type, or between two of its values; they are no NaN.
    fn between(low: End, high: End) -> Option<(Self, Self)>;
}

/// A running sum.
pub(super) trait Sum<T>: Default {
    /// Adds at most [`BLOCK_ROWS`](super::blocks::BLOCK_ROWS) values.
    fn add(&mut self, block: &[T]);
}

/// A block that is added up.
struct Adding<'b, T>(&'b [T]);

/// A sum of integers, exact: no file has enough of them to overflow it.
#[derive(Debug, Default)]
pub(super) struct Exact(pub(super) i128);

macro_rules! integers {
    ($($type:ty, $block:expr;)*) => {$(
        impl Number for $type {
            const IS_INTEGER: bool = true;
            type Sum = Exact;

            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }

            #[inline(always)]
            fn or(self, bit: u64, other: Self) -> Self {
                let mask = (0 as Self).wrapping_sub(bit as Self);
                self & mask | other & !mask
            }

            #[inline(always)]
            fn ends(block: &[Self], first: Self) -> (Self, Self) {
                let ends = |(least, greatest): (Self, Self), value: &Self| {
                    (least.min(*value), greatest.max(*value))
                };
                block.iter().fold((first, first), ends)
            }

            #[inline(always)]
            fn double(self) -> f64 {
                // Rounded to nearest where 64 bits do not fit.
                self as f64
            }

            #[inline(always)]
            fn wide(self) -> i64 {
                self as i64
            }

            #[inline(always)]
            fn code(self) -> u64 {
                // Signed numbers move up so that the least is 0.
                (self as i64 as u64) ^ if Self::MIN == 0 { 0 } else { 1 << 63 }
            }

            fn of_code(code: u64) -> Self {
                (code ^ if Self::MIN == 0 { 0 } else { 1 << 63 }) as Self
            }

            #[inline(always)]
            fn table_index(self) -> usize {
                // Sign extension makes negative numbers the greatest.
                self as i64 as usize
            }

            fn between(low: End, high: End) -> Option<(Self, Self)> {
                let low = integer_above(low).max(Self::MIN as i128);
                let high = integer_below(high).min(Self::MAX as i128);
                // Both lie in the type, if the interval is not empty.
                (low <= high).then_some((low as Self, high as Self))
            }
        }

        impl Sum<$type> for Exact {
            fn add(&mut self, block: &[$type]) {
                self.0 += simd::run(Adding(block));
            }
        }

        impl Work for Adding<'_, $type> {
            type Output = i128;

            #[inline(always)]
            fn run(self) -> i128 {
                let add: fn(&[$type]) -> i128 = $block;
                add(self.0)
            }
        }
    )*};
}

// A block is short enough for the sums of narrow numbers to fit into 32 or 64 bits.
integers! {
    i8, |block| block.iter().map(|value| *value as i32).sum::<i32>() as i128;
    i16, |block| block.iter().map(|value| *value as i32).sum::<i32>() as i128;
    i32, |block| block.iter().map(|value| *value as i64).sum::<i64>() as i128;
    i64, |block| add_signed(block.iter().copied(), block.len());
    u8, |block| block.iter().map(|value| *value as u32).sum::<u32>() as i128;
    u16, |block| block.iter().map(|value| *value as u32).sum::<u32>() as i128;
    u32, |block| block.iter().map(|value| *value as u64).sum::<u64>() as i128;
    u64, |block| add_unsigned(block.iter().copied());
}

/// The exact sum of a block of wide numbers: their halves are added apart.
#[inline(always)]
pub(super) fn add_unsigned(values: impl Iterator<Item = u64>) -> i128 {
    let (mut low, mut high) = (0_u64, 0_u64);
    for value in values {
        low += value & 0xffff_ffff;
        high += value >> 32;
    }
    ((high as i128) << 32) + low as i128
}

/// The same of signed numbers: each is added as 2^63 more.
#[inline(always)]
pub(super) fn add_signed(values: impl Iterator<Item = i64>, count: usize) -> i128 {
    add_unsigned(values.map(|value| value as u64 ^ 1 << 63)) - ((count as i128) << 63)
}

impl Number for f64 {
    const IS_INTEGER: bool = false;
    type Sum = Pairwise;

    #[inline(always)]
    fn is_nan(self) -> bool {
        Self::is_nan(self)
    }

    #[inline(always)]
    fn or(self, bit: u64, other: Self) -> Self {
        Self::from_bits(self.to_bits().or(bit, other.to_bits()))
    }

    #[inline(always)]
    fn ends(block: &[Self], first: Self) -> (Self, Self) {
        let least = fold_lanes(block, first, |one, other| if one < other { one } else { other });
        (least, fold_lanes(block, first, |one, other| if one > other { one } else { other }))
    }

    #[inline(always)]
    fn double(self) -> f64 {
        self
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        self as i64
    }

    #[inline(always)]
    fn code(self) -> u64 {
        // Adding 0 makes 0 of −0. Negative numbers, the more so the further from 0, come first.
        let bits = (self + 0.0).to_bits();
        bits ^ (((bits as i64 >> 63) as u64) | 1 << 63)
    }

    fn of_code(code: u64) -> Self {
        let mask = if code >> 63 == 0 { u64::MAX } else { 1 << 63 };
        Self::from_bits(code ^ mask)
    }

    fn table_index(self) -> usize {
        usize::MAX
    }

    fn between(low: End, high: End) -> Option<(Self, Self)> {
        let (low, high) = (double_above(low), double_below(high));
        (low <= high).then_some((low, high))
    }
}

impl Number for f32 {
    const IS_INTEGER: bool = false;
    type Sum = Pairwise;

    #[inline(always)]
    fn is_nan(self) -> bool {
        Self::is_nan(self)
    }

    #[inline(always)]
    fn or(self, bit: u64, other: Self) -> Self {
        Self::from_bits(self.to_bits().or(bit, other.to_bits()))
    }

    #[inline(always)]
    fn ends(block: &[Self], first: Self) -> (Self, Self) {
        // As integers of the same order, which the compiler compares side by side by itself; for
        // `f64` that measures worse.
        let signed = |value: Self| {
            let bits = value.to_bits() as i32;
            bits ^ ((bits >> 31) as u32 >> 1) as i32
        };
        let ends = |(least, greatest): (i32, i32), value: &Self| {
            let code = signed(if Self::is_nan(*value) { first } else { *value });
            (least.min(code), greatest.max(code))
        };
        let (least, greatest) = block.iter().fold((signed(first), signed(first)), ends);
        let value = |code: i32| Self::from_bits((code ^ ((code >> 31) as u32 >> 1) as i32) as u32);
        (value(least), value(greatest))
    }

    #[inline(always)]
    fn double(self) -> f64 {
        self as f64
    }

    #[inline(always)]
    fn wide(self) -> i64 {
        self as i64
    }

    #[inline(always)]
    fn code(self) -> u64 {
        let bits = (self + 0.0).to_bits();
        (bits ^ (((bits as i32 >> 31) as u32) | 1 << 31)) as u64
    }

    fn of_code(code: u64) -> Self {
        let code = code as u32;
        let mask = if code >> 31 == 0 { u32::MAX } else { 1 << 31 };
        Self::from_bits(code ^ mask)
    }

    fn table_index(self) -> usize {
        usize::MAX
    }

    fn between(low: End, high: End) -> Option<(Self, Self)> {
        let (low, high) = (double_above(low), double_below(high));
        // The casts round to nearest: a step back where that left the interval.
        let nearest = low as Self;
        let least = if (nearest as f64) < low { nearest.next_up() } else { nearest };
        let nearest = high as Self;
        let greatest = if nearest as f64 > high { nearest.next_down() } else { nearest };
        (least <= greatest).then_some((least, greatest))
    }
}

/// Brings a block and one more number down to one number, side by side in lanes.
#[inline(always)]
fn fold_lanes(block: &[f64], first: f64, choose: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [first; LANES];
    let (rows, rest) = block.as_chunks::<LANES>();
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane = choose(*value, *lane);
        }
    }
    rest.iter().chain(&lanes).fold(first, |chosen, value| choose(*value, chosen))
}

/// Added as `f64`, `f32` too: exact until a block's sum has more than 53 bits.
macro_rules! pairwise {
    ($($type:ty)*) => {$(
        impl Sum<$type> for Pairwise {
            fn add(&mut self, block: &[$type]) {
                self.push(simd::run(Adding(block)));
            }
        }

        impl Work for Adding<'_, $type> {
            type Output = f64;

            #[inline(always)]
            fn run(self) -> f64 {
                add_all(self.0)
            }
        }
    )*};
}

pairwise!(f32 f64);
