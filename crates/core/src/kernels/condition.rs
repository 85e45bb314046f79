//! Conditions on rows.

use super::column::Column;
use super::interval::Bound;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal to.
    Eq,
    /// Not equal to. A NaN is equal to nothing.
    Ne,
    /// Less than.
    Lt,
    /// Less than or equal to.
    Lte,
    /// Greater than.
    Gt,
    /// Greater than or equal to.
    Gte,
}

/// What values are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant<'a> {
    /// A number.
    Double(f64),
    /// An integer that a double may not hold.
    Integer(i128),
    /// A string.
    Text(&'a str),
}

impl Constant<'_> {
    /// The number; `None` for strings and NaN, which no number is equal to, below or above.
    pub(super) fn bound(self) -> Option<Bound> {
        match self {
            Self::Double(at) => (!at.is_nan()).then_some(Bound::Double(at)),
            Self::Integer(at) => Some(Bound::Integer(at)),
            Self::Text(_) => None,
        }
    }

    /// What it is, for messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Double(_) | Self::Integer(_) => "a number",
            Self::Text(_) => "a string",
        }
    }
}

/// What a row is tested for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test<'a> {
    /// The value compares so with the constant.
    Compare(Comparison, Constant<'a>),
    /// The value is equal to one of these.
    In(&'a [Constant<'a>]),
    /// The value is a code whose entry in this table is not 0. A code behind the end has none.
    Codes(&'a [u8]),
    /// The row is null.
    IsNull,
    /// The row is not null.
    IsNotNull,
}

/// A condition on the rows of a column. A null satisfies only [`Test::IsNull`].
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// The column.
    pub column: Column<'a>,
    /// What its rows are tested for.
    pub test: Test<'a>,
}
