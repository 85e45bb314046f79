//! Hostile files and hostile values. Goal: what somebody puts into a file, or into a column, is an
//! error or data: never a commit, a crash, or memory without end.
//!
//! Method: forges whole log records inside values, with every salt that one can know, and opens
//! what a killed writer leaves; mutates headers and records of real stores in sparse files of many
//! GiB, seals them again, and opens them under a limit of memory. `STOA_SEED` repeats a mutation.

use std::env;
use std::fs::{self, File as StdFile};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use stoa_core::format::{DIRECTORY_BYTES_MAX, UNIT_BYTES, checksum};
use stoa_core::{Close, ElementKind, Growth, Options, RegionId, Store};
use twox_hash::XxHash3_64;

const PAGE: usize = 4096;
const SLOTS: [u64; 2] = [4096, 69_632];
const SALT_AT: usize = 72;
const PUBLISHED: u64 = 2 * UNIT_BYTES + 64;
const LOG: u64 = 3 * UNIT_BYTES;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("stoa-hostile-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

fn header(file: &StdFile, slot: usize) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    file.read_exact_at(&mut bytes, SLOTS[slot]).expect("a header slot");
    bytes
}

fn write_sealed(file: &StdFile, slot: usize, mut bytes: Vec<u8>) {
    let sum = checksum(&bytes[..504]);
    bytes[504..].copy_from_slice(&sum.to_ne_bytes());
    file.write_all_at(&bytes, SLOTS[slot]).expect("a header slot");
}

fn open_raw(path: &PathBuf) -> StdFile {
    StdFile::options().read(true).write(true).open(path).expect("a file")
}

/// A whole record that lays `fill` over a page, as `docs/format.md` tells it.
fn forged(salt: u64, epoch: u64, commit: u64, page: u64, fill: u8) -> Vec<u8> {
    let mut record = Vec::new();
    for field in [0x8b1d_5e70_a106_c0de ^ salt, 0, commit, 64 + 16 + 4096, 0, 1, 0, epoch] {
        record.extend(u64::to_ne_bytes(field));
    }
    record.extend(page.to_ne_bytes());
    record.extend(u64::MAX.to_ne_bytes());
    record.extend([fill; PAGE]);
    let sum = XxHash3_64::oneshot_with_seed(salt, &record[16..]);
    record[8..16].copy_from_slice(&sum.to_ne_bytes());
    record
}

/// A store with a column of four pages, and its log's first record in epoch 0.
fn store_of_four_pages(path: &PathBuf) -> (Store<stoa_core::File>, RegionId) {
    let mut store = Store::open(path, &Options::default()).expect("a new store");
    let column = store.create_region("column", ElementKind::U8, 1).expect("a region");
    store.grow(column, UNIT_BYTES, Growth::Exact).expect("room");
    store.set_len(column, 4 * PAGE as u64).expect("a length");
    store.commit().expect("a commit");
    (store, column)
}

/// Commits a value that holds a record of the epoch to come, made with `salt`, where that epoch's
/// second record will be looked for. Gives what a killed writer's store then shows.
fn commit_with_value(salt: impl Fn(&StdFile) -> u64) -> (u64, Vec<u8>, Vec<u8>) {
    let folder = Folder::new("forged");
    let path = folder.0.join("store");
    let (mut store, column) = store_of_four_pages(&path);
    let file = open_raw(&path);
    let record = forged(salt(&file), 1, 4, 128, 0xee);
    let mut value = vec![7; 3 * PAGE];
    // The images' table takes 64 + 3 × 16 bytes, and the record before one page.
    let at = PAGE - 112;
    value[at..at + record.len()].copy_from_slice(&record);
    store.write(column, 0, &value).expect("a value");
    store.commit().expect("a commit");
    store.close(Close::Commit).1.expect("a close");
    let mut store = Store::open(&path, &Options::default()).expect("the store");
    store.write(column, 3 * PAGE as u64, b"honest").expect("a value");
    assert_eq!(store.commit().expect("a commit"), 3);
    let log = {
        let mut bytes = vec![0; record.len()];
        file.read_exact_at(&mut bytes, LOG + 2 * PAGE as u64).expect("the log");
        bytes
    };
    assert_eq!(log, record, "the forged record lies where the next one is looked for");
    let copy = folder.0.join("killed");
    fs::copy(&path, &copy).expect("what a kill leaves");
    let mut store = Store::open(&copy, &Options::default()).expect("the copy");
    let mut shown = vec![0; value.len()];
    store.read(column, 0, &mut shown).expect("the column");
    (store.commit_id(), shown, value)
}

#[test]
fn a_value_never_becomes_a_commit_whatever_salt_it_was_made_with() {
    // The epoch, nothing, and the salt of the epoch that the value is committed in.
    let known: [fn(&StdFile) -> u64; 4] = [
        |_| 1,
        |_| 0,
        |file| number(&header(file, 0), SALT_AT),
        |file| number(&header(file, 0), SALT_AT) + 1,
    ];
    for salt in known {
        let (commit, shown, value) = commit_with_value(salt);
        assert_eq!(commit, 3);
        assert!(shown == value, "the column shows what was committed");
    }
}

/// The control: with the salt of its epoch that record counts, so the salt is what keeps it out.
#[test]
fn a_record_with_the_salt_of_its_epoch_is_a_commit() {
    let folder = Folder::new("control");
    let path = folder.0.join("store");
    let (mut store, column) = store_of_four_pages(&path);
    store.close(Close::Commit).1.expect("a close");
    let mut store = Store::open(&path, &Options::default()).expect("the store");
    store.write(column, 0, b"honest").expect("a value");
    assert_eq!(store.commit().expect("a commit"), 2);
    let copy = folder.0.join("killed");
    fs::copy(&path, &copy).expect("what a kill leaves");
    let file = open_raw(&copy);
    let record = forged(number(&header(&file, 1), SALT_AT), 1, 3, 128, 0xee);
    file.write_all_at(&record, LOG + 2 * PAGE as u64).expect("the log");
    let mut store = Store::open(&copy, &Options::default()).expect("the copy");
    let mut shown = [0; 6];
    store.read(column, 0, &mut shown).expect("the column");
    assert_eq!((store.commit_id(), shown), (3, [0xee; 6]));
}

#[test]
fn every_epoch_has_another_salt() {
    let folder = Folder::new("salts");
    let path = folder.0.join("store");
    let mut salts = Vec::new();
    for turn in 0..20_u8 {
        let mut store = Store::open(&path, &Options::default()).expect("the store");
        store.set_metadata(vec![turn]).expect("metadata");
        store.close(Close::Commit).1.expect("a close");
        let file = open_raw(&path);
        salts.extend((0..2).map(|slot| number(&header(&file, slot), SALT_AT)));
    }
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 21, "one for the creation, and one for each close");
    assert!(salts.iter().all(|salt| *salt > 1 << 32), "none is a counter");
}

/// Opens a file under a limit of memory, in a process of its own. Gives what it said.
fn open_with_little_memory(path: &PathBuf) -> String {
    let test = "opens_what_the_environment_names";
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 4000000 && exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(env::current_exe().expect("this test"))
        .arg(test)
        .env("STOA_HOSTILE", path)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {said}", output.status);
    assert!(said.contains("read: commit") || said.contains("unread: ERR_STOA_"), "{said}");
    said
}

/// Not a test by itself: what runs under the limit.
#[test]
fn opens_what_the_environment_names() {
    let Some(path) = env::var_os("STOA_HOSTILE") else { return };
    let options = Options { reserve_bytes: 1 << 30, ..Options::default() };
    let path = PathBuf::from(path);
    let modified = || fs::metadata(&path).and_then(|found| found.modified()).expect("a time");
    let before = modified();
    match Store::open_reading(&path, &options) {
        Ok(mut store) => {
            let news = store.begin_snapshot();
            println!("read: commit {}, {:?}", store.commit_id(), news.map_err(|it| it.kind()));
        }
        Err(error) => println!("unread: {}: {error}", error.kind().code()),
    }
    assert_eq!(before, modified(), "a reader wrote");
    match Store::open(&path, &options) {
        Ok(store) => println!("opened: commit {}", store.commit_id()),
        Err(error) => println!("refused: {}: {error}", error.kind().code()),
    }
}

/// A file of a TiB that costs no disk, or `None` where the file system has no such files.
fn sparse_store(folder: &Folder) -> Option<PathBuf> {
    let path = folder.0.join("sparse");
    let (mut store, _) = store_of_four_pages(&path);
    store.close(Close::Commit).1.expect("a close");
    let file = open_raw(&path);
    if file.set_len(1 << 40).is_err() {
        println!("SKIPPED: {} has no sparse files of a TiB", folder.0.display());
        return None;
    }
    Some(path)
}

#[test]
fn a_claim_of_a_tebibyte_is_refused_without_the_memory_for_it() {
    let folder = Folder::new("claims");
    let Some(path) = sparse_store(&folder) else { return };
    let file = open_raw(&path);
    let good = header(&file, 1);
    for bytes in [1 << 39, DIRECTORY_BYTES_MAX + 1, DIRECTORY_BYTES_MAX] {
        // The newest header claims a directory somewhere in the void.
        let mut bad = good.clone();
        bad[48..56].copy_from_slice(&(1_u64 << 38).to_ne_bytes());
        bad[56..64].copy_from_slice(&u64::to_ne_bytes(bytes));
        write_sealed(&file, 1, bad);
        file.write_all_at(&[0; 512], SLOTS[0]).expect("the other slot");
        let said = open_with_little_memory(&path);
        assert!(said.contains("refused: ERR_STOA_CORRUPT"), "{said}");
    }
    write_sealed(&file, 1, good.clone());
    // The log is huge, and so is its first record.
    let (salt, epoch) = (number(&good, SALT_AT), number(&good, 16));
    let mut wide = good.clone();
    wide[32..40].copy_from_slice(&(1_u64 << 38).to_ne_bytes());
    for (log_bytes, length, counts) in [
        (1_u64 << 39, 1_u64 << 38, [0, u32::MAX, u32::MAX]),
        (8 << 30, 4 << 30, [0, 1, 0]),
        (8 << 30, 4 << 30, [0, 0, 1 << 20]),
        (8 << 30, 4 << 30, [1 << 28, 0, 0]),
        (8 << 30, 4 << 30, [(1 << 28) - 4, 0, 0]),
    ] {
        wide[40..48].copy_from_slice(&log_bytes.to_ne_bytes());
        write_sealed(&file, 1, wide.clone());
        let mut record = forged(salt, epoch, 2, 128, 1);
        record[24..32].copy_from_slice(&length.to_ne_bytes());
        for (index, count) in counts.into_iter().enumerate() {
            record[32 + index * 4..36 + index * 4].copy_from_slice(&u32::to_ne_bytes(count));
        }
        file.write_all_at(&record, 1 << 38).expect("a record");
        // A reader follows what is published without proving each record.
        let mut block = [0; 40];
        file.read_exact_at(&mut block, PUBLISHED).expect("the block");
        block[..8].copy_from_slice(&2_u64.to_ne_bytes());
        block[8..16].copy_from_slice(&epoch.to_ne_bytes());
        let sum = checksum(&block[..32]);
        block[32..].copy_from_slice(&sum.to_ne_bytes());
        file.write_all_at(&block, PUBLISHED).expect("the block");
        let said = open_with_little_memory(&path);
        assert!(said.contains("opened: commit 1") || said.contains("refused: ERR_"), "{said}");
        let is_refused =
            said.contains("unread: ERR_STOA_CORRUPT") || said.contains("read: commit 2");
        assert!(is_refused, "{said}");
    }
}

#[test]
fn no_mutated_header_of_a_sparse_file_ends_the_process() {
    let folder = Folder::new("mutated");
    let Some(path) = sparse_store(&folder) else { return };
    let file = open_raw(&path);
    let good = [header(&file, 0), header(&file, 1)];
    let seed = env::var("STOA_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = seed.map_or(1..=60_u64, |seed| seed..=seed);
    for seed in seeds {
        let draw = |stream: u64| XxHash3_64::oneshot_with_seed(seed, &stream.to_ne_bytes());
        for (slot, header) in good.iter().enumerate() {
            let mut bytes = header.clone();
            for change in 0..=draw(slot as u64) % 3 {
                let stream = 16 * (slot as u64 + 1) + change;
                // Any field behind the prefix: large, small, aligned, or any number at all.
                let field = 16 + 8 * usize::try_from(draw(stream) % 9).expect("a field");
                let any = draw(stream + 100);
                let value = match draw(stream + 200) % 4 {
                    0 => any,
                    1 => any % 1000,
                    2 => (any % (1 << 24)) * UNIT_BYTES,
                    _ => 1 << (any % 64),
                };
                bytes[field..field + 8].copy_from_slice(&value.to_ne_bytes());
            }
            write_sealed(&file, slot, bytes);
        }
        let said = open_with_little_memory(&path);
        assert!(
            said.contains("opened: commit") || said.contains("refused: ERR_STOA_"),
            "STOA_SEED={seed}: {said}"
        );
        file.set_len(1 << 40).expect("a sparse file");
    }
}
