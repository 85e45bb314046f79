//! The numbers of columns: their bounds, their sums and their order.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    reason = "one macro for all types; each cast says why it is right"
)]

use super::pairwise::{LANES, Pairwise, add_all};
use crate::simd::{self, Work};

/// A number of a column.
pub(super) trait Number: Copy + PartialOrd + Default + Send + Sync + 'static {
    /// What adds up its sums.
    type Sum: Sum<Self>;

    /// Whether it is the one that is unequal to itself.
    fn is_nan(self) -> bool;
    /// Itself if `bit` is 1, `other` if it is 0. Not a branch.
    fn or(self, bit: u64, other: Self) -> Self;
    /// The least and the greatest of a block and one more number, and whether the block has NaN,
    /// which is neither of the two unless `first` is.
    fn ends(block: &[Self], first: Self) -> Ends<Self>;
    /// The nearest `f64`.
    fn double(self) -> f64;
    /// The bits of an integer, extended to 64.
    fn wide(self) -> i64;
    /// A number whose order among unsigned integers is that of the values. −0 is 0; NaN has none.
    fn code(self) -> u64;
    /// Where an integer stands in a table by code: behind every end, if it is negative.
    fn table_index(self) -> usize;
}

/// The least and the greatest of some numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<T> {
    pub(super) least: T,
    pub(super) greatest: T,
    /// NaN, which is neither of the two, was among the numbers.
    pub(super) has_nan: bool,
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
            fn ends(block: &[Self], first: Self) -> Ends<Self> {
                let (least, greatest) = block.iter().fold((first, first), |ends, value| {
                    (ends.0.min(*value), ends.1.max(*value))
                });
                Ends { least, greatest, has_nan: false }
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

            #[inline(always)]
            fn table_index(self) -> usize {
                // Sign extension makes negative numbers the greatest.
                self as i64 as usize
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

/// The exact sum of a block of wide numbers. What their high halves leave of the sum has few bits,
/// so that the bits of a sum that overflows tell it.
#[inline(always)]
pub(super) fn add_unsigned(values: impl Iterator<Item = u64>) -> i128 {
    let (mut sum, mut high) = (0_u64, 0_u64);
    for value in values {
        sum = sum.wrapping_add(value);
        high += value >> 32;
    }
    let low = sum.wrapping_sub(high << 32);
    ((high as i128) << 32) + low as i128
}

/// The same of signed numbers: each is added as 2^63 more.
#[inline(always)]
pub(super) fn add_signed(values: impl Iterator<Item = i64>, count: usize) -> i128 {
    add_unsigned(values.map(|value| value as u64 ^ 1 << 63)) - ((count as i128) << 63)
}

macro_rules! floats {
    ($($type:ty, $unsigned:ty, $signed:ty, $ends:path;)*) => {$(
        impl Number for $type {
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
            fn ends(block: &[Self], first: Self) -> Ends<Self> {
                if let Some((least, greatest, has_nan)) = $ends(block, first) {
                    return Ends { least, greatest, has_nan };
                }
                // One at a time: the compiler takes no two of these side by side.
                Ends {
                    least: fold_lanes(block, first, |one, other| if one < other { one } else { other }),
                    greatest: fold_lanes(block, first, |one, other| if one > other { one } else { other }),
                    has_nan: block.iter().fold(false, |has_nan, value| has_nan | Self::is_nan(*value)),
                }
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
                // Adding 0 makes 0 of −0. Negative numbers, the more so the further from 0, come
                // first.
                let bits = (self + 0.0).to_bits();
                let is_negative = bits as $signed >> (<$signed>::BITS - 1);
                (bits ^ (is_negative as $unsigned | 1 << (<$unsigned>::BITS - 1))) as u64
            }

            fn table_index(self) -> usize {
                usize::MAX
            }
        }

        impl Sum<$type> for Pairwise {
            fn add(&mut self, block: &[$type]) {
                self.push(simd::run(Adding(block)));
            }
        }

        impl Work for Adding<'_, $type> {
            type Output = f64;

            /// Added as `f64`, `f32` too: exact until a block's sum has more than 53 bits.
            #[inline(always)]
            fn run(self) -> f64 {
                add_all(self.0)
            }
        }
    )*};
}

floats! {
    f32, u32, i32, simd::ends_f32;
    f64, u64, i64, simd::ends_f64;
}

/// Brings a block and one more number down to one number, side by side in lanes.
#[inline(always)]
fn fold_lanes<T: Number>(block: &[T], first: T, choose: impl Fn(T, T) -> T) -> T {
    let mut lanes = [first; LANES];
    let (rows, rest) = block.as_chunks::<LANES>();
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane = choose(*value, *lane);
        }
    }
    rest.iter().chain(&lanes).fold(first, |chosen, value| choose(*value, chosen))
}
