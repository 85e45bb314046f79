//! Kills of a real process. Goal: whatever a live store's process had told before it was killed with
//! SIGKILL is there: every row below the length, every region.
//!
//! Method: a child process writes rows, and says after each length and each region that it told it,
//! through a pipe. The parent kills it after a number of lines that the seed draws, reads what is left
//! in the pipe, and opens the store. `STOA_SEED` repeats the draw; when the kernel gets to the kill is
//! its own affair.
#![cfg(unix)]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use stoa_core::{Close, ElementKind, Growth, Options, RegionId, Store};
use twox_hash::XxHash3_64;

const ROUNDS: u64 = 12;
const ROWS: &str = "rows";
/// A child ends by itself after so many rows, if nobody kills it.
const ROWS_MAX: u64 = 400_000;

fn options() -> Options {
    Options { reserve_bytes: 1 << 30, ..Options::default() }
}

fn row(index: u64) -> u64 {
    index.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn drawn(seed: u64, stream: u64, below: u64) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, &stream.to_ne_bytes()) % below
}

/// Not a test by itself: what the parent kills.
#[test]
fn writes_until_it_is_killed() {
    let Some(path) = env::var_os("STOA_LIVE_KILL").map(PathBuf::from) else { return };
    let seed = env::var("STOA_CHILD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.expect("the parent gives it");
    let mut store = Store::open(path, &options()).expect("the lock of a killed process is free");
    let rows = match store.find_region(ROWS) {
        Some(rows) => rows,
        None => store.create_region(ROWS, ElementKind::U64, 1).expect("a region"),
    };
    store.go_live().expect("a boot that is known");
    let mut len = store.len(rows).expect("it is there");
    let end = len + ROWS_MAX;
    let mut out = stdout();
    for turn in 0.. {
        let more = 1 + drawn(seed, turn, 40);
        if len + more > end {
            return;
        }
        let bytes: Vec<u8> = (len..len + more).flat_map(|index| row(index).to_ne_bytes()).collect();
        store.grow(rows, len + more, Growth::Exact).expect("room");
        store.write(rows, len * 8, &bytes).expect("rows");
        len += more;
        store.set_len(rows, len).expect("a length");
        writeln!(out, "told {len}").expect("a parent that reads");
        match drawn(seed, turn + 1_000_000, 40) {
            0 => drop(store.commit().expect("a commit")),
            1 => {
                let name = format!("region {len}");
                store.create_region(&name, ElementKind::U8, 1).expect("a region");
                writeln!(out, "made {name}").expect("a parent that reads");
            }
            2 => {
                // A flight that a kill finds in any state.
                let ticket = store.begin_commit().expect("a capture").expect("a live commit");
                let committer = store.committer();
                drop(std::thread::spawn(move || committer.complete(ticket)));
            }
            _ => {}
        }
    }
}

/// Lets a child write, kills it after so many lines, and gives all that it told.
fn kill_after(path: &Path, seed: u64, lines: u64) -> (u64, Vec<String>) {
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "writes_until_it_is_killed", "--nocapture"])
        .env("STOA_LIVE_KILL", path)
        .env("STOA_CHILD_SEED", seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (mut told, mut made, mut count) = (0, Vec::new(), 0);
    let mut take = |line: String| {
        if let Some(len) = line.strip_prefix("told ") {
            told = len.parse().expect("a number");
        } else if let Some(name) = line.strip_prefix("made ") {
            made.push(name.to_owned());
        }
    };
    for line in output.by_ref() {
        take(line.expect("a line"));
        count += 1;
        if count > lines {
            break;
        }
    }
    child.kill().expect("SIGKILL");
    // Lines come whole: each is one write, shorter than what a pipe takes at once.
    for line in output.map_while(Result::ok) {
        take(line);
    }
    child.wait().expect("it ends");
    (told, made)
}

fn check(path: &Path, (told, made): (u64, &[String])) -> u64 {
    let mut store = Store::open(path, &options()).expect("what a kill left opens");
    let rows: RegionId = store.find_region(ROWS).expect("it was told");
    let len = store.len(rows).expect("it is there");
    assert!(len >= told, "{len} rows are there, and {told} were told");
    let mut bytes = vec![0; usize::try_from(len * 8).expect("it was in memory before")];
    store.read(rows, 0, &mut bytes).expect("rows");
    for (index, chunk) in (0..).zip(bytes.chunks_exact(8)) {
        let found = u64::from_ne_bytes(chunk.try_into().expect("eight bytes"));
        assert_eq!(found, row(index), "row {index} of {len}");
    }
    for name in made {
        assert!(store.find_region(name).is_some(), "'{name}' was told");
    }
    store.close(Close::Commit).1.expect("a close");
    len
}

#[test]
fn a_killed_process_leaves_every_row_and_region_that_it_told() {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let seed = env::var("STOA_SEED").map_or_else(|_| clock(), |seed| seed.parse().expect("a seed"));
    println!("STOA_SEED={seed}");
    let folder = env::temp_dir().join(format!("stoa-live-kill-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test");
    let path = folder.join("store");
    drop(Store::open(&path, &options()).expect("a new store"));
    let (mut made, mut len) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let lines = 1 + drawn(seed, round, 2000);
        let (told, more) = kill_after(&path, seed ^ round, lines);
        made.extend(more);
        // Half of them are opened by the next child at once, whose recovery that is then.
        if round % 2 == 1 {
            len = check(&path, (told.max(len), &made));
        } else {
            len = told.max(len);
        }
    }
    println!("{len} rows, {} regions", made.len());
    fs::remove_dir_all(&folder).expect("the folder of the test");
}
