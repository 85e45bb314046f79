//! Readers of real files. Goal: a reader in another process sees no torn commit in a snapshot that
//! is whole, works where it may not write, and changes nothing.
//!
//! Method: a writer commits appends and changes in place that keep an invariant across two regions,
//! while a process of its own takes snapshots of both. The control counts the torn reads that the
//! check finds: without them the test would show nothing.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use stoa_core::{Close, Copies, ElementKind, File, Growth, News, Options, RegionId, Store};

/// How long the writer goes on.
const TIME: Duration = Duration::from_millis(1200);
/// Rows that are changed in place, again and again.
const ROWS: u64 = 128 * 1024;
const WIDTH: u64 = 8;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("stoa-reading-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::set_permissions(&self.0, Permissions::from_mode(0o755));
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Both regions, as long as each other.
fn regions(store: &Store<File>) -> [RegionId; 2] {
    ["up", "down"].map(|name| store.find_region(name).expect("a region"))
}

/// Adds rows: in `down` the complement of what is in `up`.
fn append(store: &mut Store<File>, count: u64, value: u64) {
    for (id, value) in regions(store).into_iter().zip([value, !value]) {
        let len = store.len(id).expect("a length");
        store.grow(id, len + count, Growth::Amortised).expect("room");
        let bytes: Vec<u8> = (0..count).flat_map(|_| value.to_ne_bytes()).collect();
        store.write(id, len * WIDTH, &bytes).expect("rows");
        store.set_len(id, len + count).expect("a length");
    }
}

fn store_of_rows(path: &Path) -> Store<File> {
    let mut store = Store::open(path, &Options::default()).expect("a new store");
    for name in ["up", "down"] {
        store.create_region(name, ElementKind::U64, 1).expect("a region");
    }
    append(&mut store, ROWS, 0);
    store.commit().expect("a commit");
    store
}

/// How many rows, and whether the invariant holds: every pair of rows is a value and its
/// complement, and all rows changed in place are of one commit.
fn look(store: &mut Store<File>) -> (u64, bool) {
    let ids = regions(store);
    let lengths = ids.map(|id| store.len(id).expect("a length"));
    let [up, down] = ids.map(|id| {
        let mut bytes = vec![0; usize::try_from(lengths[0] * WIDTH).expect("memory")];
        store.read(id, 0, &mut bytes).expect("rows");
        let rows = bytes.chunks_exact(8).map(|row| u64::from_ne_bytes(row.try_into().expect("8")));
        rows.collect::<Vec<u64>>()
    });
    let is_complement = up.iter().zip(&down).all(|(up, down)| *up == !*down);
    let changed = &up[..usize::try_from(ROWS).expect("memory")];
    let is_one = changed.iter().all(|row| *row == changed[0]);
    (lengths[0], is_complement && is_one && lengths[0] == lengths[1])
}

/// Not a test by itself: the reader's process. Says what it saw when its input ends.
#[test]
fn reads_what_the_environment_names() {
    let Some(path) = env::var_os("STOA_READING") else { return };
    let mut store =
        Store::open_reading(PathBuf::from(path), &Options::default()).expect("a reader");
    let (mut whole, mut torn, mut wrong, mut newest) = (0, 0, 0, 0);
    let since = Instant::now();
    while since.elapsed() < TIME + Duration::from_secs(20) {
        store.begin_snapshot().expect("a snapshot");
        let (_, is_right) = look(&mut store);
        let is_whole = store.is_whole().expect("a check");
        assert!(store.commit_id() >= newest, "commits go on");
        newest = store.commit_id();
        whole += u64::from(is_whole);
        torn += u64::from(!is_right && !is_whole);
        wrong += u64::from(!is_right && is_whole);
        if store.metadata() == b"the end" && is_whole {
            break;
        }
    }
    println!("saw {whole} {torn} {wrong} {newest}");
}

/// A process that runs the test above.
fn reader(path: &Path) -> Command {
    let mut command = Command::new(env::current_exe().expect("this test"));
    command.args(["--exact", "reads_what_the_environment_names", "--nocapture"]);
    command.env("STOA_READING", path).stdout(Stdio::piped());
    command
}

#[test]
fn no_snapshot_that_is_whole_is_torn_and_others_are() {
    let folder = Folder::new("torn");
    let path = folder.0.join("store");
    let mut store = store_of_rows(&path);
    let readers: Vec<_> = (0..2).map(|_| reader(&path).spawn().expect("another process")).collect();
    let since = Instant::now();
    let mut commits = 0_u64;
    while since.elapsed() < TIME {
        commits += 1;
        for (id, value) in regions(&store).into_iter().zip([commits, !commits]) {
            let bytes: Vec<u8> = (0..ROWS).flat_map(|_| value.to_ne_bytes()).collect();
            store.write(id, 0, &bytes).expect("memory");
        }
        append(&mut store, 100, commits);
        store.commit().expect("a commit");
        // Else no snapshot is ever whole.
        std::thread::sleep(Duration::from_millis(4));
    }
    store.set_metadata(b"the end".to_vec()).expect("metadata");
    store.commit().expect("a commit");
    let mut all_torn = 0;
    for reader in readers {
        let output = reader.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
        let numbers = said.split("saw ").nth(1).expect("what it saw").lines().next();
        let numbers = numbers.expect("a line").split(' ').map(|it| it.parse().expect("a number"));
        let [whole, torn, wrong, newest] =
            <[u64; 4]>::try_from(numbers.collect::<Vec<u64>>()).expect("four numbers");
        println!("{commits} commits: {whole} whole snapshots, {torn} torn, {wrong} torn and whole");
        assert_eq!(wrong, 0, "a snapshot that was whole was torn");
        assert!(whole > 3, "{whole} snapshots were whole");
        assert_eq!(newest, store.commit_id(), "the last commit is seen");
        all_torn += torn;
    }
    assert!(all_torn > 0, "no read was torn: the test shows nothing");
}

#[test]
fn a_reader_that_may_not_write_reads_and_changes_nothing() {
    let folder = Folder::new("frozen");
    let path = folder.0.join("store");
    store_of_rows(&path).close(Close::Commit).1.expect("a close");
    let killed = folder.0.join("killed");
    {
        // What a writer leaves that is killed: its log holds a commit.
        let mut store = Store::open(&path, &Options::default()).expect("a store");
        append(&mut store, 10, 5);
        store.commit().expect("a commit");
        fs::copy(&path, &killed).expect("a copy");
        store.close(Close::Commit).1.expect("a close");
    }
    for path in [&path, &killed] {
        fs::set_permissions(path, Permissions::from_mode(0o444)).expect("it is ours");
        fs::set_permissions(&folder.0, Permissions::from_mode(0o555)).expect("it is ours");
        let before = (fs::read(path).expect("bytes"), fs::metadata(path).expect("it is there"));
        let mut store = Store::open_reading(path, &Options::default()).expect("a reader");
        assert_eq!(look(&mut store), (ROWS + 10, true));
        let [up, _] = regions(&store);
        store.write(up, 0, &[9; 5000]).expect("its own memory");
        assert_eq!(store.begin_snapshot().expect("a snapshot"), News::None);
        assert_eq!(look(&mut store), (ROWS + 10, true), "a snapshot forgets stray values");
        assert!(store.is_whole().expect("a check"));
        assert_eq!(store.refresh(Copies::Kept).expect("nothing new"), News::None);
        store.close(Close::Commit).1.expect("a close");
        let after = fs::metadata(path).expect("it is there");
        assert!(before.0 == fs::read(path).expect("bytes"), "not a byte is another");
        let modified = |found: &fs::Metadata| found.modified().expect("a time");
        assert_eq!(modified(&before.1), modified(&after));
        fs::set_permissions(&folder.0, Permissions::from_mode(0o755)).expect("it is ours");
    }
}
