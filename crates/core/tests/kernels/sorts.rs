//! Orders.

use crate::columns::{KINDS, Owned, Table, Value, random_table, texts};
use crate::{LENGTHS, Random};
use std::cmp::Ordering;
use stoa_core::ErrorKind;
use stoa_core::kernels::{Column, Nulls, SortKey, Texts, Validity, Values, argsort};

/// A key of a plain, stable sort.
struct Key<'a> {
    table: &'a Table,
    descending: bool,
    nulls: Nulls,
    ranks: Option<Vec<u32>>,
}

impl Key<'_> {
    fn compare(&self, one: usize, other: usize) -> Ordering {
        // Nulls, then NaN, stand apart in both directions.
        let class = |value: &Option<Value>| match value {
            None if self.nulls == Nulls::First => 0,
            None => 3,
            Some(Value::Double(value)) if value.is_nan() => 2,
            Some(_) => 1,
        };
        let (one, other) = (self.table.at(one), self.table.at(other));
        let classes = class(&one).cmp(&class(&other));
        let order = match (&one, &other) {
            _ if classes.is_ne() || class(&one) != 1 => return classes,
            (Some(Value::Integer(one)), Some(Value::Integer(other))) => {
                let rank = |code: i128| match &self.ranks {
                    Some(ranks) => ranks[usize::try_from(code).expect("a code")].into(),
                    None => code,
                };
                rank(*one).cmp(&rank(*other))
            }
            (Some(Value::Double(one)), Some(Value::Double(other))) => {
                one.partial_cmp(other).expect("no NaN")
            }
            (Some(Value::Text(one)), Some(Value::Text(other))) => one.cmp(other),
            _ => panic!("two kinds of values in one column"),
        };
        if self.descending { order.reverse() } else { order }
    }
}

#[track_caller]
fn check(keys: &[Key<'_>], len: usize) {
    let mut expected: Vec<usize> = (0..len).collect();
    expected.sort_by(|one, other| {
        let orders = keys.iter().map(|key| key.compare(*one, *other));
        orders.fold(Ordering::Equal, Ordering::then)
    });
    let keys: Vec<_> = keys
        .iter()
        .map(|key| SortKey {
            column: key.table.column(),
            ranks: key.ranks.as_deref(),
            descending: key.descending,
            nulls: key.nulls,
        })
        .collect();
    let found: Vec<usize> = argsort(&keys, len).unwrap().iter().map(|row| *row as usize).collect();
    if found != expected {
        let at = found.iter().zip(&expected).position(|(one, other)| one != other);
        panic!("other order from place {at:?} on, by {keys:?}");
    }
}

fn key<'a>(random: &mut Random, table: &'a Table) -> Key<'a> {
    let nulls = if random.chance(2) { Nulls::First } else { Nulls::Last };
    Key { table, descending: random.chance(2), nulls, ranks: None }
}

#[test]
fn rows_are_ordered_by_one_key_of_every_type_as_a_stable_sort_orders_them() {
    let mut random = Random::new();
    for len in LENGTHS {
        for kind in 0..KINDS {
            for is_nullable in [false, true] {
                let table = random_table(&mut random, kind, len, is_nullable, true);
                for _ in 0..3 {
                    check(&[key(&mut random, &table)], len);
                }
            }
        }
    }
}

#[test]
fn rows_are_ordered_by_several_keys_the_first_counting_most() {
    let mut random = Random::new();
    for len in LENGTHS {
        for _ in 0..12 {
            let tables: Vec<Table> = (0..3)
                .map(|_| {
                    let kind = random.below(KINDS);
                    let is_nullable = random.chance(2);
                    random_table(&mut random, kind, len, is_nullable, true)
                })
                .collect();
            let keys: Vec<_> = tables.iter().map(|table| key(&mut random, table)).collect();
            check(&keys, len);
        }
    }
}

#[test]
fn values_that_differ_in_any_bits_are_told_apart() {
    let mut random = Random::new();
    let len = 5000;
    for shift in (0..64).step_by(7) {
        for spread in [1, 8, 33, 64] {
            // Many ties in the leading bits, few in the others, and the other way round.
            let values = (0..len)
                .map(|row| {
                    let noise = random.bits() >> (64 - spread) << shift;
                    noise ^ if row % 3 == 0 { 1 << 63 } else { 0 }
                })
                .collect();
            let table = Table::new(Owned::U64(values), None, len);
            check(&[key(&mut random, &table)], len);
        }
    }
}

#[test]
fn sorted_and_reversed_rows_are_recognised_without_losing_ties() {
    for values in [vec![1, 1, 2, 2, 3], vec![5, 4, 3, 2, 1], vec![3, 3, 2, 2, 1], vec![7; 5]] {
        let values: Vec<i32> = values.into_iter().flat_map(|it| [it; 100]).collect();
        let second: Vec<i32> = (0..500).rev().collect();
        let (one, other) =
            (Table::new(Owned::I32(values), None, 500), Table::new(Owned::I32(second), None, 500));
        for descending in [false, true] {
            let key = |table| Key { table, descending, nulls: Nulls::Last, ranks: None };
            check(&[key(&one)], 500);
            check(&[key(&other)], 500);
            check(&[key(&one), key(&other)], 500);
        }
    }
}

#[test]
fn long_strings_that_differ_late_are_ordered() {
    let mut random = Random::new();
    let stem = "a long beginning that all of them share, much longer than any stage of the sort";
    let strings = (0..2000).map(|_| format!("{stem}{}", random.below(300))).collect();
    let table = Table::new(texts(strings), None, 2000);
    for _ in 0..4 {
        check(&[key(&mut random, &table)], 2000);
    }
}

#[test]
fn codes_are_ordered_by_their_ranks() {
    let mut random = Random::new();
    for len in LENGTHS {
        let codes: Vec<u16> =
            (0..len).map(|_| u16::try_from(random.below(5)).expect("a small number")).collect();
        let valid = (0..len).map(|_| !random.chance(4)).collect();
        let table = Table::new(Owned::U16(codes), Some(valid), len);
        for descending in [false, true] {
            let ranks = Some(vec![3, 0, 4, 1, 2]);
            check(&[Key { table: &table, descending, nulls: Nulls::Last, ranks }], len);
        }
    }
}

#[test]
fn a_code_without_a_rank_is_corrupt() {
    let table = Table::new(Owned::U32(vec![0, 1, 5]), None, 3);
    let key = |ranks| SortKey {
        column: table.column(),
        ranks: Some(ranks),
        descending: false,
        nulls: Nulls::Last,
    };
    assert_eq!(argsort(&[key(&[0, 1, 2, 3, 4])], 3).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(argsort(&[key(&[5, 4, 3, 2, 1, 0])], 3).unwrap(), [2, 1, 0]);
}

/// Few rows that tie are sorted by comparing: an order that an error makes contradict itself must
/// not reach the sort of the standard library, which panics.
#[test]
fn few_rows_with_strings_outside_their_heap_are_corrupt() {
    let mut random = Random(11);
    for _ in 0..500 {
        let rows = 21 + random.below(5);
        let views: Vec<[u8; 16]> = (0..rows)
            .map(|_| {
                let mut view = [0; 16];
                // Inline, or somewhere far away.
                view[0] = [5, 200][random.below(3) / 2];
                view[4..9].fill_with(|| u8::try_from(random.below(256)).expect("a byte"));
                view
            })
            .collect();
        // A null, or nothing would be asked before the strings are.
        let valid = [0xfe, 0xff, 0xff, 0xff];
        let column =
            Column::new(Values::Text(Texts::new(&views, &[])), Some(Validity::new(&valid)));
        let key = SortKey { column, ranks: None, descending: false, nulls: Nulls::Last };
        let has_astray = views[1..].iter().any(|view| view[0] == 200);
        match argsort(&[key], rows) {
            Ok(_) => assert!(!has_astray),
            Err(error) => assert_eq!((error.kind(), has_astray), (ErrorKind::Corrupt, true)),
        }
    }
}
