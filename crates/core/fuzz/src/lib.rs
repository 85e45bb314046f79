//! What the targets share: a good store to damage, its seals, and a look at all that it shows.
//!
//! The bytes of a target go to one part of the good store; what is around them is right, and so
//! are the checksums, or nothing behind them would ever be reached.

use std::fs::{self, File as RawFile, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use stoa_core::format::{UNIT_BYTES, checksum};
use stoa_core::{Close, ElementKind, ErrorKind, File, Growth, Options, Result, Store};
use twox_hash::XxHash3_64;

/// The places of `docs/format.md`.
pub const SLOTS: [usize; 2] = [4096, 69_632];
pub const SLOT_BYTES: usize = 512;
pub const AREAS: [usize; 2] = [8192, 73_728];
pub const AREA_BYTES: usize = 57_344;
pub const PUBLISHED: usize = 2 * UNIT_BYTES as usize + 64;
pub const LOG: usize = 3 * UNIT_BYTES as usize;
pub const PAGE: usize = 4096;
const RECORD_MAGIC: u64 = 0x8b1d_5e70_a106_c0de;
const SUM_AT: usize = SLOT_BYTES - 8;

/// Address space for a region: a file that claims more is refused.
const RESERVE_BYTES: u64 = 1 << 26;

/// Where the files are: in memory, if the machine has such a place.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(format!("stoa-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        folder
    })
}

pub fn options() -> Options {
    Options { reserve_bytes: RESERVE_BYTES, create: false, ..Options::default() }
}

/// A store that a killed writer left: rows of four kinds, and commits in its log.
pub fn good() -> &'static [u8] {
    static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let path = folder().join("good");
        let create = Options { create: true, ..options() };
        let mut store = Store::open(&path, &create).expect("a new store");
        for (name, kind) in [
            ("t\0x\0data", ElementKind::F64),
            ("t\0s\0data", ElementKind::View),
            ("t\0s\0heap", ElementKind::U8),
            ("t\0s\0validity", ElementKind::Bits),
        ] {
            let id = store.create_region(name, kind, 1).expect("a region");
            store.grow(id, 500, Growth::Exact).expect("room");
            store.set_len(id, 500).expect("a length");
        }
        store.set_metadata(br#"{"format":1,"tables":[],"arrays":[]}"#.to_vec()).expect("metadata");
        store.close(Close::Commit).1.expect("a close");
        let mut store = Store::open(&path, &create).expect("the store");
        for turn in 1..4_u8 {
            for info in store.regions().collect::<Vec<_>>() {
                store.write(info.id, 0, &[turn; 16]).expect("rows");
                store.set_len(info.id, 500 + u64::from(turn)).expect("a length");
            }
            store.set_metadata(vec![b' '; usize::from(turn)]).expect("metadata");
            store.commit().expect("a commit");
        }
        fs::read(&path).expect("what a kill leaves")
    })
}

pub fn word(file: &[u8], at: usize) -> u64 {
    let bytes = file.get(at..at + 8).map_or([0; 8], |bytes| bytes.try_into().expect("eight"));
    u64::from_ne_bytes(bytes)
}

pub fn set_word(file: &mut [u8], at: usize, value: u64) {
    if let Some(place) = file.get_mut(at..at + 8) {
        place.copy_from_slice(&value.to_ne_bytes());
    }
}

/// Lays bytes over a part of the file, as far as the part goes.
pub fn lay(file: &mut [u8], at: usize, bytes_max: usize, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(bytes_max)];
    if let Some(place) = file.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// Makes the checksums of headers and published block right, and those of directories if told.
pub fn seal_headers(file: &mut [u8], directories: bool) {
    let sum = checksum(&file[..SUM_AT]);
    set_word(file, SUM_AT, sum);
    for slot in SLOTS {
        let (from, bytes) = (word(file, slot + 48), word(file, slot + 56));
        let range = usize::try_from(from).ok().zip(usize::try_from(bytes).ok());
        let directory = range.and_then(|(from, bytes)| file.get(from..from.checked_add(bytes)?));
        if let Some(sum) = directory.map(checksum).filter(|_| directories) {
            set_word(file, slot + 64, sum);
        }
        let sum = checksum(&file[slot..slot + SUM_AT]);
        set_word(file, slot + SUM_AT, sum);
    }
    let sum = checksum(&file[PUBLISHED..PUBLISHED + 32]);
    set_word(file, PUBLISHED + 32, sum);
}

/// Makes the checksums of all records right whose length can be.
pub fn seal_records(file: &mut [u8]) {
    let salts = SLOTS.map(|slot| word(file, slot + 72));
    for at in (LOG..LOG + 16 * PAGE).step_by(PAGE) {
        let salt = word(file, at) ^ RECORD_MAGIC;
        let Ok(bytes) = usize::try_from(word(file, at + 24)) else { continue };
        let Some(record) = file.get(at + 16..at.saturating_add(bytes)) else { continue };
        if salts.contains(&salt) {
            let sum = XxHash3_64::oneshot_with_seed(salt, record);
            set_word(file, at + 8, sum);
        }
    }
}

/// Writes over what the file holds now, without making it shorter: a reader may have it mapped.
pub fn write_over(file: &RawFile, bytes: &[u8]) {
    file.write_all_at(bytes, 0).expect("a write");
}

/// A file with these bytes, and its path.
pub fn file_of(bytes: &[u8]) -> (RawFile, PathBuf) {
    let path = folder().join("file");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path);
    let file = file.expect("a file");
    write_over(&file, bytes);
    (file, path)
}

/// An error of a file is an answer; one of the engine is not.
pub fn answered<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(error.kind() != ErrorKind::Internal, "{error}");
            None
        }
    }
}

/// Reads the ends of all regions.
pub fn look(store: &mut Store<File>) {
    for info in store.regions().collect::<Vec<_>>() {
        let width = u64::from(info.kind.bytes()) * u64::from(info.lanes);
        let bytes = info.len.saturating_mul(width);
        for at in [0, bytes / 2, bytes.saturating_sub(1)] {
            if at < bytes {
                answered(store.read(info.id, at, &mut [0]));
            }
        }
    }
    let _ = (store.metadata().len(), store.info(), store.data_version());
}

/// Opens for reading and for writing, looks, changes, commits, and opens what came of it.
pub fn play(bytes: &[u8]) {
    let (_file, path) = file_of(bytes);
    if let Some(mut store) = answered(Store::open_reading(&path, &options())) {
        look(&mut store);
        answered(store.begin_snapshot());
        look(&mut store);
    }
    let Some(mut store) = answered(Store::open(&path, &options())) else { return };
    look(&mut store);
    for info in store.regions().collect::<Vec<_>>() {
        if answered(store.grow(info.id, info.len.saturating_add(10), Growth::Amortised)).is_some()
            && answered(store.set_len(info.id, info.len + 1)).is_some()
        {
            answered(store.write(info.id, 0, &[7]));
        }
    }
    let committed = answered(store.commit());
    let closed = answered(store.close(Close::Commit).1);
    drop(store);
    if committed.is_some() && closed.is_some() {
        let mut again = Store::open(&path, &options()).expect("what was committed opens");
        look(&mut again);
    }
}
