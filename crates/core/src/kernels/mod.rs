//! Aggregates, filters and sorts over the memory of columns, without copying them.
//!
//! A [`Column`] is borrowed from the regions of a store ([`Store::lend`]): its values, and where
//! it is nullable a bitmap of the rows that are present. Every kernel reads blocks of some
//! thousand rows, which stay in the nearest cache, in loops without branches that the compiler
//! turns into vector instructions, for AVX2 where the machine has it. The results do not depend on
//! the machine.
//!
//! - [`sum`], [`extremes`], [`mean`], [`count_valid`] and [`sum_product`] skip nulls. A NaN makes
//!   sums, means and extremes NaN. Sums of integers are exact; those of floating-point numbers are
//!   added pairwise, so that their error grows with the logarithm of the number of rows.
//! - [`filter`], [`count_matching`] and [`first_matching`] compare mathematically: a constant is
//!   never cast to the type of the column. A null satisfies [`Test::IsNull`] and nothing else. A
//!   NaN, in the column or as the constant, is unequal to everything, as in IEEE 754.
//! - [`argsort`] and [`sort_rows`] are stable, in both directions.
//! - [`heap_garbage`] counts the bytes of a heap of strings that nothing refers to.
//!
//! [`Store::lend`]: crate::Store::lend
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `simd::run` is compiled for the oldest processor"
)]

mod argsort;
mod blocks;
mod bounds;
mod column;
mod condition;
mod domain;
mod extremes;
mod filter;
mod garbage;
mod half;
mod interval;
mod lane;
mod matches;
mod number;
mod number_test;
mod pairwise;
mod permutation;
mod predicate;
mod product;
mod radix;
mod rows;
mod sort_key;
mod sum;
pub(crate) mod text;
mod text_test;
mod validity;

pub use argsort::{StoredKey, argsort, sort_rows, stored_order};
pub use column::{Column, ColumnSource, Values};
pub use condition::{Comparison, Condition, Constant, Test};
pub use extremes::{Extremes, extremes};
pub use filter::{count_matching, filter, first_matching};
pub use garbage::heap_garbage;
pub use matches::Matches;
pub use product::sum_product;
pub use rows::{Rows, RowsError};
pub use sort_key::{Nulls, SortKey};
pub use sum::{Total, count_valid, mean, sum};
pub use text::Texts;
pub use validity::Validity;

use crate::error::{Error, ErrorKind};

/// What a kernel says to a column whose values it cannot take.
fn unfit(attempt: &str, found: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("cannot {attempt} of a column of {found}"))
}

/// What a kernel says when the memory that it works in cannot be had. Nothing was changed.
fn no_memory(attempt: &str, bytes: usize) -> Error {
    let message = format!("cannot {attempt}: no {bytes} bytes of memory to work in");
    Error::new(ErrorKind::Limit, message)
}

#[cfg(test)]
mod tests;
