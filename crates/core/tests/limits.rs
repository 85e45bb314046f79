//! Limits of the format. Goal: what is too large is refused and changes nothing, and what one large
//! commit took is given back. Method: real files.

use std::env;
use std::fs;
use std::path::PathBuf;

use stoa_core::format::DIRECTORY_BYTES_MAX;
use stoa_core::{Close, ElementKind, ErrorKind, Growth, Options, Store};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("stoa-limits-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn metadata_beyond_the_format_is_refused_and_nothing_is_changed() {
    let folder = Folder::new("metadata");
    let mut store = Store::open(folder.0.join("store"), &Options::default()).expect("a new store");
    let most = usize::try_from(DIRECTORY_BYTES_MAX).expect("an address space");
    let error = store.set_metadata(vec![1; most + 1]).expect_err("more than there may be");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(store.metadata().is_empty());
    // With what else a directory holds this is too much, too: the commit says so.
    store.set_metadata(vec![1; most]).expect("as much as there may be");
    assert_eq!(store.commit().expect_err("too much in all").kind(), ErrorKind::Limit);
    assert!(!store.is_poisoned());
    store.set_metadata(vec![1; most - 1000]).expect("less");
    assert_eq!(store.commit().expect("it fits"), 1);
    store.close(Close::Commit).1.expect("a close");
    let store = Store::open(folder.0.join("store"), &Options::default()).expect("the store");
    assert_eq!(store.metadata().len(), most - 1000);
}

#[test]
fn a_log_that_one_large_commit_made_is_given_up_and_had_little_to_spare() {
    let folder = Folder::new("log");
    let mut store = Store::open(folder.0.join("store"), &Options::default()).expect("a new store");
    let column = store.create_region("column", ElementKind::U8, 1).expect("a region");
    let bytes = 72 << 20;
    store.grow(column, bytes, Growth::Exact).expect("room");
    store.set_len(column, bytes).expect("a length");
    store.commit().expect("a commit");
    let page = vec![9; usize::try_from(bytes).expect("an address space")];
    store.write(column, 0, &page).expect("a value");
    store.commit().expect("a large commit");
    let log = store.info().log_bytes;
    assert!(log > bytes && log < bytes * 4 / 3, "{log} bytes for {bytes}");
    store.close(Close::Commit).1.expect("a close");
    let mut store = Store::open(folder.0.join("store"), &Options::default()).expect("the store");
    assert_eq!(store.info().log_bytes, 1 << 20);
    assert!(store.info().free_bytes >= log, "its place is free");
    let mut shown = [0; 5];
    store.read(column, bytes - 5, &mut shown).expect("the column");
    assert_eq!(shown, [9; 5]);
}

#[test]
fn metadata_of_a_live_store_may_be_replaced_by_as_much_as_there_may_be() {
    let folder = Folder::new("live-metadata");
    let path = folder.0.join("store");
    let mut store = Store::open(&path, &Options::default()).expect("a new store");
    store.go_live().expect("a boot that is known");
    let most = usize::try_from(DIRECTORY_BYTES_MAX).expect("an address space");
    for fill in [1, 2] {
        store.set_metadata(vec![fill; most - 1000]).expect("as much as there may be");
    }
    let error = store.set_metadata(vec![3; most]).expect_err("more than there may be");
    assert_eq!((error.kind(), store.metadata()[0]), (ErrorKind::Limit, 2));
    assert!(!store.is_poisoned());
    store.close(Close::Commit).1.expect("a close");
    let store = Store::open(&path, &Options::default()).expect("the store");
    assert_eq!(store.metadata(), vec![2; most - 1000]);
}
