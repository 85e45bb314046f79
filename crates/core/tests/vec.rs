//! Goal: `MmapVec` is a `Vec` that survives.
//!
//! Method: random verbs on an array in a file and on a `Vec` beside it, with commits, rollbacks
//! and reopenings in between, and the same bytes seen by every way of searching changed pages.
//! `STOA_SEED` repeats a run.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use stoa_core::{DirtySearch, ErrorKind, MmapVec, Options};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("stoa-vec-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("vec.stoa")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the test's folder goes away");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((value ^ (value >> 31)) % limit.max(1) as u64).expect("below a usize")
    }
}

fn seed() -> u64 {
    let given = env::var("STOA_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
        u64::from(now.subsec_nanos())
    });
    println!("STOA_SEED={seed}");
    seed
}

fn verbs_agree_with_a_vec(search: DirtySearch) {
    let folder = Folder::new(&format!("{search:?}"));
    let options = Options { dirty_search: Some(search), ..Options::default() };
    let open = || MmapVec::<u32>::open(folder.file(), &options).expect("the array opens");
    let mut random = Random(seed());
    let (mut array, mut model, mut committed) = (open(), Vec::new(), Vec::new());
    for step in 0..2000 {
        let index = random.below(model.len());
        let value = u32::try_from(random.below(1 << 31)).expect("31 bits");
        match random.below(16) {
            0..=2 => {
                array.push(value).expect("room for one");
                model.push(value);
            }
            3 | 4 => {
                let more: Vec<u32> =
                    (0..9000).map(|at| value ^ at).take(random.below(9000)).collect();
                array.extend_from_slice(&more).expect("room for more");
                model.extend_from_slice(&more);
            }
            5 => assert_eq!(array.pop(), model.pop()),
            6 if !model.is_empty() => assert_eq!(array.remove(index), model.remove(index)),
            7 if !model.is_empty() => {
                assert_eq!(array.swap_remove(index), model.swap_remove(index));
            }
            8 => {
                array.insert(index, value).expect("room for one");
                model.insert(index, value);
            }
            9 => {
                let end = index + random.below(model.len() - index);
                array.remove_range(index..end);
                model.drain(index..end);
            }
            10 => {
                array.truncate(index);
                model.truncate(index);
            }
            11 | 12 if !model.is_empty() => (array[index], model[index]) = (value, value),
            13 => {
                array.commit().expect("a commit");
                committed.clone_from(&model);
            }
            14 => {
                array.rollback().expect("a rollback");
                model.clone_from(&committed);
            }
            15 if random.below(4) == 0 => {
                array.close().expect("an orderly close");
                committed.clone_from(&model);
                array = open();
            }
            _ => {}
        }
        assert_eq!(array[..], model[..], "after step {step}");
    }
    drop(array);
    assert_eq!(open()[..], committed[..], "what was not committed is gone");
}

#[test]
fn verbs_agree_with_a_vec_where_pagemap_scan_finds_the_pages() {
    verbs_agree_with_a_vec(DirtySearch::Scan);
}

#[test]
fn verbs_agree_with_a_vec_where_pagemap_finds_the_pages() {
    verbs_agree_with_a_vec(DirtySearch::Pagemap);
}

#[test]
fn verbs_agree_with_a_vec_where_comparison_finds_the_pages() {
    verbs_agree_with_a_vec(DirtySearch::Compare);
}

#[test]
fn an_array_of_another_type_is_refused_and_left_alone() {
    let folder = Folder::new("type");
    let mut array = MmapVec::<f64>::open(folder.file(), &Options::default()).expect("it opens");
    array.push(1.5).expect("room for one");
    array.close().expect("an orderly close");
    let refused = MmapVec::<u32>::open(folder.file(), &Options::default());
    assert_eq!(refused.expect_err("another type").kind(), ErrorKind::Schema);
    let array = MmapVec::<f64>::open(folder.file(), &Options::default()).expect("it opens again");
    assert_eq!(array[..], [1.5]);
}

#[test]
fn another_process_gets_the_lock_only_after_the_array_is_closed() {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if python.is_err() {
        assert!(env::var("CI").as_deref() != Ok("true"), "needs python3");
        // Past what cargo captures.
        writeln!(io::stderr(), "SKIPPED: the lock of another process: needs python3").unwrap();
        return;
    }
    let folder = Folder::new("lock");
    let file = folder.file();
    let try_lock = || {
        let code = "import fcntl, sys\n\
                    fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)";
        let mut python = Command::new("python3");
        python.args(["-c", code]).arg(&file).stderr(Stdio::null());
        python.status().expect("python3 runs").success()
    };
    let array = MmapVec::<i64>::open(&file, &Options::default()).expect("it opens");
    assert!(!try_lock(), "the lock is held while the array is open");
    let second = MmapVec::<i64>::open(&file, &Options::default());
    assert_eq!(second.expect_err("it is locked").kind(), ErrorKind::Locked);
    array.close().expect("an orderly close");
    assert!(try_lock(), "the lock is free after close");
    drop(MmapVec::<i64>::open(&file, &Options::default()).expect("it opens again"));
    assert!(try_lock(), "the lock is free after a drop");
}
