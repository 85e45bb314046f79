//! Which rows a kernel looks at.

/// All rows, or those of a list of row numbers, in any order, repetitions counted again.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a>(pub(super) Kind<'a>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    All,
    /// Invariant: each is below the number of rows of the columns they are used with; else the
    /// kernel panics.
    Narrow(&'a [u32]),
    Wide(&'a [f64]),
}

/// A row number of a list that names no row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowsError {
    /// Where it stands in the list.
    pub position: usize,
    /// The number.
    pub found: f64,
}

impl<'a> Rows<'a> {
    /// Every row.
    pub const ALL: Self = Self(Kind::All);

    /// Some of the first `rows` rows. Cost: one look at each.
    ///
    /// # Errors
    /// The first number that is not below `rows`.
    pub fn of(list: &'a [u32], rows: u64) -> Result<Self, RowsError> {
        let greatest = list.iter().fold(0, |greatest: u32, row| greatest.max(*row));
        if list.is_empty() || u64::from(greatest) < rows {
            return Ok(Self(Kind::Narrow(list)));
        }
        let position = list.iter().position(|row| u64::from(*row) >= rows).unwrap_or(0);
        Err(RowsError { position, found: f64::from(list[position]) })
    }

    /// Some of the first `rows` rows, as numbers of JavaScript. Cost: one look at each.
    ///
    /// # Errors
    /// The first number that is not whole, or not from 0 to below `rows`.
    pub fn of_doubles(list: &'a [f64], rows: u64) -> Result<Self, RowsError> {
        #[expect(clippy::cast_precision_loss, reason = "no file has 2^53 rows")]
        let limit = rows as f64;
        let is_row = |row: &f64| *row >= 0.0 && *row < limit && row.fract() == 0.0;
        match list.iter().position(|row| !is_row(row)) {
            None => Ok(Self(Kind::Wide(list))),
            Some(position) => Err(RowsError { position, found: list[position] }),
        }
    }
}

/// A row number in one of the two forms.
pub(super) trait RowNumber: Copy {
    fn index(self) -> usize;
}

impl RowNumber for u32 {
    #[inline]
    fn index(self) -> usize {
        self as usize
    }
}

impl RowNumber for f64 {
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and not negative, as `of_doubles` checked"
    )]
    fn index(self) -> usize {
        self as usize
    }
}
