//! Goal: results do not depend on the processor.
//!
//! Method: the same work with the vector instructions of this machine and without, bit for bit.

use super::{
    Column, Comparison, Condition, Constant, Nulls, Rows, SortKey, Test, Validity, Values, argsort,
    extremes, filter, sum, sum_product,
};
use crate::simd::tests::WANTS_BASELINE;

#[test]
fn every_processor_gets_the_same_bits() {
    let doubles: Vec<f64> = (0..5000).map(|row| 1.0 / f64::from(row * 7919 % 5000 + 1)).collect();
    let singles: Vec<f32> = (0..5000_u16).map(|row| 1.0 / f32::from(row % 977 + 1)).collect();
    let integers: Vec<i64> = (0..5000).map(|row| (row * 7919 % 5000) << 40).collect();
    let bits: Vec<u8> = (0..625_u32).map(|byte| byte.to_ne_bytes()[0]).collect();
    let of = |values| Column::new(values, Some(Validity::new(&bits)));
    let columns =
        [of(Values::F64(&doubles)), of(Values::F32(&singles)), of(Values::I64(&integers))];
    let results = || -> Vec<String> {
        columns
            .iter()
            .map(|column| {
                let test = Test::Compare(Comparison::Gt, Constant::Double(0.01));
                let found = filter(&[Condition { column: *column, test }], 5000).unwrap();
                let (ranks, descending, nulls) = (None, true, Nulls::First);
                let key = SortKey { column: *column, ranks, descending, nulls };
                // The text of a double tells all of its bits.
                format!(
                    "{:?} {:?} {:?} {found:?} {:?}",
                    sum(column, Rows::ALL),
                    sum_product(column, &columns[0], Rows::ALL),
                    extremes(column, Rows::ALL),
                    argsort(&[key], 5000).unwrap()
                )
            })
            .collect()
    };
    let fast = results();
    WANTS_BASELINE.set(true);
    assert_eq!(results(), fast);
}
