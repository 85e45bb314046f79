//! Goal: `docs/format.md` tells the bytes as they are.
//!
//! Method: makes the store that the document describes, in a real file, and compares every hex
//! dump in it (a line is `offset  bytes`) with that file. `STOA_PRINT=1` prints the dumps anew.

use std::fs;
use std::path::{Path, PathBuf};
use stoa_core::{Close, ElementKind, Growth, Options, Store};

/// The store of the document: three prices, one commit, no close.
fn make(path: &Path) -> Vec<u8> {
    let mut store = Store::open(path, &Options::default()).expect("a new store");
    let prices = store.create_region("prices", ElementKind::F64, 1).expect("a region");
    store.grow(prices, 3, Growth::Exact).expect("room for three prices");
    let values: Vec<u8> =
        [1.0_f64, 2.5, -3.0].iter().flat_map(|price| price.to_ne_bytes()).collect();
    store.write(prices, 0, &values).expect("three prices");
    store.set_len(prices, 3).expect("the length");
    store.set_metadata(b"{}".to_vec()).expect("metadata");
    store.commit().expect("a commit");
    let committed = fs::read(path).expect("the file of an open store");
    let (_memory, closed) = store.close(Close::Commit);
    closed.expect("an orderly close");
    committed
}

fn document() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join("docs/format.md")).expect("the document of the format")
}

#[test]
fn every_hex_dump_of_the_format_document_is_in_a_real_store() {
    if cfg!(target_endian = "big") {
        println!("skipped: the document shows the bytes of a little-endian machine");
        return;
    }
    let folder = std::env::temp_dir().join(format!("stoa-golden-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test");
    let bytes = make(&folder.join("prices.stoa"));
    fs::remove_dir_all(&folder).expect("the folder goes away");
    let mut compared = 0;
    for line in document().lines() {
        let Some((offset, rest)) = line.split_once("  ") else { continue };
        let Ok(offset) = usize::from_str_radix(offset, 16) else { continue };
        if offset >= bytes.len() || line.len() < 10 {
            continue;
        }
        let told: Vec<u8> = rest
            .split("  ;")
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits a byte"))
            .collect();
        let found = &bytes[offset..offset + told.len()];
        if std::env::var_os("STOA_PRINT").is_some() {
            let hex: Vec<String> = found.iter().map(|byte| format!("{byte:02x}")).collect();
            println!("{offset:06x}  {}", hex.join(" "));
        } else {
            assert_eq!(told, found, "the bytes at {offset:#x}");
        }
        compared += told.len();
    }
    assert!(compared >= 256, "the document shows {compared} bytes");
}
