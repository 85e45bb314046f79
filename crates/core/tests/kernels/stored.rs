//! Kernels on the regions of a store.

use crate::Random;
use crate::columns::view;
use std::env;
use std::fs;
use std::path::PathBuf;
use stoa_core::kernels::{
    ColumnSource, Nulls, Rows, StoredKey, Total, heap_garbage, sort_rows, sum,
};
use stoa_core::{ElementKind, ErrorKind, File, Growth, Options, RegionId, Store};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("stoa-kernels-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn store(&self) -> Store<File> {
        Store::open(self.0.join("store.stoa"), &Options::default()).expect("it opens")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the test's folder goes away");
    }
}

/// A region with these bytes, and `more` elements of room that its length does not tell of.
fn region(
    store: &mut Store<File>,
    name: &str,
    kind: ElementKind,
    lanes: u32,
    bytes: &[u8],
) -> RegionId {
    let id = store.create_region(name, kind, lanes).expect("a new name");
    let elements = bytes.len() as u64 / u64::from(kind.bytes() * lanes);
    store.grow(id, elements, Growth::Exact).expect("room on the disk");
    store.write(id, 0, bytes).expect("within the capacity");
    id
}

fn bytes_of(store: &mut Store<File>, id: RegionId, bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    store.read(id, 0, &mut buffer).expect("within the capacity");
    buffer
}

#[test]
fn rows_that_the_store_was_not_told_of_are_read_up_to_the_capacity_and_no_further() {
    let folder = Folder::new("capacity");
    let mut store = folder.store();
    let values: Vec<u8> = (1..=100_u32).flat_map(u32::to_ne_bytes).collect();
    let id = region(&mut store, "values", ElementKind::U32, 1, &values);
    let columns = store.lend(&[ColumnSource::new(id)], 100).expect("within the capacity");
    assert_eq!(sum(&columns[0], Rows::ALL).unwrap(), Total::Integer(5050));
    let capacity = store.capacity(id).expect("a region");
    store.lend(&[ColumnSource::new(id)], capacity).expect("all of the capacity");
    let refused = store.lend(&[ColumnSource::new(id)], capacity + 1);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Limit);
    let refused = store.lend(&[ColumnSource::new(id)], u64::MAX);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn a_region_that_cannot_be_that_part_of_a_column_is_refused() {
    let folder = Folder::new("parts");
    let mut store = folder.store();
    let doubles = region(&mut store, "doubles", ElementKind::F64, 1, &[0; 80]);
    let views = region(&mut store, "views", ElementKind::View, 1, &[0; 160]);
    let bits = region(&mut store, "bits", ElementKind::Bits, 1, &[0; 2]);
    let sources = [
        ColumnSource { validity: Some(doubles), ..ColumnSource::new(views) },
        ColumnSource { heap: Some(bits), ..ColumnSource::new(views) },
        ColumnSource::new(bits),
    ];
    for source in sources {
        assert_eq!(store.lend(&[source], 10).unwrap_err().kind(), ErrorKind::Schema);
    }
    let missing = ColumnSource::new(RegionId(99));
    assert_eq!(store.lend(&[missing], 10).unwrap_err().kind(), ErrorKind::NotFound);
    let sound = ColumnSource { validity: Some(bits), ..ColumnSource::new(doubles) };
    let columns = store.lend(&[sound], 10).expect("a column");
    assert_eq!(sum(&columns[0], Rows::ALL).unwrap(), Total::Double(0.0));
}

#[test]
fn rows_of_regions_of_every_width_are_sorted_in_place_and_nothing_behind_them_changes() {
    let mut random = Random::new();
    // Few values make few ascending runs, which are moved in another way.
    let cases = [0_usize, 1, 7, 8, 65, 66, 67, 68, 300, 2000].into_iter();
    for (rows, values) in cases.flat_map(|rows| [(rows, 50), (rows, 60_000)]) {
        let folder = Folder::new(&format!("widths-{rows}-{values}"));
        let mut store = folder.store();
        let all = rows + 9;
        // The first rows stand where they belong: a bitmap is not changed from its start on.
        let settled = random.below(20);
        let keys: Vec<u16> = (0..all)
            .map(|row| if row < settled { 0 } else { 1 + random.below(values) })
            .map(|key| u16::try_from(key).expect("a small number"))
            .collect();
        let key_bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_ne_bytes()).collect();
        let key = region(&mut store, "key", ElementKind::U16, 1, &key_bytes);
        let kinds = [
            (ElementKind::U8, 1),
            (ElementKind::I32, 1),
            (ElementKind::F64, 1),
            (ElementKind::View, 1),
            (ElementKind::U8, 3),
            (ElementKind::F32, 16),
            (ElementKind::F64, 30),
        ];
        let mut regions = vec![(key, 2, key_bytes)];
        for (at, (kind, lanes)) in kinds.into_iter().enumerate() {
            let width = (kind.bytes() * lanes) as usize;
            let bytes: Vec<u8> = (0..all * width).map(|_| random.bits().to_ne_bytes()[0]).collect();
            let id = region(&mut store, &format!("region {at}"), kind, lanes, &bytes);
            regions.push((id, width, bytes));
        }
        let bitmap: Vec<u8> =
            (0..all.div_ceil(8)).map(|_| random.bits().to_ne_bytes()[0]).collect();
        let bits = region(&mut store, "bits", ElementKind::Bits, 1, &bitmap);

        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by_key(|row| keys[*row]);
        let stored = StoredKey {
            column: ColumnSource::new(key),
            ranks: None,
            descending: false,
            nulls: Nulls::Last,
        };
        let ids: Vec<RegionId> = regions.iter().map(|(id, ..)| *id).collect();
        sort_rows(&mut store, &[stored], &ids, &[bits], rows as u64).expect("a sort");

        for (id, width, before) in &regions {
            let found = bytes_of(&mut store, *id, before.len());
            let sorted = order.iter().flat_map(|row| &before[row * width..(row + 1) * width]);
            let expected: Vec<u8> = sorted.chain(&before[rows * width..]).copied().collect();
            assert!(found == expected, "{rows} rows of {width} bytes");
        }
        let found = bytes_of(&mut store, bits, bitmap.len());
        let bit = |bytes: &[u8], row: usize| bytes[row / 8] >> (row % 8) & 1;
        for row in 0..8 * bitmap.len() {
            let from = order.get(row).copied().unwrap_or(row);
            assert_eq!(bit(&found, row), bit(&bitmap, from), "bit {row} of {rows} rows");
        }
    }
}

#[test]
fn a_sort_that_is_refused_changes_nothing() {
    let folder = Folder::new("refused");
    let mut store = folder.store();
    let values: Vec<u8> = (0..10_u32).rev().flat_map(u32::to_ne_bytes).collect();
    let id = region(&mut store, "values", ElementKind::U32, 1, &values);
    let key = |ranks| StoredKey {
        column: ColumnSource::new(id),
        ranks,
        descending: false,
        nulls: Nulls::Last,
    };
    let refused = [
        sort_rows(&mut store, &[key(Some(&[0, 1]))], &[id], &[], 10),
        sort_rows(&mut store, &[key(None)], &[id], &[id], 10),
        sort_rows(&mut store, &[key(None)], &[id, RegionId(9)], &[], 10),
        sort_rows(&mut store, &[key(None)], &[id], &[], 1 << 40),
    ];
    let kinds = refused.map(|result| result.expect_err("refused").kind());
    let (corrupt, schema) = (ErrorKind::Corrupt, ErrorKind::Schema);
    assert_eq!(kinds, [corrupt, schema, ErrorKind::NotFound, ErrorKind::Limit]);
    assert_eq!(bytes_of(&mut store, id, 40), values);
    sort_rows(&mut store, &[key(None)], &[id], &[], 10).expect("a sort");
    let ascending: Vec<u8> = (0..10_u32).flat_map(u32::to_ne_bytes).collect();
    assert_eq!(bytes_of(&mut store, id, 40), ascending);
}

#[test]
fn a_sort_is_part_of_the_next_commit_and_rolls_back() {
    let folder = Folder::new("rollback");
    let mut store = folder.store();
    let values: Vec<u8> = (0..5000_u32).rev().flat_map(u32::to_ne_bytes).collect();
    let id = region(&mut store, "values", ElementKind::U32, 1, &values);
    store.set_len(id, 5000).expect("within the capacity");
    store.commit().expect("a commit");
    let (column, nulls) = (ColumnSource::new(id), Nulls::Last);
    let key = StoredKey { column, ranks: None, descending: false, nulls };
    sort_rows(&mut store, &[key], &[id], &[], 5000).expect("a sort");
    assert_ne!(bytes_of(&mut store, id, 20_000), values);
    store.rollback().expect("a rollback");
    assert_eq!(bytes_of(&mut store, id, 20_000), values);
}

#[test]
fn garbage_is_what_no_string_refers_to_shared_bytes_counted_once() {
    let folder = Folder::new("garbage");
    let mut store = folder.store();
    let mut heap = Vec::new();
    let long = |letter: &str| letter.repeat(20);
    let mut views: Vec<[u8; 16]> = ["a", "b", "c", "d"]
        .map(|letter| view(&long(letter), &mut heap))
        .into_iter()
        .chain([view("short", &mut Vec::new())])
        .collect();
    // Out of order; one twice; two that overlap; `c` is gone.
    views.swap(0, 3);
    let shared = views[0];
    views.push(shared);
    let mut inner = views[3];
    inner[12..].copy_from_slice(&5_u32.to_ne_bytes());
    views[2] = inner;
    heap.extend_from_slice(&[0; 11]);
    let bytes: Vec<u8> = views.iter().flatten().copied().collect();
    let views_id = region(&mut store, "views", ElementKind::View, 1, &bytes);
    let heap_id = region(&mut store, "heap", ElementKind::U8, 1, &heap);
    let garbage =
        |store: &mut Store<File>, rows, bytes| heap_garbage(store, views_id, heap_id, rows, bytes);
    // a: 0–20, its overlap 5–25, b: 20–40, d: 60–80; the heap has 91.
    assert_eq!(garbage(&mut store, 6, 91).unwrap(), 20 + 11);
    assert_eq!(garbage(&mut store, 6, 70).unwrap(), 20);
    assert_eq!(garbage(&mut store, 1, 91).unwrap(), 71);
    assert_eq!(garbage(&mut store, 0, 91).unwrap(), 91);
    let mut astray = shared;
    astray[8..12].copy_from_slice(&7_u32.to_ne_bytes());
    store.write(views_id, 16, &astray).expect("within the capacity");
    let error = garbage(&mut store, 6, 91).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let swapped = heap_garbage(&mut store, heap_id, views_id, 1, 1).unwrap_err();
    assert_eq!(swapped.kind(), ErrorKind::Schema);
}
