//! A comparison with constants, brought to the type of a column without a cast that changes it.

use super::condition::{Comparison, Constant, Test};
use super::interval::{Bound, End};
use super::number::Number;

/// What the values of a column are tested for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Predicate<T> {
    Never,
    Always,
    /// From the one to the other, both included.
    Inside(T, T),
    /// Not so: NaN too.
    Outside(T, T),
    /// One of these: ascending, without NaN, more than one.
    Among(Vec<T>),
    /// An index of an entry that is true.
    Listed(Vec<bool>),
}

/// The most values of a list that are worth comparing with each, side by side with other rows.
pub(super) const FEW: usize = 12;

impl<T: Number> Predicate<T> {
    /// The predicate of a test. `None`: the test is not about numbers.
    pub(super) fn of(test: Test<'_>) -> Option<Self> {
        match test {
            Test::Compare(_, Constant::Text(_)) | Test::IsNull | Test::IsNotNull => None,
            Test::Compare(comparison, constant) => Some(Self::comparing(comparison, constant)),
            Test::In(list) if list.iter().any(|it| matches!(it, Constant::Text(_))) => None,
            Test::In(list) => Some(Self::among(list.iter().filter_map(|it| exactly(*it)))),
            Test::Codes(_) if !T::IS_INTEGER => None,
            Test::Codes(table) => Some(Self::listed(table)),
        }
    }

    fn comparing(comparison: Comparison, constant: Constant<'_>) -> Self {
        let Some(at) = constant.bound() else {
            return if comparison == Comparison::Ne { Self::Always } else { Self::Never };
        };
        let closed = |at| End { at, is_open: false };
        let open = End { at, is_open: true };
        let (lowest, highest) =
            (closed(Bound::Double(f64::NEG_INFINITY)), closed(Bound::Double(f64::INFINITY)));
        let interval = match comparison {
            Comparison::Eq | Comparison::Ne => T::between(closed(at), closed(at)),
            Comparison::Lt => T::between(lowest, open),
            Comparison::Lte => T::between(lowest, closed(at)),
            Comparison::Gt => T::between(open, highest),
            Comparison::Gte => T::between(closed(at), highest),
        };
        match (interval, comparison) {
            (Some((low, high)), Comparison::Ne) => Self::Outside(low, high),
            (Some((low, high)), _) => Self::Inside(low, high),
            (None, Comparison::Ne) => Self::Always,
            (None, _) => Self::Never,
        }
    }

    fn among(values: impl Iterator<Item = T>) -> Self {
        // As codes, so that all types share one sort.
        let mut codes: Vec<u64> = values.map(Number::code).collect();
        codes.sort_unstable();
        codes.dedup();
        let values: Vec<T> = codes.into_iter().map(T::of_code).collect();
        match *values {
            [] => Self::Never,
            [value] => Self::Inside(value, value),
            _ => Self::Among(values),
        }
    }

    /// Few codes are compared with faster than looked up.
    fn listed(table: &[u8]) -> Self {
        let codes = table.iter().zip(0_i128..).filter(|(entry, _)| **entry != 0);
        let codes = codes.map(|(_, code)| Constant::Integer(code));
        if codes.clone().nth(FEW).is_none() {
            return Self::among(codes.filter_map(exactly));
        }
        Self::Listed(table.iter().map(|entry| *entry != 0).collect())
    }

    /// Whether a value passes.
    pub(super) fn holds(&self, value: T) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Inside(low, high) => value >= *low && value <= *high,
            Self::Outside(low, high) => !(value >= *low && value <= *high),
            Self::Among(list) => is_among(list, value),
            Self::Listed(table) => is_listed(table, value),
        }
    }
}

/// The value of the type that is equal to the constant, if there is one.
fn exactly<T: Number>(constant: Constant<'_>) -> Option<T> {
    let end = End { at: constant.bound()?, is_open: false };
    T::between(end, end).map(|(value, _)| value)
}

#[inline(always)]
pub(super) fn is_among<T: Number>(list: &[T], value: T) -> bool {
    let at = list.partition_point(|it| *it < value);
    list.get(at) == Some(&value)
}

#[inline(always)]
pub(super) fn is_listed<T: Number>(table: &[bool], code: T) -> bool {
    table.get(code.table_index()).is_some_and(|entry| *entry)
}
