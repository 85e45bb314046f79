//! Hostile live stores. Goal: what somebody puts into a live block, a live directory or a table of
//! lengths is an error or a state, for a writer and for a reader: never a crash, never memory without
//! end, and an opening that fails leaves the file as it was.
//!
//! Method: takes a copy of a live store, as a kill leaves it, lies in it, and seals it again. Lies
//! that one thinks of are written down; others are drawn, and `STOA_SEED` repeats one of these.

use std::env;
use std::fs::{self, File as StdFile};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use stoa_core::format::{DIRECTORY_BYTES_MAX, UNIT_BYTES, checksum};
use stoa_core::{Close, ElementKind, ErrorKind, Growth, Options, Result, Store};
use twox_hash::XxHash3_64;

const LIVE: u64 = 131_200;
const FIELDS: usize = 7;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("stoa-live-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options() -> Options {
    Options { reserve_bytes: 1 << 30, ..Options::default() }
}

/// What a kill leaves of a live store: two regions, rows and a region of which no commit knows.
fn killed(folder: &Folder) -> PathBuf {
    let (path, copy) = (folder.0.join("live"), folder.0.join("killed"));
    let mut store = Store::open(&path, &options()).expect("a new store");
    for name in ["one", "two", "three"] {
        let region = store.create_region(name, ElementKind::U64, 1).expect("a region");
        store.grow(region, 9000, Growth::Exact).expect("room");
        store.write(region, 0, &vec![7; 72_000]).expect("rows");
        store.set_len(region, 9000).expect("a length");
        if name == "two" {
            store.go_live().expect("a boot that is known");
        }
    }
    fs::copy(&path, &copy).expect("what a kill leaves");
    store.close(Close::Commit).1.expect("a close");
    copy
}

/// The live block: boot, directory (offset, bytes, checksum), table (offset, bytes), change.
#[derive(Clone, Copy)]
struct Block([u64; FIELDS]);

impl Block {
    fn read(file: &StdFile) -> Self {
        let mut bytes = [0; FIELDS * 8];
        file.read_exact_at(&mut bytes, LIVE).expect("a live block");
        Self(std::array::from_fn(|index| number(&bytes[index * 8..])))
    }

    fn write(self, file: &StdFile) {
        let mut bytes: Vec<u8> = self.0.iter().flat_map(|field| field.to_ne_bytes()).collect();
        let sum = checksum(&bytes);
        bytes.extend(sum.to_ne_bytes());
        file.write_all_at(&bytes, LIVE).expect("a live block");
    }

    fn with(mut self, field: usize, value: u64) -> Self {
        self.0[field] = value;
        self
    }

    fn directory(self, file: &StdFile) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.0[2]).expect("a small directory")];
        file.read_exact_at(&mut bytes, self.0[1]).expect("a live directory");
        bytes
    }

    /// Puts another directory in place of the one that it names.
    fn write_directory(self, file: &StdFile, bytes: &[u8]) {
        file.write_all_at(bytes, self.0[1]).expect("a live directory");
        self.with(2, bytes.len() as u64).with(3, checksum(bytes)).write(file);
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(bytes[..8].try_into().expect("eight bytes"))
}

fn open_raw(path: &Path) -> StdFile {
    StdFile::options().read(true).write(true).open(path).expect("a file")
}

/// Touches what a store says that it has: all of it, or the ends of what is large.
fn touch(store: &mut Store<stoa_core::File>) -> Result<()> {
    let infos: Vec<_> = store.regions().collect();
    for info in infos {
        let bytes = info.len * u64::from(info.lanes) * u64::from(info.kind.bytes());
        for at in [0, (bytes / 2) & !7, bytes.saturating_sub(8)] {
            let count = usize::try_from(bytes.saturating_sub(at).min(4096)).expect("a page");
            store.read(info.id, at, &mut vec![0; count])?;
        }
    }
    Ok(())
}

/// A writer that opens goes on as with any other store.
fn go_on(path: &Path) -> Result<()> {
    let mut store = Store::open(path, &options())?;
    let check = |result: Result<()>| match result {
        Err(error) if error.kind() != ErrorKind::Limit => panic!("after it opened: {error}"),
        _ => {}
    };
    check(touch(&mut store));
    check(store.create_region("new", ElementKind::U8, 1).and_then(|region| {
        store.grow(region, 70_000, Growth::Exact)?;
        store.write(region, 0, &vec![1; 70_000])?;
        store.set_len(region, 70_000)
    }));
    let committed = store.close(Close::Commit).1;
    check(committed);
    check(Store::open(path, &options()).map(drop));
    Ok(())
}

fn kind_of<T>(result: &Result<T>) -> String {
    match result {
        Ok(_) => "opened".to_owned(),
        Err(error) => error.kind().code().to_owned(),
    }
}

/// Opens a file for reading, then for writing. Gives what both said.
fn open_both(path: &Path) -> [String; 2] {
    let before = fs::read(path).expect("the file");
    let read = Store::open_reading(path, &options()).and_then(|mut store| touch(&mut store));
    assert!(fs::read(path).expect("the file") == before, "a reader changed the file");
    let written = go_on(path);
    if written.is_err() {
        assert!(fs::read(path).expect("the file") == before, "a failed opening changed the file");
    }
    [kind_of(&read), kind_of(&written)]
}

#[test]
fn lies_of_a_live_block_that_one_thinks_of_are_refused() {
    let folder = Folder::new("block");
    let good = killed(&folder);
    let bytes = fs::metadata(&good).expect("the file").len();
    let path = folder.0.join("lie");
    let block = Block::read(&open_raw(&good));
    let of_one = 8 * UNIT_BYTES;
    let lies = [
        ("the directory behind the end", block.with(1, bytes)),
        ("the directory in the log", block.with(1, 3 * UNIT_BYTES)),
        ("the directory over the identity", block.with(1, 0)),
        ("a huge directory", block.with(2, DIRECTORY_BYTES_MAX)),
        ("another checksum", block.with(3, 1)),
        ("the table behind the end", block.with(4, bytes)),
        ("a table that ends behind the end", block.with(5, bytes)),
        ("the table over the header", block.with(4, 0)),
        ("the table over the log", block.with(4, 3 * UNIT_BYTES)),
        ("the table over a region", block.with(4, of_one)),
        ("the table over the directory", block.with(4, block.0[1])),
    ];
    for (lie, block) in lies {
        fs::copy(&good, &path).expect("a copy");
        block.write(&open_raw(&path));
        assert_eq!(open_both(&path), ["ERR_STOA_CORRUPT", "ERR_STOA_CORRUPT"], "{lie}");
    }
    // Senseless numbers are no live block at all, and neither is that of another boot.
    let senseless = [
        block.with(0, 0),
        block.with(0, block.0[0] ^ 1),
        block.with(1, u64::MAX),
        block.with(2, u64::MAX),
        block.with(4, 7),
        block.with(5, 0),
        block.with(5, u64::MAX - UNIT_BYTES + 1),
    ];
    for block in senseless {
        fs::copy(&good, &path).expect("a copy");
        block.write(&open_raw(&path));
        assert_eq!(open_both(&path), ["opened", "opened"], "{:?}", block.0);
        let store = Store::open(&path, &options()).expect("it opened before");
        assert!(store.find_region("three").is_none(), "{:?} told of it", block.0);
    }
    // The control: what was told is believed.
    fs::copy(&good, &path).expect("a copy");
    let store = Store::open(&path, &options()).expect("a killed live store");
    let three = store.find_region("three").expect("a region that was told");
    assert_eq!(store.len(three).expect("it is there"), 9000);
}

#[test]
fn a_told_length_is_at_most_what_its_region_has_room_for() {
    let folder = Folder::new("lengths");
    let good = killed(&folder);
    let path = folder.0.join("lie");
    for length in [9001, 1 << 20, u64::MAX, u64::MAX / 8 + 1] {
        fs::copy(&good, &path).expect("a copy");
        let file = open_raw(&path);
        let block = Block::read(&file);
        for region in 0..3 {
            file.write_all_at(&length.to_ne_bytes(), block.0[4] + region * 8).expect("a length");
        }
        let reader = Store::open_reading(&path, &options()).expect("a state");
        assert!(reader.regions().all(|info| info.len <= info.capacity && info.len > 0), "{length}");
        drop(reader);
        assert_eq!(open_both(&path), ["opened", "opened"], "{length}");
    }
}

/// A number in a lie: any, a small one, a multiple of the unit near the file, a power of two.
fn lie(draw: impl Fn(u64) -> u64, stream: u64) -> u64 {
    let any = draw(stream + 1);
    match draw(stream) % 4 {
        0 => any,
        1 => any % 1000,
        2 => (any % 40) * UNIT_BYTES,
        _ => 1 << (any % 64),
    }
}

#[test]
fn drawn_lies_are_an_error_or_a_state() {
    let folder = Folder::new("drawn");
    let good = killed(&folder);
    let path = folder.0.join("lie");
    let seed = env::var("STOA_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut said = [0; 2];
    for seed in seed.map_or(1..=250_u64, |seed| seed..=seed) {
        println!("STOA_SEED={seed}");
        let draw = |stream: u64| XxHash3_64::oneshot_with_seed(seed, &stream.to_ne_bytes());
        fs::copy(&good, &path).expect("a copy");
        let file = open_raw(&path);
        let block = Block::read(&file);
        let index = |stream: u64, below: usize| {
            usize::try_from(draw(stream) % below as u64).expect("below a usize")
        };
        for change in 0..=draw(0) % 3 {
            let stream = 1000 * (change + 1);
            let value = lie(draw, stream);
            match draw(stream + 2) % 3 {
                0 => Block::read(&file).with(1 + index(stream + 3, FIELDS - 1), value).write(&file),
                1 => {
                    let mut bytes = block.directory(&file);
                    let width = [4, 8][index(stream + 4, 2)];
                    let at = index(stream + 3, bytes.len() / width) * width;
                    bytes[at..at + width].copy_from_slice(&value.to_ne_bytes()[..width]);
                    block.write_directory(&file, &bytes);
                }
                _ => {
                    let at = block.0[4] + draw(stream + 3) % 8 * 8;
                    file.write_all_at(&value.to_ne_bytes(), at).expect("a length");
                }
            }
        }
        drop(file);
        for (count, words) in said.iter_mut().zip(open_both(&path)) {
            *count += usize::from(words == "opened");
        }
    }
    println!("opened by readers and by writers: {said:?}");
}

/// Not a test by itself: what runs under a limit of memory.
#[test]
fn opens_the_live_store_that_the_environment_names() {
    let Some(path) = env::var_os("STOA_HOSTILE_LIVE").map(PathBuf::from) else { return };
    for opened in [Store::open_reading(&path, &options()), Store::open(&path, &options())] {
        println!("said: {}", kind_of(&opened));
    }
}

#[test]
fn a_live_block_that_claims_a_tebibyte_costs_no_memory() {
    let folder = Folder::new("sparse");
    let path = killed(&folder);
    let file = open_raw(&path);
    if file.set_len(1 << 40).is_err() {
        println!("SKIPPED: {} has no sparse files of a TiB", folder.0.display());
        return;
    }
    let block = Block::read(&file);
    let mut many = block.directory(&file);
    many[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
    let lies: [&dyn Fn(); 3] = [
        &|| block.with(4, 1 << 38).with(5, 1 << 39).write(&file),
        &|| block.with(1, 1 << 38).with(2, DIRECTORY_BYTES_MAX).write(&file),
        &|| block.with(4, 1 << 38).with(5, 1 << 39).write_directory(&file, &many),
    ];
    for lie in lies {
        lie();
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 4000000 && exec \"$0\" --exact \"$1\" --nocapture"])
            .arg(env::current_exe().expect("this test"))
            .arg("opens_the_live_store_that_the_environment_names")
            .env("STOA_HOSTILE_LIVE", &path)
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {said}", output.status);
        assert_eq!(said.matches("said: ").count(), 2, "{said}");
    }
}
