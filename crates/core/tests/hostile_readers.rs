//! Hostile files, read. Goal: whatever a file says, and whatever it says a moment later, a reader
//! shows a state or gives an error: no crash, no memory without end, nothing written.
//!
//! Method: changes fields of the headers, the published block, the sequence word, the records and
//! the directories of real stores, seals what they are sealed with, and opens and refreshes, in a
//! process under a limit of memory; also while another thread goes on changing the file.
//! `STOA_SEED` repeats one file.

use std::env;
use std::fs::{self, File as StdFile};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use stoa_core::format::{UNIT_BYTES, checksum};
use stoa_core::{Close, Copies, ElementKind, ErrorKind, File, Growth, Options, Store};
use twox_hash::XxHash3_64;

const SLOTS: [u64; 2] = [4096, 69_632];
const AREAS: [u64; 2] = [8192, 73_728];
const TOLD: u64 = 2 * UNIT_BYTES;
const LOG: u64 = 3 * UNIT_BYTES;
const MAGIC: u64 = 0x8b1d_5e70_a106_c0de;

/// A stream of numbers from a seed.
struct Draw(u64, u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.1 += 1;
        XxHash3_64::oneshot_with_seed(self.0, &self.1.to_ne_bytes())
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Large, small, aligned, near what is there, or any number at all.
    fn value(&mut self, old: u64) -> u64 {
        let any = self.next();
        match any % 6 {
            0 => any,
            1 => any % 1000,
            2 => (any % (1 << 24)) * UNIT_BYTES,
            3 => 1 << (any % 64),
            _ => old.wrapping_add(any >> 8 & 7).wrapping_sub(3),
        }
    }
}

fn bytes_at<const N: usize>(file: &StdFile, at: u64) -> [u8; N] {
    let mut bytes = [0; N];
    file.read_exact_at(&mut bytes, at).expect("the file is long enough");
    bytes
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

fn set(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_ne_bytes());
}

/// Changes something, and seals it again in most cases.
fn mutate(file: &StdFile, draw: &mut Draw) {
    let is_sealed = draw.below(8) > 0;
    let slot = usize::try_from(draw.below(2)).expect("a slot");
    match draw.below(7) {
        0 => {
            let mut bytes: [u8; 512] = bytes_at(file, SLOTS[slot]);
            let at = 16 + 8 * usize::try_from(draw.below(9)).expect("a field");
            let value = draw.value(word(&bytes, at));
            set(&mut bytes, at, value);
            if is_sealed {
                let sum = checksum(&bytes[..504]);
                set(&mut bytes, 504, sum);
            }
            file.write_all_at(&bytes, SLOTS[slot]).expect("a header");
        }
        1 | 2 => {
            // The boot stays, most of the time: then the block is believed.
            let mut bytes: [u8; 104] = bytes_at(file, TOLD);
            let field = [0, 0, 64, 64, 72, 72, 88, 80][usize::try_from(draw.below(8)).expect("8")];
            let value = draw.value(word(&bytes, field));
            set(&mut bytes, field, value);
            if is_sealed {
                let sum = checksum(&bytes[64..96]);
                set(&mut bytes, 96, sum);
            }
            file.write_all_at(&bytes, TOLD).expect("the block");
        }
        3 | 4 => {
            let at = LOG + 4096 * draw.below(4);
            let mut bytes: [u8; 4096] = bytes_at(file, at);
            let field = 8 * usize::try_from(draw.below(40)).expect("a field");
            let value = draw.value(word(&bytes, field));
            set(&mut bytes, field, value);
            let length = usize::try_from(word(&bytes, 24)).unwrap_or(usize::MAX);
            if is_sealed && (64..=4096).contains(&length) {
                let salt = word(&bytes, 0) ^ MAGIC;
                let sum = XxHash3_64::oneshot_with_seed(salt, &bytes[16..length]);
                set(&mut bytes, 8, sum);
            }
            file.write_all_at(&bytes, at).expect("a record");
        }
        5 => {
            let header: [u8; 512] = bytes_at(file, SLOTS[slot]);
            let length = usize::try_from(word(&header, 56).min(4096)).expect("it is small");
            let mut bytes: [u8; 4096] = bytes_at(file, AREAS[slot]);
            let field = 8 * usize::try_from(draw.below(30)).expect("a field");
            let value = draw.value(word(&bytes, field));
            set(&mut bytes, field, value);
            file.write_all_at(&bytes, AREAS[slot]).expect("a directory");
            let mut header = header;
            set(&mut header, 64, checksum(&bytes[..length]));
            let sum = checksum(&header[..504]);
            set(&mut header, 504, sum);
            file.write_all_at(&header, SLOTS[slot]).expect("a header");
        }
        _ => {
            let longer = file.metadata().expect("its length").len() + draw.below(1 << 30);
            file.set_len(longer.min(1 << 36)).expect("a sparse file");
        }
    }
}

/// The bytes of a store that a writer left with commits in its log.
fn store_bytes(folder: &Path) -> Vec<u8> {
    let path = folder.join("good");
    let mut store = Store::open(&path, &Options::default()).expect("a new store");
    for (name, rows) in [("a", 5000), ("b", 100_000), ("c", 0)] {
        let id = store.create_region(name, ElementKind::U8, 1).expect("a region");
        store.grow(id, rows.max(1), Growth::Exact).expect("room");
        store.set_len(id, rows).expect("a length");
    }
    store.commit().expect("a commit");
    store.close(Close::Commit).1.expect("a close");
    let mut store = Store::open(&path, &Options::default()).expect("the store");
    let id = store.find_region("a").expect("a region");
    for value in 1..4_u8 {
        store.write(id, 100, &[value; 300]).expect("rows");
        store.set_len(id, 5000 + u64::from(value)).expect("a length");
        store.set_metadata(vec![value; 40]).expect("metadata");
        store.commit().expect("a commit");
    }
    fs::read(&path).expect("what a kill leaves")
}

/// Looks at the ends of all regions.
fn look(store: &mut Store<File>) -> Result<(), ErrorKind> {
    for info in store.regions().collect::<Vec<_>>() {
        let width = u64::from(info.kind.bytes()) * u64::from(info.lanes);
        for at in [0, (info.len * width).saturating_sub(1)] {
            if at < info.len * width {
                store.read(info.id, at, &mut [0]).map_err(|error| error.kind())?;
            }
        }
        store.write(info.id, 0, &[1; 0]).map_err(|error| error.kind())?;
    }
    Ok(())
}

/// Opens, or refreshes, and looks. What it says must be a state or an error of the file.
fn read(store: &mut Option<Store<File>>, path: &Path, draw: &mut Draw) -> Result<(), ErrorKind> {
    let options = Options { reserve_bytes: 1 << 24, ..Options::default() };
    let Some(open) = store else {
        *store = Some(Store::open_reading(path, &options).map_err(|error| error.kind())?);
        return Ok(());
    };
    let result = match draw.below(4) {
        0 => open.refresh(Copies::Kept),
        1 => open.refresh(Copies::Forgotten),
        _ => open.begin_snapshot(),
    };
    let result = result.map_err(|error| error.kind()).and_then(|_| look(open));
    if result.is_err() && (open.is_poisoned() || draw.below(3) == 0) {
        *store = None;
    }
    result
}

/// Not a test by itself: what runs under the limit.
#[test]
fn reads_what_is_changed_all_the_time() {
    let Some(path) = env::var_os("STOA_HOSTILE_READER").map(PathBuf::from) else { return };
    let good = fs::read(&path).expect("a store");
    let seed = env::var("STOA_SEED").ok().and_then(|seed| seed.parse().ok());
    let file = StdFile::options().read(true).write(true).open(&path).expect("a file");
    let (mut shown, mut refused) = (0, 0);
    for seed in seed.map_or(1..=400_u64, |seed| seed..=seed) {
        println!("STOA_SEED={seed}");
        let mut draw = Draw(seed, 0);
        file.write_all_at(&good, 0).expect("the good store");
        let is_over = AtomicBool::new(false);
        let mut store = None;
        thread::scope(|scope| {
            if seed % 8 == 0 {
                let mut draw = Draw(!seed, 0);
                let (file, is_over) = (&file, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        mutate(file, &mut draw);
                    }
                });
            }
            for round in 0..30 {
                if round % 10 == 0 {
                    file.write_all_at(&good, 0).expect("the good store");
                    // None of the two: what was mapped may be cut off else.
                    assert!(seed % 8 == 0 || read(&mut None, &path, &mut draw).is_ok());
                }
                mutate(&file, &mut draw);
                let before = file.metadata().expect("its times").modified().expect("a time");
                let result = read(&mut store, &path, &mut draw);
                let after = file.metadata().expect("its times").modified().expect("a time");
                assert!(seed % 8 == 0 || before == after, "a reader wrote to the file");
                match result {
                    Ok(()) => shown += 1,
                    Err(ErrorKind::Internal) => panic!("an internal error"),
                    Err(_) => refused += 1,
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
    println!("ended: {shown} shown, {refused} refused");
}

#[test]
fn no_changed_file_ends_a_reader() {
    let folder = env::temp_dir().join(format!("stoa-hostile-readers-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test");
    let path = folder.join("store");
    fs::write(&path, store_bytes(&folder)).expect("a copy");
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 4000000 && exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(env::current_exe().expect("this test"))
        .arg("reads_what_is_changed_all_the_time")
        .env("STOA_HOSTILE_READER", &path)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let _ = fs::remove_dir_all(&folder);
    let last = said.lines().rfind(|line| line.starts_with("STOA_SEED"));
    assert!(output.status.success(), "{last:?}: {}: {told}", output.status);
    println!("{}", said.lines().find(|line| line.starts_with("ended")).expect("it ended"));
}
