//! Columns that own their values, and what a plain loop reads from them.

use crate::Random;
use std::cmp::Ordering;
use stoa_core::kernels::{Column, Constant, Texts, Validity, Values};

/// The values of a column.
#[derive(Clone, Debug)]
pub(crate) enum Owned {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F16(Vec<u16>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bool(Vec<u8>),
    Text(Vec<[u8; 16]>, Vec<u8>, Vec<String>),
}

/// A value as a plain loop sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Integer(i128),
    Double(f64),
    Text(String),
}

/// A column with its nulls.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) values: Owned,
    /// Present rows; `None`: not nullable.
    pub(crate) valid: Option<Vec<bool>>,
    bits: Vec<u8>,
    pub(crate) len: usize,
}

impl Table {
    pub(crate) fn new(values: Owned, valid: Option<Vec<bool>>, len: usize) -> Self {
        // What follows the last row is no row: it must not count.
        let mut bits = vec![0xff; len.div_ceil(8)];
        for (row, is_valid) in valid.iter().flatten().enumerate() {
            if !is_valid {
                bits[row / 8] &= !(1 << (row % 8));
            }
        }
        Self { values, valid, bits, len }
    }

    pub(crate) fn column(&self) -> Column<'_> {
        let values = match &self.values {
            Owned::I8(values) => Values::I8(values),
            Owned::I16(values) => Values::I16(values),
            Owned::I32(values) => Values::I32(values),
            Owned::I64(values) => Values::I64(values),
            Owned::U8(values) => Values::U8(values),
            Owned::U16(values) => Values::U16(values),
            Owned::U32(values) => Values::U32(values),
            Owned::U64(values) => Values::U64(values),
            Owned::F16(values) => Values::F16(values),
            Owned::F32(values) => Values::F32(values),
            Owned::F64(values) => Values::F64(values),
            Owned::Bool(values) => Values::Bool(values),
            Owned::Text(views, heap, _) => Values::Text(Texts::new(views, heap)),
        };
        Column::new(values, self.valid.as_ref().map(|_| Validity::new(&self.bits)))
    }

    /// The value of a row, or `None` for null.
    pub(crate) fn at(&self, row: usize) -> Option<Value> {
        if self.valid.as_ref().is_some_and(|valid| !valid[row]) {
            return None;
        }
        Some(match &self.values {
            Owned::I8(values) => Value::Integer(values[row].into()),
            Owned::I16(values) => Value::Integer(values[row].into()),
            Owned::I32(values) => Value::Integer(values[row].into()),
            Owned::I64(values) => Value::Integer(values[row].into()),
            Owned::U8(values) => Value::Integer(values[row].into()),
            Owned::U16(values) => Value::Integer(values[row].into()),
            Owned::U32(values) => Value::Integer(values[row].into()),
            Owned::U64(values) => Value::Integer(values[row].into()),
            Owned::F16(values) => Value::Double(half(values[row])),
            Owned::F32(values) => Value::Double(values[row].into()),
            Owned::F64(values) => Value::Double(values[row]),
            Owned::Bool(values) => Value::Integer((values[row] != 0).into()),
            Owned::Text(_, _, texts) => Value::Text(texts[row].clone()),
        })
    }

    pub(crate) fn is_double(&self) -> bool {
        matches!(self.values, Owned::F16(_) | Owned::F32(_) | Owned::F64(_))
    }

    pub(crate) fn is_numeric(&self) -> bool {
        !matches!(self.values, Owned::Bool(_) | Owned::Text(..))
    }
}

/// A half by its definition (IEEE 754, binary16).
pub(crate) fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}

/// How a value compares with a constant, exactly; `None`: one of them is NaN.
pub(crate) fn compare(value: &Value, constant: &Constant<'_>) -> Option<Ordering> {
    match (value, constant) {
        (Value::Integer(one), Constant::Integer(other)) => Some(one.cmp(other)),
        (Value::Integer(one), Constant::Double(other)) => compare_mixed(*one, *other),
        (Value::Double(one), Constant::Integer(other)) => {
            compare_mixed(*other, *one).map(Ordering::reverse)
        }
        (Value::Double(one), Constant::Double(other)) => one.partial_cmp(other),
        (Value::Text(one), Constant::Text(other)) => Some(one.as_str().cmp(other)),
        _ => panic!("a value beside a constant of another kind"),
    }
}

fn compare_mixed(integer: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // 2^127 bounds all integers of 128 bits.
    if double.abs() >= 2_f64.powi(127) {
        return Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and of less than 128 bits")]
    let whole = double.trunc() as i128;
    Some(integer.cmp(&whole).then(0.0_f64.partial_cmp(&double.fract())?))
}

macro_rules! integers {
    ($random:expr, $len:expr, $type:ty) => {
        (0..$len)
            .map(|_| match $random.below(8) {
                0 => <$type>::MAX,
                1 => <$type>::MIN,
                2 => 0,
                3 | 4 => <$type>::try_from($random.below(5)).expect("a small number"),
                _ => {
                    let bits = $random.bits().to_ne_bytes();
                    <$type>::from_ne_bytes(*bits.first_chunk().expect("at most eight bytes"))
                }
            })
            .collect()
    };
}

fn double(random: &mut Random, has_nan: bool) -> f64 {
    match random.below(13) {
        0 => 0.0,
        1 => -0.0,
        2 => f64::INFINITY,
        3 => f64::NEG_INFINITY,
        4 if has_nan => f64::NAN,
        5 => -f64::NAN.copysign(-1.0).abs().min(1.0),
        6 => f64::from(u32::try_from(random.below(4)).expect("a small number")),
        7 => f64::from_bits(random.below(9) as u64),
        // Where neighbours of a double are integers that no double is.
        8 => [9_007_199_254_740_992.0, 9_223_372_036_854_775_808.0][random.below(2)],
        _ => (random.fraction() - 0.5) * 1e6,
    }
}

/// How many kinds of columns [`random_table`] makes.
pub(crate) const KINDS: usize = 13;

/// A column of the given kind. Doubles have NaN only if `has_nan`.
pub(crate) fn random_table(
    random: &mut Random,
    kind: usize,
    len: usize,
    is_nullable: bool,
    has_nan: bool,
) -> Table {
    #[expect(clippy::cast_possible_truncation, reason = "any f32 will do")]
    let values = match kind {
        0 => Owned::I8(integers!(random, len, i8)),
        1 => Owned::I16(integers!(random, len, i16)),
        2 => Owned::I32(integers!(random, len, i32)),
        3 => Owned::I64(integers!(random, len, i64)),
        4 => Owned::U8(integers!(random, len, u8)),
        5 => Owned::U16(integers!(random, len, u16)),
        6 => Owned::U32(integers!(random, len, u32)),
        7 => Owned::U64(integers!(random, len, u64)),
        8 => {
            let halves: Vec<u16> = integers!(random, len, u16);
            let is_wanted = |it: &u16| has_nan || !half(*it).is_nan();
            Owned::F16(halves.into_iter().map(|it| if is_wanted(&it) { it } else { 7 }).collect())
        }
        9 => Owned::F32((0..len).map(|_| double(random, has_nan) as f32).collect()),
        10 => Owned::F64((0..len).map(|_| double(random, has_nan)).collect()),
        11 => Owned::Bool((0..len).map(|_| [0, 0, 1, 7][random.below(4)]).collect()),
        _ => texts((0..len).map(|_| text(random)).collect()),
    };
    let valid = is_nullable.then(|| {
        let rate = [2, 10, 1000][random.below(3)];
        (0..len).map(|_| !random.chance(rate)).collect()
    });
    Table::new(values, valid, len)
}

/// A string around the lengths that views, prefixes and the stages of a sort end at.
pub(crate) fn text(random: &mut Random) -> String {
    let alphabet = ["a", "b", "\0", "é", "語", "z"];
    let stem = ["", "aaaa", "aaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"][random.below(4)];
    let tail: String = (0..random.below(9)).map(|_| alphabet[random.below(6)]).collect();
    format!("{stem}{tail}")
}

/// A column of strings.
pub(crate) fn texts(texts: Vec<String>) -> Owned {
    let (mut views, mut heap) = (Vec::new(), Vec::new());
    for text in &texts {
        views.push(view(text, &mut heap));
    }
    Owned::Text(views, heap, texts)
}

/// The view of a string, its bytes behind those of the heap if they do not fit.
pub(crate) fn view(text: &str, heap: &mut Vec<u8>) -> [u8; 16] {
    let number = |value: usize| u32::try_from(value).expect("a short string").to_ne_bytes();
    let mut view = [0; 16];
    view[..4].copy_from_slice(&number(text.len()));
    if text.len() <= 12 {
        view[4..4 + text.len()].copy_from_slice(text.as_bytes());
    } else {
        view[4..8].copy_from_slice(&text.as_bytes()[..4]);
        view[12..].copy_from_slice(&number(heap.len()));
        heap.extend_from_slice(text.as_bytes());
    }
    view
}
