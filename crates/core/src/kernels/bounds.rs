//! The least and the greatest number of a column, NaN apart.

use super::blocks::{Source, for_each_block};
use super::number::Number;
use super::rows::{Kind, RowNumber, Rows};
use super::validity::Validity;
use crate::simd::{self, Work};

/// What numbers a column has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<T> {
    /// NaN where there is nothing else.
    pub(super) least: T,
    pub(super) greatest: T,
    pub(super) has_nan: bool,
    /// Rows that are not null.
    pub(super) valid: u64,
}

/// The bounds of the rows that are not null; `None` where there are none.
pub(super) fn bounds<S: Source>(
    source: S,
    validity: Option<Validity<'_>>,
    rows: Rows<'_>,
) -> Option<Bounds<S::Number>> {
    let is_valid = |row: &usize| validity.is_none_or(|validity| validity.is_valid(*row));
    let is_number = |row: &usize| is_valid(row) && !source.at(*row).is_nan();
    let first = find(source.len(), rows, is_number).or_else(|| find(source.len(), rows, is_valid));
    let first = source.at(first?);
    // A number of the column may stand for nulls: it is beyond neither end.
    let (mut least, mut greatest, mut has_nan) = (first, first, false);
    let valid = for_each_block(source, validity, rows, first, &mut |block| {
        let ((low, high), nan) = simd::run(Comparing { block, first });
        least = if low < least { low } else { least };
        greatest = if high > greatest { high } else { greatest };
        has_nan |= nan;
    });
    Some(Bounds { least, greatest, has_nan, valid })
}

fn find(len: usize, rows: Rows<'_>, test: impl FnMut(&usize) -> bool) -> Option<usize> {
    match rows.0 {
        Kind::All => (0..len).find(test),
        Kind::Narrow(list) => list.iter().map(|row| row.index()).find(test),
        Kind::Wide(list) => list.iter().map(|row| row.index()).find(test),
    }
}

/// The ends of a block, and whether it has NaN, which comparisons pass over.
struct Comparing<'b, T> {
    block: &'b [T],
    first: T,
}

impl<T: Number> Work for Comparing<'_, T> {
    type Output = ((T, T), bool);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let ends = T::ends(self.block, self.first);
        let has_nan = self.block.iter().fold(false, |has_nan, value| has_nan | value.is_nan());
        (ends, has_nan)
    }
}
