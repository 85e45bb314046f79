//! Sums, means, extremes, counts and sums of products.

use crate::columns::{KINDS, Owned, Table, Value, half, random_table};
use crate::{LENGTHS, Random};
use stoa_core::ErrorKind;
use stoa_core::kernels::{
    Column, Extremes, Rows, Total, Values, count_valid, extremes, mean, sum, sum_product,
};

/// Row numbers in both forms, unordered and repeated.
fn selection(random: &mut Random, len: usize) -> (Vec<u32>, Vec<f64>, Vec<usize>) {
    let count = if len == 0 { 0 } else { random.below(3000) };
    let rows: Vec<usize> = (0..count).map(|_| random.below(len)).collect();
    let narrow: Vec<u32> = rows.iter().map(|row| u32::try_from(*row).expect("few rows")).collect();
    let wide = narrow.iter().map(|row| f64::from(*row)).collect();
    (narrow, wide, rows)
}

fn values(table: &Table, rows: &[usize]) -> Vec<Value> {
    rows.iter().filter_map(|row| table.at(*row)).collect()
}

fn integer(value: &Value) -> i128 {
    let Value::Integer(value) = value else { panic!("no integer: {value:?}") };
    *value
}

#[expect(clippy::cast_precision_loss, reason = "rounded to nearest, as the kernels say")]
fn double(value: &Value) -> f64 {
    match value {
        Value::Integer(value) => *value as f64,
        Value::Double(value) => *value,
        Value::Text(_) => panic!("no number: {value:?}"),
    }
}

/// Equal, or both NaN; finite sums within what pairwise adding may lose.
#[track_caller]
fn assert_close(found: f64, terms: &[f64]) {
    let expected: f64 = terms.iter().sum();
    let scale: f64 = terms.iter().map(|term| term.abs()).sum();
    if !scale.is_finite() {
        assert!(found == expected || (found.is_nan() && expected.is_nan()), "{found} {expected}");
        return;
    }
    // The plain loop itself may be off by n times the last place.
    let tolerance = scale * f64::EPSILON * 2.0 * (terms.len() as f64 + 100.0);
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected} ± {tolerance}");
}

#[track_caller]
fn check(table: &Table, rows: Rows<'_>, listed: &[usize]) {
    let (column, values) = (table.column(), values(table, listed));
    let (total, mean) = (sum(&column, rows).unwrap(), mean(&column, rows).unwrap());
    let ends = extremes(&column, rows).unwrap();
    assert_eq!(count_valid(&column, table.len, rows), values.len() as u64);
    assert_eq!(mean.is_none(), values.is_empty());
    assert_eq!(ends.is_none(), values.is_empty());
    let doubles: Vec<f64> = values.iter().map(double).collect();
    if table.is_double() {
        let Total::Double(total) = total else { panic!("an integer for doubles") };
        assert_close(total, &doubles);
        if let Some(mean) = mean {
            let expected = total / doubles.len() as f64;
            assert!(mean == expected || (mean.is_nan() && expected.is_nan()));
        }
        let Some(ends) = ends else { return };
        let Extremes::Doubles(least, greatest) = ends else { panic!("integers for doubles") };
        if doubles.iter().any(|value| value.is_nan()) {
            assert!(least.is_nan() && greatest.is_nan() && total.is_nan());
        } else {
            assert_eq!(Some(least), doubles.iter().copied().reduce(f64::min));
            assert_eq!(Some(greatest), doubles.iter().copied().reduce(f64::max));
        }
        return;
    }
    let exact: i128 = values.iter().map(integer).sum();
    assert_eq!(total, Total::Integer(exact));
    if let Some(mean) = mean {
        assert_eq!(mean, Total::Integer(exact).double() / values.len() as f64);
    }
    let all = values.iter().map(integer);
    let expected = all.clone().min().zip(all.max());
    assert_eq!(ends, expected.map(|(least, greatest)| Extremes::Integers(least, greatest)));
}

#[test]
fn aggregates_of_every_type_agree_with_a_loop_over_the_rows() {
    let mut random = Random::new();
    for len in LENGTHS {
        for kind in 0..KINDS {
            for (is_nullable, has_nan) in [(false, false), (true, false), (true, true)] {
                let table = random_table(&mut random, kind, len, is_nullable, has_nan);
                if !table.is_numeric() {
                    continue;
                }
                check(&table, Rows::ALL, &(0..len).collect::<Vec<_>>());
                let (narrow, wide, rows) = selection(&mut random, len);
                check(&table, Rows::of(&narrow, len as u64).unwrap(), &rows);
                check(&table, Rows::of_doubles(&wide, len as u64).unwrap(), &rows);
            }
        }
    }
}

#[test]
fn products_of_every_two_types_agree_with_a_loop_over_the_rows() {
    let mut random = Random::new();
    for len in [0, 1, 65, 1025, 3000] {
        for (kind, other_kind) in (0..11).flat_map(|kind| (0..11).map(move |it| (kind, it))) {
            let is_nullable = random.chance(2);
            let one = random_table(&mut random, kind, len, is_nullable, false);
            let is_nullable = random.chance(2);
            let other = random_table(&mut random, other_kind, len, is_nullable, false);
            let (narrow, _, rows) = selection(&mut random, len);
            let all: Vec<usize> = (0..len).collect();
            let narrow = Rows::of(&narrow, len as u64).unwrap();
            for (selected, rows) in [(Rows::ALL, &all), (narrow, &rows)] {
                let pairs = rows.iter().filter_map(|row| one.at(*row).zip(other.at(*row)));
                let found = sum_product(&one.column(), &other.column(), selected);
                if one.is_double() || other.is_double() {
                    let terms: Vec<f64> =
                        pairs.map(|(one, other)| double(&one) * double(&other)).collect();
                    let Total::Double(found) = found.unwrap() else { panic!("an integer") };
                    assert_close(found, &terms);
                    continue;
                }
                let mut exact = Some(0_i128);
                for (one, other) in pairs {
                    let product = integer(&one).checked_mul(integer(&other));
                    exact = exact.and_then(|sum| sum.checked_add(product?));
                }
                match found {
                    Ok(found) => assert_eq!(Some(found), exact.map(Total::Integer)),
                    Err(error) => {
                        assert_eq!((error.kind(), exact), (ErrorKind::Limit, None));
                    }
                }
            }
        }
    }
}

#[test]
fn every_half_is_read_as_the_number_that_its_bits_define() {
    let halves: Vec<u16> = (0..=u16::MAX).collect();
    for bits in &halves {
        let one = std::slice::from_ref(bits);
        let column = Column::new(Values::F16(one), None);
        let Total::Double(found) = sum(&column, Rows::ALL).unwrap() else { panic!("an integer") };
        let expected = half(*bits);
        assert!(found == expected || (found.is_nan() && expected.is_nan()), "{bits:#x}: {found}");
    }
}

#[test]
fn a_sum_of_ten_million_tenths_is_off_by_less_than_a_plain_loop_is() {
    let tenths = vec![0.1; 10_000_000];
    let Total::Double(found) = sum(&Column::new(Values::F64(&tenths), None), Rows::ALL).unwrap()
    else {
        panic!("an integer for doubles")
    };
    assert!((found - 1e6).abs() < 1e-8, "{found}");
    let plain: f64 = tenths.iter().sum();
    assert!((plain - 1e6).abs() > 1e-5, "the plain loop is exact, so this shows nothing: {plain}");
}

#[test]
fn a_sum_of_wide_integers_does_not_overflow() {
    let table = Table::new(Owned::U64(vec![u64::MAX; 100_000]), None, 100_000);
    let expected = Total::Integer(i128::from(u64::MAX) * 100_000);
    assert_eq!(sum(&table.column(), Rows::ALL).unwrap(), expected);
    let table = Table::new(Owned::I64(vec![i64::MIN; 100_000]), None, 100_000);
    let expected = Total::Integer(i128::from(i64::MIN) * 100_000);
    assert_eq!(sum(&table.column(), Rows::ALL).unwrap(), expected);
}

#[test]
fn a_row_number_that_names_no_row_is_refused_with_its_place() {
    let refused = Rows::of(&[0, 4, 5, 9], 5).expect_err("rows 5 and 9 of 5");
    assert_eq!((refused.position, refused.found), (2, 5.0));
    for wrong in [5.0, -1.0, 0.5, f64::NAN, f64::INFINITY] {
        let list = [0.0, wrong];
        let refused = Rows::of_doubles(&list, 5).expect_err("no row");
        assert_eq!(refused.position, 1);
    }
    assert!(Rows::of(&[], 0).is_ok() && Rows::of_doubles(&[4.0], 5).is_ok());
}

#[test]
fn strings_and_truth_values_have_no_sum() {
    let mut random = Random::new();
    for kind in [11, 12] {
        let table = random_table(&mut random, kind, 10, false, false);
        let column = table.column();
        assert_eq!(sum(&column, Rows::ALL).unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(extremes(&column, Rows::ALL).unwrap_err().kind(), ErrorKind::Internal);
        let product = sum_product(&column, &column, Rows::ALL);
        assert_eq!(product.unwrap_err().kind(), ErrorKind::Internal);
    }
}
