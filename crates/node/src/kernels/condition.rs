//! The conditions that rows are filtered by.

use std::fmt;

use napi::bindgen_prelude::{BigInt, Float64Array, Uint8Array};
use napi_derive::napi;
use stoa_core::ErrorKind;
use stoa_core::kernels::{Comparison, Constant, Test};

use super::column::NativeColumn;
use crate::error::{Result, raised};

/// A condition on the rows of a column. A null satisfies `null` and nothing else.
#[napi(object, object_to_js = false)]
pub struct NativeCondition {
    /// The column.
    pub column: NativeColumn,
    /// `in`: equal to one of the values; `codes`: the entry of the code in `codes` is not 0; the
    /// others but `null` and `notNull` take exactly one value.
    #[napi(
        ts_type = "'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in' | 'codes' | 'null' | 'notNull'"
    )]
    pub op: String,
    /// Values, of any size and with any fraction, for numbers of all types.
    pub numbers: Option<Float64Array>,
    /// Values of any size.
    pub bigints: Option<Vec<BigInt>>,
    /// Values for strings.
    pub texts: Option<Vec<String>>,
    /// An entry for each code.
    pub codes: Option<Uint8Array>,
}

impl NativeCondition {
    pub(super) fn constants(&self) -> Vec<Constant<'_>> {
        let numbers = self.numbers.iter().flat_map(|numbers| numbers.iter());
        let bigints = self.bigints.iter().flatten();
        let texts = self.texts.iter().flatten();
        numbers
            .map(|number| Constant::Double(*number))
            .chain(bigints.map(|bigint| Constant::Integer(saturated(bigint))))
            .chain(texts.map(|text| Constant::Text(text)))
            .collect()
    }

    pub(super) fn test<'a>(&'a self, constants: &'a [Constant<'a>]) -> Result<Test<'a>> {
        let comparison = match self.op.as_str() {
            "null" => return Ok(Test::IsNull),
            "notNull" => return Ok(Test::IsNotNull),
            "in" => return Ok(Test::In(constants)),
            "codes" => return Ok(Test::Codes(self.codes.as_deref().unwrap_or(&[]))),
            "eq" => Comparison::Eq,
            "ne" => Comparison::Ne,
            "lt" => Comparison::Lt,
            "lte" => Comparison::Lte,
            "gt" => Comparison::Gt,
            "gte" => Comparison::Gte,
            other => {
                let message = format!("no condition is called '{other}'");
                return Err(raised(ErrorKind::Internal, message));
            }
        };
        let [constant] = constants else {
            let (op, found) = (&self.op, constants.len());
            let message = format!("'{op}' compares with one value, found {found}");
            return Err(raised(ErrorKind::Internal, message));
        };
        Ok(Test::Compare(comparison, *constant))
    }
}

/// The bigint, or the end of 128 bits that is nearest: no column has values out there.
fn saturated(bigint: &BigInt) -> i128 {
    let (low, high) = bigint.words.split_at(bigint.words.len().min(2));
    let magnitude = low.iter().rev().fold(0_u128, |all, word| all << 64 | u128::from(*word));
    let is_large = high.iter().any(|word| *word != 0);
    let magnitude = i128::try_from(magnitude).ok().filter(|_| !is_large).unwrap_or(i128::MAX);
    if bigint.sign_bit { -magnitude } else { magnitude }
}

impl fmt::Debug for NativeCondition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NativeCondition").finish_non_exhaustive()
    }
}
