//! Goal: one writer at a time, of the file that the path names, and nothing that is not a store
//! is touched or waited for. Method: other descriptors, threads and processes that hold the lock;
//! paths of every kind.

use std::fs::File as StdFile;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::{Folder, skip};
use crate::error::{Error, ErrorKind};
use crate::medium::{Medium, Memory, Role};
use crate::options::Options;
use crate::os::File;
use crate::os::holder::{Holder, pid_in};

pub(super) const LONG: Duration = Duration::from_secs(60);

pub(super) fn options(wait: Duration) -> Options {
    Options { wait, ..Options::default() }
}

/// Waits: for a moment after it was closed, a child that another test is about to start may still
/// hold a copy of the descriptor.
pub(super) fn open(path: &Path) -> Result<Option<File>, Error> {
    File::open_locked(path, &options(LONG))
}

pub(super) fn refused(path: &Path) -> Error {
    let opened = File::open_locked(path, &options(Duration::ZERO));
    opened.map(drop).expect_err("opened")
}

/// A program that takes the lock of a file with Python's flock and says so, or says `busy`.
fn python(path: &Path) -> Option<(Child, String)> {
    let program = "import fcntl, sys\n\
        file = open(sys.argv[1], 'r+')\n\
        try:\n    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n    print('locked', flush=True)\n\
        except BlockingIOError:\n    print('busy', flush=True)\n\
        sys.stdin.readline()\n";
    let spawned = Command::new("python3")
        .args(["-c", program])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        skip("the lock of another process", "needs python3");
        return None;
    };
    let mut said = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut said).unwrap();
    Some((child, said.trim().to_owned()))
}

fn end(mut child: Child) {
    let _ = child.stdin.take().unwrap().write_all(b"\n");
    child.wait().unwrap();
}

#[test]
fn a_second_opening_is_refused_by_name_after_a_repeated_try() {
    for folder in Folder::on_each() {
        let path = folder.join("store");
        drop(folder.file("store"));
        let first = open(&path).unwrap().unwrap();
        let link = folder.join("link");
        symlink(&path, &link).unwrap();
        for path in [&path, &link] {
            let since = Instant::now();
            let error = refused(path);
            assert_eq!(error.kind(), ErrorKind::Locked);
            assert!(since.elapsed() >= Duration::from_millis(10), "tried once");
            assert_eq!(error.path(), Some(path.as_path()));
            assert!(error.message().contains(path.to_str().unwrap()), "{error}");
        }
        drop(first);
        assert!(open(&path).unwrap().is_some());
    }
}

#[test]
fn one_try_does_not_sleep() {
    let folder = Folder::new(&std::env::temp_dir());
    let path = folder.join("store");
    drop(folder.file("store"));
    let options = Options { tries_once: true, ..options(LONG) };
    let first = File::open_locked(&path, &options).unwrap().unwrap();
    // Were each a try of its 10 ms, they would take two seconds.
    let since = Instant::now();
    for _ in 0..200 {
        let opened = File::open_locked(&path, &options);
        assert_eq!(opened.map(drop).unwrap_err().kind(), ErrorKind::Locked);
    }
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    drop(first);
    assert!(File::open_locked(&path, &options).unwrap().is_some());
}

#[test]
fn the_holder_of_a_lock_is_told_where_the_system_tells() {
    let folder = Folder::new(&std::env::temp_dir());
    let path = folder.join("store");
    drop(folder.file("store"));
    let file = StdFile::open(&path).unwrap();
    if !Path::new("/proc/locks").exists() {
        skip("the holder of a lock", "needs /proc/locks");
        assert_eq!(Holder::of(&file), None);
        return;
    }
    assert_eq!(Holder::of(&file), None, "nobody");
    let ours = open(&path).unwrap().unwrap();
    assert_eq!(Holder::of(&file), Some(Holder::Ourselves));
    assert!(refused(&path).message().contains(": this process holds its lock"), "ours");
    ours.unlock();
    let Some((child, said)) = python(&path) else { return };
    assert_eq!(said, "locked");
    assert_eq!(Holder::of(&file), Some(Holder::Process(child.id())));
    let expected = format!("process {} holds its lock; close it there first", child.id());
    assert!(refused(&path).message().ends_with(&expected));
    end(child);
    assert_eq!(Holder::of(&file), None, "nobody any more");
}

#[test]
fn the_table_of_locks_is_read_by_device_and_inode() {
    let table = "1: POSIX  ADVISORY  WRITE 11 fe:00:7 0 EOF\n\
        2: FLOCK  ADVISORY  READ  12 fe:00:7 0 EOF\n\
        2: -> FLOCK  ADVISORY  WRITE 13 fe:00:7 0 EOF\n\
        3: FLOCK  ADVISORY  WRITE 14 fe:10:7 0 EOF\n\
        4: FLOCK  ADVISORY  WRITE 0 fe:00:8 0 EOF\n\
        5: FLOCK  ADVISORY  READ  15 00:2a:9 0 EOF\n\
        6: FLOCK  ADVISORY  WRITE 16 00:2a:9 0 EOF\n\
        7: FLOCK\n";
    let holder = |major, minor, inode| pid_in(table, (major, minor), inode);
    assert_eq!(holder(0xfe, 0, 7), Some(12), "not the one that waits, nor another kind");
    assert_eq!(holder(0xfe, 0x10, 7), Some(14));
    assert_eq!(holder(0xfe, 0, 8), None, "not visible");
    assert_eq!(holder(0, 0x2a, 9), Some(16), "the writer before those who share");
    assert_eq!(holder(0, 0x2a, 10), None);
    assert_eq!(pid_in("", (0, 0), 1), None);
}

#[test]
fn the_lock_is_given_back_while_mappings_and_copies_of_the_descriptor_live() {
    for folder in Folder::on_each() {
        let path = folder.join("store");
        folder.file("store").set_len(1 << 16).unwrap();
        let file = open(&path).unwrap().unwrap();
        let mut memory = file.reserve(1 << 16).unwrap();
        memory.map_file(0, 1 << 16, 0, Role::Shared).unwrap();
        assert_eq!(refused(&path).kind(), ErrorKind::Locked);
        file.unlock();
        let second = open(&path).unwrap().unwrap();
        drop(file);
        assert_eq!(refused(&path).kind(), ErrorKind::Locked, "the second one's");
        drop(second);
        assert!(open(&path).unwrap().is_some());
        memory.write(0, &[1]);
    }
}

#[test]
fn other_processes_are_kept_out_and_waited_for() {
    for folder in Folder::on_each() {
        let path = folder.join("store");
        drop(folder.file("store"));
        let ours = open(&path).unwrap().unwrap();
        let Some((child, said)) = python(&path) else { return };
        assert_eq!(said, "busy");
        end(child);
        ours.unlock();
        let (child, said) = python(&path).unwrap();
        assert_eq!(said, "locked");
        assert_eq!(refused(&path).kind(), ErrorKind::Locked);
        let waiting = {
            let path = path.clone();
            thread::spawn(move || File::open_locked(&path, &options(LONG)))
        };
        end(child);
        assert!(waiting.join().unwrap().unwrap().is_some());
        let (mut child, said) = python(&path).unwrap();
        assert_eq!(said, "locked");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(open(&path).unwrap().is_some(), "a killed process has no lock");
    }
}

#[test]
fn what_is_not_a_regular_file_is_refused_at_once() {
    for folder in Folder::on_each() {
        let fifo = folder.join("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let socket = folder.join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        let link = folder.join("link");
        symlink(&fifo, &link).unwrap();
        let paths = [fifo, socket, link, folder.path.clone(), "/dev/null".into(), "/".into()];
        for path in paths {
            let error = refused(&path);
            assert_eq!(error.kind(), ErrorKind::Format, "{error}");
            assert_eq!(error.path(), Some(path.as_path()));
        }
    }
}

#[test]
fn what_is_missing_is_none_but_a_link_to_nothing_is_an_error() {
    let folder = Folder::new(&std::env::temp_dir());
    for name in ["store", "folder/store", "store/"] {
        assert!(open(&folder.join(name)).unwrap().is_none(), "{name}");
    }
    assert!(open(Path::new("")).unwrap().is_none());
    let link = folder.join("link");
    symlink(folder.join("nothing"), &link).unwrap();
    let error = refused(&link);
    assert_eq!(
        (error.kind(), error.errno()),
        (ErrorKind::NotFound, Some(Errno::NOENT.raw_os_error()))
    );
    assert!(error.message().contains("symbolic link"), "{error}");
    let missing = File::missing(&folder.join("store"));
    assert_eq!(
        (missing.kind(), missing.errno()),
        (ErrorKind::NotFound, Some(Errno::NOENT.raw_os_error()))
    );
}

#[test]
fn other_refusals_of_the_kernel_keep_their_number() {
    let folder = Folder::new(&std::env::temp_dir());
    drop(folder.file("store"));
    let around = folder.join("around");
    symlink(&around, &around).unwrap();
    let cases = [
        (folder.join("store/below"), Some(Errno::NOTDIR.raw_os_error())),
        (folder.join(&"x".repeat(300)), Some(Errno::NAMETOOLONG.raw_os_error())),
        (around, Some(Errno::LOOP.raw_os_error())),
        (folder.join("a\0b"), None),
    ];
    for (path, errno) in cases {
        let error = refused(&path);
        assert_eq!((error.kind(), error.errno()), (ErrorKind::Io, errno), "{error}");
    }
}

#[test]
fn readers_that_ask_for_the_writer_never_make_its_opening_fail() {
    for folder in Folder::on_each() {
        let path = folder.join("store");
        drop(folder.file("store"));
        let is_over = AtomicBool::new(false);
        let (asked, met) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let file = File::open_reading(&path, &options(Duration::ZERO)).unwrap();
                    while !is_over.load(Ordering::Relaxed) {
                        asked.fetch_add(1, Ordering::Relaxed);
                        met.fetch_add(u32::from(file.has_writer().unwrap()), Ordering::Relaxed);
                    }
                });
            }
            let opened = (0..40).map(|_| {
                let file = File::open_locked(&path, &options(Duration::ZERO))?.unwrap();
                thread::sleep(Duration::from_micros(300));
                file.unlock();
                Ok(())
            });
            let opened: Result<Vec<()>, Error> = opened.collect();
            is_over.store(true, Ordering::Relaxed);
            opened.unwrap();
        });
        println!("{asked:?} questions, {met:?} of them met a writer");
        assert!(met.into_inner() > 0, "no question met a writer");
    }
}
