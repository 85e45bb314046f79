//! A comparison with constants, brought to the type of a column without a cast that changes it.

use super::condition::{Comparison, Constant, Test};
use super::domain::Domain;
use super::interval::{Bound, End};

/// What the numbers of a column are tested for, by their codes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Predicate {
    Never,
    Always,
    /// From the one to the other, both included.
    Inside(u64, u64),
    /// Not so: NaN too.
    Outside(u64, u64),
    /// One of these: ascending, more than one.
    Among(Vec<u64>),
    /// A number whose entry is true.
    Listed(Vec<bool>),
}

/// The most values of a list that are worth comparing with each, side by side with other rows.
pub(super) const FEW: usize = 12;

impl Predicate {
    /// The predicate of a test. `None`: the test is not about such numbers.
    pub(super) fn of(test: Test<'_>, domain: Domain) -> Option<Self> {
        match test {
            Test::Compare(_, Constant::Text(_)) | Test::IsNull | Test::IsNotNull => None,
            Test::Compare(comparison, constant) => {
                Some(Self::comparing(comparison, constant, domain))
            }
            Test::In(list) if list.iter().any(|it| matches!(it, Constant::Text(_))) => None,
            Test::In(list) => {
                Some(Self::among(list.iter().filter_map(|it| exactly(*it, domain)).collect()))
            }
            Test::Codes(table) => {
                matches!(domain, Domain::Integers { .. }).then(|| Self::listed(table, domain))
            }
        }
    }

    fn comparing(comparison: Comparison, constant: Constant<'_>, domain: Domain) -> Self {
        let Some(at) = constant.bound() else {
            return if comparison == Comparison::Ne { Self::Always } else { Self::Never };
        };
        let closed = |at| End { at, is_open: false };
        let open = End { at, is_open: true };
        let lowest = closed(Bound::Double(f64::NEG_INFINITY));
        let highest = closed(Bound::Double(f64::INFINITY));
        let (low, high) = match comparison {
            Comparison::Eq | Comparison::Ne => (closed(at), closed(at)),
            Comparison::Lt => (lowest, open),
            Comparison::Lte => (lowest, closed(at)),
            Comparison::Gt => (open, highest),
            Comparison::Gte => (closed(at), highest),
        };
        match (domain.between(low, high), comparison) {
            (Some((low, high)), Comparison::Ne) => Self::Outside(low, high),
            (Some((low, high)), _) => Self::Inside(low, high),
            (None, Comparison::Ne) => Self::Always,
            (None, _) => Self::Never,
        }
    }

    fn among(mut codes: Vec<u64>) -> Self {
        codes.sort_unstable();
        codes.dedup();
        match *codes {
            [] => Self::Never,
            [code] => Self::Inside(code, code),
            _ => Self::Among(codes),
        }
    }

    /// Few numbers are compared with faster than looked up.
    fn listed(table: &[u8], domain: Domain) -> Self {
        let numbers = table.iter().zip(0_i128..).filter(|(entry, _)| **entry != 0);
        let numbers = numbers.map(|(_, number)| Constant::Integer(number));
        if numbers.clone().nth(FEW).is_none() {
            return Self::among(numbers.filter_map(|number| exactly(number, domain)).collect());
        }
        Self::Listed(table.iter().map(|entry| *entry != 0).collect())
    }

    /// Whether a code passes, of numbers that have no sign.
    pub(super) fn holds(&self, code: u64) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Inside(low, high) => (*low..=*high).contains(&code),
            Self::Outside(low, high) => !(*low..=*high).contains(&code),
            Self::Among(codes) => codes.binary_search(&code).is_ok(),
            Self::Listed(table) => is_listed(table, code),
        }
    }
}

/// The code of the number that is equal to the constant, if there is one.
fn exactly(constant: Constant<'_>, domain: Domain) -> Option<u64> {
    let end = End { at: constant.bound()?, is_open: false };
    domain.between(end, end).map(|(code, _)| code)
}

/// Whether a table says so of a number.
#[inline]
pub(super) fn is_listed(table: &[bool], number: u64) -> bool {
    usize::try_from(number).is_ok_and(|number| table.get(number) == Some(&true))
}
