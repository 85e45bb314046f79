//! Tests of the real kernel layer: each on the temporary folder of the system and, where there is
//! one, on a tmpfs.

mod allocate;
mod beside;
mod create;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(target_os = "linux")]
mod fork;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(target_os = "linux")]
mod gap;
#[cfg(target_os = "linux")]
mod kernel;
mod lock;
#[cfg(target_os = "linux")]
mod loss;
mod memory;
mod model;
mod pieces;
mod search;

use std::env;
use std::fs::{self, File as StdFile};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{DirtySearch, File};
use crate::medium::Medium;

/// A folder of its own, removed at the end.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(parent: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("stoa-os-{}-{count}", process::id()));
        fs::create_dir(&path).unwrap();
        Self { path }
    }

    /// One on each kind of file system there is.
    fn on_each() -> Vec<Self> {
        let mut parents = vec![env::temp_dir()];
        parents.extend(Some(PathBuf::from("/dev/shm")).filter(|path| path.is_dir()));
        parents.iter().map(|parent| Self::new(parent)).collect()
    }

    fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file, open for reading and writing.
    fn file(&self, name: &str) -> StdFile {
        StdFile::options().read(true).write(true).create_new(true).open(self.join(name)).unwrap()
    }

    /// The names in it.
    fn names(&self) -> Vec<String> {
        fs::read_dir(&self.path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Continuous integration, where nothing may be missing.
fn is_ci() -> bool {
    env::var("CI").as_deref() == Ok("true")
}

/// Says that a test cannot run here, past what cargo captures. In CI it fails instead.
fn skip(what: &str, reason: &str) {
    assert!(!is_ci(), "{what}: {reason}");
    writeln!(io::stderr(), "SKIPPED: {what}: {reason}").unwrap();
}

/// A medium over a file, without path or lock.
fn medium(file: StdFile, way: DirtySearch) -> File {
    File::new(file, Some(way)).unwrap()
}

/// A file of as many pages of the machine, each filled with its number.
fn numbered(folder: &Folder, pages: u8) -> File {
    let file = medium(folder.file("store"), DirtySearch::Compare);
    for page in 0..pages {
        let offset = usize::from(page) * system_page_bytes();
        let bytes = vec![page; system_page_bytes()];
        file.write(offset as u64, &bytes).unwrap();
    }
    file
}

/// The size of the machine's pages.
fn system_page_bytes() -> usize {
    rustix::param::page_size()
}

/// A xorshift generator. Prints its seed; `STOA_SEED` sets it.
struct Random {
    state: u64,
}

impl Random {
    fn new(name: &str) -> Self {
        let clock = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            now.as_secs() ^ u64::from(now.subsec_nanos()) << 20
        };
        let seed = env::var("STOA_SEED").map_or_else(|_| clock(), |seed| seed.parse().unwrap());
        println!("{name}: STOA_SEED={seed}");
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_ne_bytes()[3]
    }

    /// Below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(((self.next() >> 32) * limit as u64) >> 32).unwrap()
    }

    /// A stretch inside `0..limit`, never empty.
    fn stretch(&mut self, limit: usize) -> std::ops::Range<usize> {
        let start = self.below(limit);
        start..start + 1 + self.below(limit - start)
    }
}

/// Names the test that has its process to itself.
const ALONE: &str = "STOA_TEST_ALONE";

/// True in the process that a test has to itself; otherwise runs the test `name` there, with
/// `variables` set, and requires that it passes.
fn is_alone(name: &str, variables: &[(&str, &str)]) -> bool {
    if env::var(ALONE).as_deref() == Ok(name) {
        return true;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(ALONE, name)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{name} alone: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    false
}
