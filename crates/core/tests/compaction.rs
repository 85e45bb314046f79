//! Compaction of real files. Goal: the file that takes the place of a store holds the newest commit and
//! nothing else, under the same name and number; whoever waits, reads or looks on goes over to it, and
//! memory that was shown stays as it was. What a crash leaves is proved in `crash`.
//!
//! Method: stores in a folder of their own, opened as programs open them, also by several openings at
//! once; strings laid out by hand as `docs/format.md` tells.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use stoa_core::{
    Close, Copies, ElementKind, ErrorKind, File, Growth, Memory, News, Options, RegionId, Store,
    Text,
};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("stoa-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).expect("the folder");
        let mut names: Vec<String> = names
            .map(|name| name.expect("a name").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(path: &Path) -> Store<File> {
    Store::open(path, &Options::default()).expect("the store opens")
}

fn put(store: &mut Store<File>, id: RegionId, at: u64, bytes: &[u8], width: u64) {
    let end = at + bytes.len() as u64;
    store.grow(id, end / width, Growth::Amortised).expect("room");
    store.write(id, at, bytes).expect("a write");
    store.set_len(id, end / width).expect("a length");
}

fn all(store: &mut Store<File>, id: RegionId, width: u64) -> Vec<u8> {
    let mut bytes = vec![0; (store.len(id).expect("a region") * width) as usize];
    store.read(id, 0, &mut bytes).expect("a read");
    bytes
}

fn numbers(count: u32) -> Vec<u8> {
    (0..count).flat_map(u32::to_ne_bytes).collect()
}

/// A column of strings: views, and the heap behind them.
struct Strings {
    text: Text,
    views: u64,
    heap: u64,
}

impl Strings {
    fn create(store: &mut Store<File>) -> Self {
        let views = store.create_region("views", ElementKind::View, 1).expect("a region");
        let heap = store.create_region("heap", ElementKind::U8, 1).expect("a region");
        Self { text: Text { views, heap }, views: 0, heap: 0 }
    }

    fn put(&mut self, store: &mut Store<File>, row: u64, string: &[u8]) {
        let mut view = [0; 16];
        view[..4].copy_from_slice(&(string.len() as u32).to_ne_bytes());
        if string.len() <= 12 {
            view[4..4 + string.len()].copy_from_slice(string);
        } else {
            view[4..8].copy_from_slice(&string[..4]);
            view[12..].copy_from_slice(&(self.heap as u32).to_ne_bytes());
            put(store, self.text.heap, self.heap, string, 1);
            self.heap += string.len() as u64;
        }
        let rows = self.views.max(row + 1);
        store.grow(self.text.views, rows, Growth::Amortised).expect("room");
        store.write(self.text.views, row * 16, &view).expect("a write");
        store.set_len(self.text.views, rows).expect("a length");
        self.views = rows;
    }

    fn get(&self, store: &mut Store<File>, row: u64) -> Vec<u8> {
        let mut view = [0; 16];
        store.read(self.text.views, row * 16, &mut view).expect("a view");
        let length = u32::from_ne_bytes(view[..4].try_into().expect("4 bytes")) as usize;
        if length <= 12 {
            return view[4..4 + length].to_vec();
        }
        let mut string = vec![0; length];
        let at = u32::from_ne_bytes(view[12..].try_into().expect("4 bytes"));
        store.read(self.text.heap, u64::from(at), &mut string).expect("a string");
        string
    }
}

fn string(row: u64, round: u64) -> Vec<u8> {
    let length = (row * 7 + round * 13) % 90;
    format!("{row}-{round}-").into_bytes().into_iter().cycle().take(length as usize).collect()
}

#[test]
fn what_was_dropped_removed_or_replaced_leaves_the_file_and_the_rest_is_as_it_was() {
    let folder = Folder::new("compact-space");
    let mut store = open(&folder.store());
    let kept = store.create_region("kept", ElementKind::U32, 1).expect("a region");
    put(&mut store, kept, 0, &numbers(100_000), 4);
    let gone = store.create_region("gone", ElementKind::U8, 1).expect("a region");
    put(&mut store, gone, 0, &vec![7; 8 << 20], 1);
    let mut strings = Strings::create(&mut store);
    for round in 0..5 {
        for row in 0..3000 {
            strings.put(&mut store, row, &string(row, round));
        }
        store.commit().expect("a commit");
    }
    store.drop_region(gone).expect("a drop");
    store.set_len(kept, 90_000).expect("a length");
    store.commit().expect("a commit");
    put(&mut store, kept, 360_000, &[1, 2, 3, 4], 4);
    store.set_metadata(b"what the regions mean".to_vec()).expect("metadata");
    let (before, garbage) = (store.byte_length(), strings.heap);

    store.compact(&[strings.text]).expect("a compaction");

    let needed: u64 = (0..3000).map(|row| string(row, 4).len() as u64).filter(|it| *it > 12).sum();
    assert_eq!(store.len(strings.text.heap).expect("a region"), needed);
    assert!(garbage > 4 * needed, "{garbage} {needed}");
    assert!(store.byte_length() < before / 8, "{before} {}", store.byte_length());
    assert_eq!(fs::metadata(folder.store()).expect("the file").len(), store.byte_length());
    assert_eq!(store.info().free_bytes, 0);
    let expected = [&numbers(90_000)[..], &[1, 2, 3, 4]].concat();
    for times in 0..3 {
        assert_eq!(store.metadata(), b"what the regions mean");
        assert_eq!(store.commit_id(), 7 + times, "the number goes on");
        assert_eq!(all(&mut store, kept, 4), expected);
        for row in 0..3000 {
            assert_eq!(strings.get(&mut store, row), string(row, 4), "row {row}");
        }
        assert!(store.verifier().expect("a check").verify().expect("it").problems.is_empty());
        if times == 0 {
            // It goes on as any store: in memory, in the log, and after it was closed.
            store.write(kept, 0, &[0; 4]).expect("a write");
        } else {
            store.write(kept, 4, &[0; 4]).expect("a write");
        }
        store.rollback().expect("a rollback");
        store.set_data_version(times as u32 + 1).expect("a version");
        store.close(Close::Commit).1.expect("a close");
        store = open(&folder.store());
    }
    assert_eq!(folder.names(), ["store"]);
}

#[test]
fn memory_shown_before_stays_as_it_was_and_reaches_nothing() {
    let folder = Folder::new("compact-views");
    let mut store = open(&folder.store());
    let id = store.create_region("numbers", ElementKind::U32, 1).expect("a region");
    put(&mut store, id, 0, &numbers(50_000), 4);
    store.commit().expect("a commit");
    store.compact(&[]).expect("a compaction");
    let mut retired = store.take_retired();
    assert_eq!(retired.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id]);
    let (_, former) = &mut retired[0];
    let mut bytes = vec![0; 200_000];
    former.read(0, &mut bytes);
    assert_eq!(bytes, numbers(50_000));
    // Where it was private and where it was shared.
    former.write(8, &[255; 8]);
    former.write(200_000, &[255; 800]);
    put(&mut store, id, 200_000, &[3; 8], 4);
    store.commit().expect("a commit");
    former.read(0, &mut bytes);
    assert_eq!(bytes[8..16], [255; 8]);
    assert_eq!(all(&mut store, id, 4), [&numbers(50_000)[..], &[3; 8]].concat());
    store.close(Close::Commit).1.expect("a close");
    let mut store = open(&folder.store());
    assert_eq!(all(&mut store, id, 4), [&numbers(50_000)[..], &[3; 8]].concat());
}

#[test]
fn a_reader_goes_over_to_the_new_file_with_its_next_refresh_and_not_before() {
    let folder = Folder::new("compact-readers");
    let mut store = open(&folder.store());
    let id = store.create_region("numbers", ElementKind::U32, 1).expect("a region");
    put(&mut store, id, 0, &numbers(1000), 4);
    store.commit().expect("a commit");
    let mut reader =
        Store::open_reading(folder.store(), &Options::default()).expect("a reader opens");
    assert_eq!(all(&mut reader, id, 4), numbers(1000));
    store.compact(&[]).expect("a compaction");
    put(&mut store, id, 4000, &[9; 4], 4);
    store.commit().expect("a commit");
    assert_eq!((reader.commit_id(), all(&mut reader, id, 4)), (1, numbers(1000)));
    assert_eq!(reader.refresh(Copies::Forgotten).expect("a refresh"), News::Memory);
    assert_eq!((reader.commit_id(), all(&mut reader, id, 4).len()), (2, 4004));
    assert_eq!(reader.refresh(Copies::Forgotten).expect("a refresh"), News::None);
    for round in 0..3 {
        store.compact(&[]).expect("a compaction");
        assert_eq!(reader.begin_snapshot().expect("a snapshot"), News::Memory, "round {round}");
        assert!(reader.is_whole().expect("it"));
    }
    drop(store);
    // Garbage, and then a store that is another: the reader stays where it was.
    fs::remove_file(folder.store()).expect("the file goes");
    assert_eq!(reader.refresh(Copies::Forgotten).expect("a refresh"), News::None);
    fs::write(folder.store(), "no store at all").expect("another file");
    let refused = reader.refresh(Copies::Forgotten).expect_err("no store");
    assert_eq!(refused.kind(), ErrorKind::Format, "{refused}");
    fs::remove_file(folder.store()).expect("the file goes");
    drop(open(&folder.store()));
    let refused = reader.refresh(Copies::Forgotten).expect_err("an older commit");
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
    assert_eq!((reader.commit_id(), all(&mut reader, id, 4).len()), (2, 4004));
}

#[test]
fn who_waits_for_the_lock_of_the_old_file_gets_that_of_the_new_one() {
    let folder = Folder::new("compact-lock");
    let path = folder.store();
    let mut store = open(&path);
    let id = store.create_region("numbers", ElementKind::U32, 1).expect("a region");
    put(&mut store, id, 0, &numbers(10), 4);
    let waiter = std::thread::spawn({
        let path = path.clone();
        move || {
            let options = Options { wait: Duration::from_secs(30), ..Options::default() };
            let mut store = Store::open(path, &options).expect("its turn comes");
            (store.commit_id(), all(&mut store, id, 4))
        }
    });
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(5));
        store.compact(&[]).expect("a compaction");
        assert!(!waiter.is_finished(), "the lock is held all the time");
    }
    let refused = Store::open(&path, &Options::default()).expect_err("the lock is held");
    assert_eq!(refused.kind(), ErrorKind::Locked, "{refused}");
    put(&mut store, id, 40, &[5; 4], 4);
    store.close(Close::Commit).1.expect("a close");
    let (commit, bytes) = waiter.join().expect("no panic");
    assert_eq!((commit, bytes.len()), (2, 44));
}

#[test]
fn permissions_stay_and_links_are_followed() {
    let folder = Folder::new("compact-links");
    let link = folder.0.join("link");
    let mut store = open(&folder.store());
    symlink("store", &link).expect("a link");
    fs::set_permissions(folder.store(), fs::Permissions::from_mode(0o640)).expect("its own file");
    store.close(Close::Commit).1.expect("a close");
    let mut store = open(&link);
    store.create_region("numbers", ElementKind::U32, 1).expect("a region");
    let before = fs::metadata(folder.store()).expect("the file");
    store.compact(&[]).expect("a compaction");
    let after = fs::metadata(folder.store()).expect("the file");
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert_ne!(before.ino(), after.ino());
    assert_eq!(after.mode(), before.mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    fs::hard_link(folder.store(), folder.0.join("other")).expect("a second name");
    let refused = store.compact(&[]).expect_err("it has two names");
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
    fs::rename(folder.0.join("other"), folder.0.join("store.moved")).expect("a rename");
    fs::remove_file(folder.store()).expect("its name");
    let refused = store.compact(&[]).expect_err("it lost its path");
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
    drop(open(&folder.store()));
    let refused = store.compact(&[]).expect_err("another file has its path");
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
    store.set_data_version(3).expect("a version");
    store.commit().expect("the store goes on");
    assert_eq!(folder.names(), ["link", "store", "store.moved"]);
}

#[test]
fn a_damaged_page_is_refused_and_nothing_is_changed() {
    let folder = Folder::new("compact-damage");
    let mut store = open(&folder.store());
    let id = store.create_region("numbers", ElementKind::U32, 1).expect("a region");
    put(&mut store, id, 0, &numbers(100_000), 4);
    store.close(Close::Commit).1.expect("a close");
    let file = fs::read(folder.store()).expect("the file");
    let place = file.windows(4096).position(|it| it == &numbers(2048)[4096..]).expect("a page");
    let mut damaged = file.clone();
    damaged[place] ^= 1;
    fs::write(folder.store(), &damaged).expect("the same file");
    let mut store = open(&folder.store());
    let refused = store.compact(&[]).expect_err("a damaged page");
    assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused}");
    assert_eq!(folder.names(), ["store"]);
    put(&mut store, id, 0, &numbers(100_000), 4);
    store.commit().expect("the store goes on");
    store.compact(&[]).expect("a compaction");
}
