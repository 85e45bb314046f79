//! The least and the greatest number of a column, NaN apart.

use super::blocks::{Source, for_each_block};
use super::number::{Ends, Number};
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
        let ends = simd::run(Comparing { block, first });
        least = if ends.least < least { ends.least } else { least };
        greatest = if ends.greatest > greatest { ends.greatest } else { greatest };
        has_nan |= ends.has_nan;
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

/// The ends of a block.
struct Comparing<'b, T> {
    block: &'b [T],
    first: T,
}

impl<T: Number> Work for Comparing<'_, T> {
    type Output = Ends<T>;

    #[inline(always)]
    fn run(self) -> Ends<T> {
        T::ends(self.block, self.first)
    }
}
