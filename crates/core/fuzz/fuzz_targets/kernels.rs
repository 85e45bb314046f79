//! Kernels over columns of any bytes: views that point anywhere in a heap, validity, numbers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stoa_core::kernels::{
    Column, Comparison, Condition, Constant, Nulls, Rows, SortKey, Test, Texts, Validity, Values,
    argsort, count_matching, count_valid, extremes, filter, first_matching, mean, sum, sum_product,
};
use stoa_fuzz::answered;

const ROWS_MAX: usize = 600;

fn numbers<const N: usize, T>(bytes: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| from(*chunk)).collect()
}

fn comparison(by: u8) -> Comparison {
    use Comparison::{Eq, Gt, Gte, Lt, Lte, Ne};
    [Eq, Ne, Lt, Lte, Gt, Gte][usize::from(by) % 6]
}

/// Everything that takes one column.
fn all(column: Column<'_>, rows: usize, test: Test<'_>, by: u8, list: &[u32]) {
    let condition = Condition { column, test };
    answered(count_matching(&condition, rows));
    answered(first_matching(&condition, rows));
    if let Some(found) = answered(filter(&[condition, condition], rows)) {
        let count = usize::try_from(found.count()).expect("it is small");
        assert!(count <= rows, "{count} of {rows} rows");
        let mut into = vec![0; count];
        answered(found.write(&mut into));
        assert!(into.is_sorted() && into.last().is_none_or(|last| (*last as usize) < rows));
    }
    let nulls = if by & 1 == 0 { Nulls::First } else { Nulls::Last };
    let key = SortKey { column, ranks: None, descending: by & 2 == 0, nulls };
    if let Some(mut order) = answered(argsort(&[key], rows)) {
        order.sort_unstable();
        assert!(order.iter().enumerate().all(|(at, row)| at == *row as usize), "a permutation");
    }
    let _ = count_valid(&column, rows, Rows::ALL);
    let chosen = Rows::of(list, rows as u64);
    for rows in [Some(Rows::ALL), chosen.ok()].into_iter().flatten() {
        // These refuse strings as something that the binding never asks for.
        let _ = (extremes(&column, rows), mean(&column, rows), sum(&column, rows));
    }
}

fuzz_target!(|data: &[u8]| {
    let [kind, by, heap_part, constant, rest @ ..] = data else { return };
    let (list, rest) = rest.split_at(rest.len().min(8));
    let list: Vec<u32> = list.iter().map(|row| u32::from(*row)).collect();
    let (heap, rest) = rest.split_at(rest.len() * usize::from(*heap_part) / 256);
    let text = String::from_utf8_lossy(&heap[..heap.len().min(usize::from(*constant) % 20)]);
    let number = f64::from_ne_bytes(*heap.first_chunk().unwrap_or(&[*constant; 8]));
    let several = [Constant::Double(number), Constant::Integer(i128::from(*constant) << (by % 64))];
    let test = |is_text: bool| match by % 5 {
        0 => Test::IsNull,
        1 => Test::IsNotNull,
        2 if !is_text => Test::In(&several),
        _ if is_text => Test::Compare(comparison(*by), Constant::Text(&text)),
        _ => Test::Compare(comparison(*by), several[usize::from(*constant) % 2]),
    };
    macro_rules! column {
        ($values:ident, $type:ty) => {{
            let values = numbers(rest, <$type>::from_ne_bytes);
            let rows = values.len().min(ROWS_MAX);
            play(Values::$values(&values), rows, heap, *by, test(false), &list);
        }};
    }
    match kind % 12 {
        0..4 => {
            let (views, _) = rest.as_chunks();
            let rows = views.len().min(ROWS_MAX);
            let texts = Texts::new(views, heap);
            for row in 0..rows {
                answered(texts.get(row));
            }
            play(Values::Text(texts), rows, heap, *by, test(true), &list);
        }
        4 => column!(I8, i8),
        5 => column!(I64, i64),
        6 => column!(U64, u64),
        7 => column!(F32, f32),
        8 => column!(F64, f64),
        9 => column!(F16, u16),
        10 => column!(Bool, u8),
        _ => column!(U32, u32),
    }
});

fn play(values: Values<'_>, rows: usize, bits: &[u8], by: u8, test: Test<'_>, list: &[u32]) {
    let column = Column::new(values, None);
    all(column, rows, test, by, list);
    let _ = sum_product(&column, &column, Rows::ALL);
    if bits.len() * 8 >= rows {
        all(Column::new(values, Some(Validity::new(bits))), rows, test, by, list);
    }
}
