//! Conditions.

use crate::columns::{KINDS, Owned, Table, Value, compare, random_table, text, texts};
use crate::{LENGTHS, Random};
use std::cmp::Ordering;
use stoa_core::ErrorKind;
use stoa_core::kernels::{
    Column, Comparison, Condition, Constant, Test, Texts, Values, count_matching, filter,
    first_matching,
};

const COMPARISONS: [Comparison; 6] = [
    Comparison::Eq,
    Comparison::Ne,
    Comparison::Lt,
    Comparison::Lte,
    Comparison::Gt,
    Comparison::Gte,
];

fn holds(comparison: Comparison, order: Option<Ordering>) -> bool {
    match comparison {
        Comparison::Eq => order == Some(Ordering::Equal),
        Comparison::Ne => order != Some(Ordering::Equal),
        Comparison::Lt => order == Some(Ordering::Less),
        Comparison::Lte => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Gt => order == Some(Ordering::Greater),
        Comparison::Gte => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// What a plain loop says of one row.
fn satisfies(value: Option<Value>, test: &Test<'_>) -> bool {
    let Some(value) = value else { return *test == Test::IsNull };
    match test {
        Test::IsNull => false,
        Test::IsNotNull => true,
        Test::Compare(comparison, constant) => holds(*comparison, compare(&value, constant)),
        Test::In(list) => list.iter().any(|it| compare(&value, it) == Some(Ordering::Equal)),
        Test::Codes(table) => {
            let Value::Integer(code) = value else { panic!("a code is an integer") };
            usize::try_from(code).is_ok_and(|code| table.get(code).is_some_and(|it| *it != 0))
        }
    }
}

fn number(random: &mut Random, table: &Table) -> Constant<'static> {
    let edges = [
        Constant::Double(0.5),
        Constant::Double(-0.0),
        Constant::Double(f64::NAN),
        Constant::Double(f64::INFINITY),
        Constant::Double(f64::NEG_INFINITY),
        Constant::Double(1e300),
        Constant::Double(-1e300),
        Constant::Double(0.1),
        Constant::Double(f64::from_bits(3)),
        Constant::Double(127.5),
        Constant::Double(9_007_199_254_740_992.0),
        Constant::Double(18_446_744_073_709_551_616.0),
        Constant::Double(-9_223_372_036_854_775_808.0),
        Constant::Integer(9_007_199_254_740_993),
        Constant::Integer(9_007_199_254_740_991),
        Constant::Integer((1 << 63) + 1),
        Constant::Integer(i64::MAX.into()),
        Constant::Integer(i64::MIN.into()),
        Constant::Integer(u64::MAX.into()),
        Constant::Integer(1 << 64),
        Constant::Integer(i128::MAX),
        Constant::Integer(i128::MIN),
    ];
    if table.len == 0 || random.chance(3) {
        return edges[random.below(edges.len())];
    }
    // A value that occurs, or its neighbour.
    match table.at(random.below(table.len)) {
        Some(Value::Integer(value)) => Constant::Integer(value + [0, 0, 1, -1][random.below(4)]),
        Some(Value::Double(value)) => {
            Constant::Double([value, value, value.next_up(), value.next_down()][random.below(4)])
        }
        _ => Constant::Double(1.0),
    }
}

#[track_caller]
fn check(table: &Table, test: Test<'_>) {
    let condition = Condition { column: table.column(), test };
    let expected: Vec<u32> = (0..)
        .zip((0..table.len).map(|row| satisfies(table.at(row), &test)))
        .filter_map(|(row, holds)| holds.then_some(row))
        .collect();
    let found = filter(&[condition], table.len).unwrap();
    assert_eq!(found.count(), expected.len() as u64, "{test:?} of {:?}", table.values);
    let mut rows = vec![0; expected.len()];
    found.write(&mut rows).unwrap();
    assert_eq!(rows, expected, "{test:?}");
    let mut doubles = vec![0.0; expected.len() + 1];
    found.write_doubles(&mut doubles).unwrap();
    assert!(doubles.iter().zip(&expected).all(|(found, row)| *found == f64::from(*row)));
    assert_eq!(count_matching(&condition, table.len).unwrap(), expected.len() as u64);
    let first = expected.first().map(|row| *row as usize);
    assert_eq!(first_matching(&condition, table.len).unwrap(), first);
}

#[test]
fn conditions_on_numbers_of_every_type_agree_with_exact_comparisons() {
    let mut random = Random::new();
    for len in LENGTHS {
        for kind in 0..KINDS - 1 {
            let is_nullable = random.chance(2);
            let table = random_table(&mut random, kind, len, is_nullable, true);
            for comparison in COMPARISONS {
                for _ in 0..4 {
                    check(&table, Test::Compare(comparison, number(&mut random, &table)));
                }
            }
            for count in [0, 1, 2, 5, 40] {
                let list: Vec<_> = (0..count).map(|_| number(&mut random, &table)).collect();
                check(&table, Test::In(&list));
            }
            check(&table, Test::IsNull);
            check(&table, Test::IsNotNull);
        }
    }
}

#[test]
fn codes_pass_where_their_entry_says_so() {
    let mut random = Random::new();
    for len in LENGTHS {
        for kind in [4, 5, 6, 0] {
            let is_nullable = random.chance(2);
            let table = random_table(&mut random, kind, len, is_nullable, false);
            for entries in [0, 3, 5, 100, 300] {
                for rate in [1, 2, 30] {
                    let codes: Vec<u8> =
                        (0..entries).map(|_| u8::from(random.chance(rate)) * 3).collect();
                    check(&table, Test::Codes(&codes));
                }
            }
        }
    }
}

#[test]
fn conditions_on_strings_agree_with_the_order_of_their_bytes() {
    let mut random = Random::new();
    for len in LENGTHS {
        let is_nullable = random.chance(2);
        let table = random_table(&mut random, KINDS - 1, len, is_nullable, false);
        for comparison in COMPARISONS {
            for _ in 0..5 {
                let wanted = text(&mut random);
                check(&table, Test::Compare(comparison, Constant::Text(&wanted)));
            }
        }
        for count in [0, 1, 3, 5, 60] {
            let wanted: Vec<String> = (0..count).map(|_| text(&mut random)).collect();
            let list: Vec<_> = wanted.iter().map(|it| Constant::Text(it)).collect();
            check(&table, Test::In(&list));
        }
    }
}

#[test]
fn only_rows_that_satisfy_all_conditions_are_found() {
    let mut random = Random::new();
    for len in LENGTHS {
        let one = random_table(&mut random, 10, len, true, true);
        let other = random_table(&mut random, 12, len, true, false);
        let third = random_table(&mut random, 4, len, false, false);
        let tests = [
            Test::Compare(Comparison::Lt, Constant::Double(1000.0)),
            Test::Compare(Comparison::Gt, Constant::Text("aaaa")),
            Test::Compare(Comparison::Ne, Constant::Integer(255)),
        ];
        let tables = [&one, &other, &third];
        let pairs = || tables.into_iter().zip(tests);
        let conditions: Vec<_> =
            pairs().map(|(table, test)| Condition { column: table.column(), test }).collect();
        let expected = (0..len)
            .filter(|row| pairs().all(|(table, test)| satisfies(table.at(*row), &test)))
            .count();
        assert_eq!(filter(&conditions, len).unwrap().count(), expected as u64);
    }
    assert_eq!(filter(&[], 70).unwrap().count(), 70, "no condition: every row");
}

#[test]
fn a_test_that_does_not_fit_its_column_is_refused() {
    let mut random = Random::new();
    let strings = random_table(&mut random, 12, 3, false, false);
    let doubles = random_table(&mut random, 10, 3, false, false);
    let misfits = [
        (&strings, Test::Compare(Comparison::Eq, Constant::Double(1.0))),
        (&strings, Test::In(&[Constant::Integer(1)])),
        (&strings, Test::Codes(&[1])),
        (&doubles, Test::Compare(Comparison::Eq, Constant::Text("a"))),
        (&doubles, Test::In(&[Constant::Text("a")])),
        (&doubles, Test::Codes(&[1])),
    ];
    for (table, test) in misfits {
        let refused = filter(&[Condition { column: table.column(), test }], 3);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Internal, "{test:?}");
    }
}

#[test]
fn a_list_too_short_for_the_rows_found_is_left_alone() {
    let table = Table::new(Owned::U8(vec![1; 100]), None, 100);
    let test = Test::Compare(Comparison::Eq, Constant::Double(1.0));
    let found = filter(&[Condition { column: table.column(), test }], 100).unwrap();
    let mut list = [77; 99];
    assert_eq!(found.write(&mut list).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(list, [77; 99]);
}

#[test]
fn a_view_that_points_outside_its_heap_is_corrupt_where_it_is_read_and_only_there() {
    let wanted = "a string of more than twelve bytes";
    let Owned::Text(mut views, heap, _) = texts(vec![wanted.to_owned(); 3]) else {
        panic!("no strings")
    };
    let equal = Test::Compare(Comparison::Eq, Constant::Text(wanted));
    let set = |view: &mut [u8; 16], at: usize, value: u32| {
        view[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    };
    let sound = views[1];
    // Block, offset and length: beyond the heap, across a block, beyond all memory.
    for (block, offset) in [(0, 1000), (1, 0), (u32::MAX, 0), (0, u32::MAX), (0, (1 << 31) - 5)] {
        views[1] = sound;
        set(&mut views[1], 8, block);
        set(&mut views[1], 12, offset);
        let column = Column::new(Values::Text(Texts::new(&views, &heap)), None);
        let error = filter(&[Condition { column, test: equal }], 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.message().contains("row 1"), "{}", error.message());
        // Another prefix: the heap is not asked.
        let test = Test::Compare(Comparison::Eq, Constant::Text("another long string, truly"));
        assert_eq!(filter(&[Condition { column, test }], 3).unwrap().count(), 0);
    }
    views[1] = sound;
    set(&mut views[1], 0, u32::MAX);
    let column = Column::new(Values::Text(Texts::new(&views, &heap)), None);
    let test = Test::Compare(Comparison::Gt, Constant::Text("a str"));
    let error = filter(&[Condition { column, test }], 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_string_that_crosses_into_another_block_of_the_heap_is_corrupt() {
    // Zeros that nobody touches take no memory.
    let heap = vec![0; (1 << 31) + 64];
    let Owned::Text(mut views, ..) = texts(vec!["\0".repeat(20)]) else { panic!("no strings") };
    let zeros = "\0".repeat(20);
    let test = Test::Compare(Comparison::Eq, Constant::Text(&zeros));
    for (offset, is_sound) in [((1_u32 << 31) - 20, true), ((1 << 31) - 19, false)] {
        views[0][12..].copy_from_slice(&offset.to_ne_bytes());
        let column = Column::new(Values::Text(Texts::new(&views, &heap)), None);
        let found = filter(&[Condition { column, test }], 1);
        assert_eq!(found.map_err(|error| error.kind()).is_ok(), is_sound);
    }
}
