//! Goal: `docs/format.md` tells the bytes as they are.
//!
//! Method: makes the store that the document describes, in a real file, and compares every hex
//! dump in it (a line is `offset  bytes`) with that file. `STOA_PRINT=1` prints the dumps anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stoa_core::{Close, ElementKind, File, Growth, Medium, Options, Reservation, Store};

/// What is drawn by chance in other stores.
const SALT: u64 = 0x0123_4567_89ab_cdef;

/// A real file, but for its luck.
struct Fixed(File);

impl Medium for Fixed {
    type Memory = Reservation;

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(offset, bytes)
    }

    fn write_durable(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_durable(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn allocate(&self, offset: u64, bytes: u64) -> io::Result<()> {
        self.0.allocate(offset, bytes)
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        self.0.truncate(bytes)
    }

    fn reserve(&self, bytes: usize) -> io::Result<Reservation> {
        self.0.reserve(bytes)
    }

    fn keeps_allocation(&self) -> bool {
        self.0.keeps_allocation()
    }

    fn system_page_bytes(&self) -> usize {
        self.0.system_page_bytes()
    }

    fn boot_id(&self) -> u64 {
        self.0.boot_id()
    }

    fn random(&self) -> u64 {
        SALT
    }
}

/// The store of the document: three prices, one commit, no close.
fn make(path: &Path) -> Vec<u8> {
    let file = fs::File::options().read(true).write(true).create_new(true).open(path);
    let file = File::new(file.expect("a new file"), None).expect("a medium");
    let medium = Arc::new(Fixed(file));
    Store::format(&*medium).expect("a new store");
    let mut store = Store::open_on(medium, &Options::default()).expect("the new store");
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
