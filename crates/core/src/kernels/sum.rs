//! Sums, means and counts.

use super::blocks::{Source, for_each_block, for_numbers};
use super::column::Column;
use super::number::{Exact, Number, Sum};
use super::pairwise::Pairwise;
use super::rows::{Kind, Rows};
use super::unfit;
use super::validity::Validity;
use crate::error::Result;

/// A sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Total {
    /// Of integers, exact.
    Integer(i128),
    /// Of floating-point numbers.
    Double(f64),
}

impl Total {
    /// The nearest double.
    #[must_use]
    pub fn double(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "rounded to nearest, as documented")]
            Self::Integer(total) => total as f64,
            Self::Double(total) => total,
        }
    }
}

impl From<Exact> for Total {
    fn from(sum: Exact) -> Self {
        Self::Integer(sum.0)
    }
}

impl From<Pairwise> for Total {
    fn from(sum: Pairwise) -> Self {
        Self::Double(sum.total())
    }
}

/// The sum of the rows that are not null; 0 where there are none.
///
/// # Errors
/// `Internal` where the column holds no numbers.
///
/// # Panics
/// If `rows` was made for more rows than the column has.
pub fn sum(column: &Column<'_>, rows: Rows<'_>) -> Result<Total> {
    Ok(add_up(column, rows)?.0)
}

/// The mean of the rows that are not null; `None` where there are none.
///
/// # Errors
/// `Internal` where the column holds no numbers.
///
/// # Panics
/// If `rows` was made for more rows than the column has.
pub fn mean(column: &Column<'_>, rows: Rows<'_>) -> Result<Option<f64>> {
    let (total, count) = add_up(column, rows)?;
    #[expect(clippy::cast_precision_loss, reason = "no file has 2^53 rows")]
    let count = count as f64;
    Ok((count > 0.0).then(|| total.double() / count))
}

/// How many of a column's `len` rows, or of the rows listed, are not null.
///
/// # Panics
/// If `rows` was made for more rows than the column has.
#[must_use]
pub fn count_valid(column: &Column<'_>, len: usize, rows: Rows<'_>) -> u64 {
    match (column.validity, rows.0) {
        (None, Kind::All) => len as u64,
        (None, Kind::Narrow(list)) => list.len() as u64,
        (None, Kind::Wide(list)) => list.len() as u64,
        (Some(validity), Kind::All) => validity.count(len),
        (Some(validity), Kind::Narrow(list)) => validity.count_of(list),
        (Some(validity), Kind::Wide(list)) => validity.count_of(list),
    }
}

fn add_up(column: &Column<'_>, rows: Rows<'_>) -> Result<(Total, u64)> {
    let validity = column.validity;
    for_numbers!(column.values,
        source => Ok(total_of(source, validity, rows)),
        other => Err(unfit("take a sum", other.noun()))
    )
}

fn total_of<S: Source>(source: S, validity: Option<Validity<'_>>, rows: Rows<'_>) -> (Total, u64)
where
    Total: From<<S::Number as Number>::Sum>,
{
    let mut sum = <S::Number as Number>::Sum::default();
    let mut add = |block: &[S::Number]| sum.add(block);
    let count = for_each_block(source, validity, rows, S::Number::default(), &mut add);
    (sum.into(), count)
}
