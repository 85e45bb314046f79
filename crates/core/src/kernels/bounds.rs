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
    first.map(|row| simd::run(Comparing { source, validity, rows, first: source.at(row) }))
}

fn find(len: usize, rows: Rows<'_>, test: impl FnMut(&usize) -> bool) -> Option<usize> {
    match rows.0 {
        Kind::All => (0..len).find(test),
        Kind::Narrow(list) => list.iter().map(|row| row.index()).find(test),
        Kind::Wide(list) => list.iter().map(|row| row.index()).find(test),
    }
}

struct Comparing<'a, S: Source> {
    source: S,
    validity: Option<Validity<'a>>,
    rows: Rows<'a>,
    /// A number of the column. It may stand for nulls: it is beyond neither end.
    first: S::Number,
}

impl<S: Source> Work for Comparing<'_, S> {
    type Output = Bounds<S::Number>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let first = self.first;
        let (mut least, mut greatest) = (first, first);
        let mut has_nan = false;
        let valid = for_each_block(self.source, self.validity, self.rows, first, |block| {
            let (low, high) = S::Number::ends(block, first);
            least = if low < least { low } else { least };
            greatest = if high > greatest { high } else { greatest };
            // Comparisons pass over NaN. The block is still in the nearest cache.
            has_nan |= block.iter().fold(false, |has_nan, value| has_nan | value.is_nan());
        });
        Bounds { least, greatest, has_nan, valid }
    }
}
