//! Goal: a store appears whole and locked, once, or not at all, and leaves nothing else behind.
//! Method: both ways of creating (a file without a name, a file beside it), with failures at each
//! step and with threads that race.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use rustix::io::Errno;

use super::{Folder, is_alone};
use crate::error::{Error, ErrorKind, Result};
use crate::medium::Medium;
use crate::options::Options;
use crate::os::File;

pub(super) type Create = fn(&Path, &Options, fn(&File) -> Result<()>) -> Result<Option<File>>;

pub(super) const WAYS: [Create; 2] = [
    |path, options, fill| File::create_locked(path, options, fill),
    |path, options, fill| File::create_beside(path, options, fill),
];

pub(super) fn fill(file: &File) -> Result<()> {
    let written = file.allocate(0, 1 << 16).and_then(|()| file.write((1 << 16) - 5, b"whole"));
    written.map_err(|error| Error::from_io(&error, "pwrite", "cannot fill"))
}

fn is_whole(path: &Path) -> bool {
    let bytes = fs::read(path).unwrap();
    bytes.len() == 1 << 16 && bytes.ends_with(b"whole")
}

#[test]
fn eight_threads_create_one_store() {
    for folder in Folder::on_each() {
        for create in WAYS {
            for round in 0..25 {
                let path = folder.join(&format!("store-{round}"));
                let start = Barrier::new(8);
                let created = thread::scope(|scope| {
                    let threads: Vec<_> = (0..8)
                        .map(|_| {
                            scope.spawn(|| {
                                start.wait();
                                create(&path, &Options::default(), fill).unwrap()
                            })
                        })
                        .collect();
                    let ended = threads.into_iter().map(|thread| thread.join().unwrap());
                    ended.flatten().collect::<Vec<File>>()
                });
                assert_eq!(created.len(), 1);
                assert!(is_whole(&path));
                assert_eq!(folder.names(), [format!("store-{round}")]);
                fs::remove_file(&path).unwrap();
            }
        }
    }
}

/// Whoever sees the name finds the lock taken.
#[test]
fn a_store_is_locked_and_whole_when_it_appears() {
    for folder in Folder::on_each() {
        for create in WAYS {
            for round in 0..25 {
                let path = folder.join(&format!("store-{round}"));
                let store = thread::scope(|scope| {
                    let other = scope.spawn(|| {
                        loop {
                            match File::open_locked(&path, &Options::default()) {
                                Ok(None) => {}
                                Ok(Some(_)) => panic!("opened while its creator has it"),
                                Err(error) => break (error.kind(), is_whole(&path)),
                            }
                        }
                    });
                    let store = create(&path, &Options::default(), fill).unwrap();
                    assert_eq!(other.join().unwrap(), (ErrorKind::Locked, true));
                    store
                });
                drop(store);
                fs::remove_file(&path).unwrap();
            }
        }
    }
}

#[test]
fn a_failure_leaves_nothing_behind() {
    for folder in Folder::on_each() {
        for create in WAYS {
            let path = folder.join("store");
            let fails = |_: &File| Err(Error::new(ErrorKind::NoSpace, "full"));
            let error = create(&path, &Options::default(), fails).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NoSpace);
            assert!(folder.names().is_empty());
            let panics = AssertUnwindSafe(|| create(&path, &Options::default(), |_| panic!("no")));
            assert!(catch_unwind(panics).is_err());
            assert!(folder.names().is_empty());
        }
    }
}

#[test]
fn what_has_the_name_stays_as_it_is() {
    for folder in Folder::on_each() {
        let path = folder.join("store");
        fs::write(&path, "mine").unwrap();
        symlink(&path, folder.join("link")).unwrap();
        fs::create_dir(folder.join("folder")).unwrap();
        for create in WAYS {
            for name in ["store", "link", "folder"] {
                let created = create(&folder.join(name), &Options::default(), fill).unwrap();
                assert!(created.is_none(), "{name}");
            }
            assert_eq!(fs::read(&path).unwrap(), b"mine");
            assert_eq!(folder.names().len(), 3);
        }
    }
}

#[test]
fn a_path_that_cannot_be_made_is_an_error() {
    for folder in Folder::on_each() {
        let nothing = folder.join("nothing");
        symlink(&nothing, folder.join("link")).unwrap();
        drop(folder.file("file"));
        let long = "x".repeat(300);
        for create in WAYS {
            for (name, kind, errno) in [
                ("missing/store", ErrorKind::NotFound, Errno::NOENT),
                ("link", ErrorKind::NotFound, Errno::NOENT),
                ("new/", ErrorKind::NotFound, Errno::NOENT),
                ("file/store", ErrorKind::Io, Errno::NOTDIR),
                (&long, ErrorKind::Io, Errno::NAMETOOLONG),
                ("..", ErrorKind::NotFound, Errno::NOENT),
                ("a\0b", ErrorKind::Io, Errno::INVAL),
                ("a\0b/store", ErrorKind::Io, Errno::INVAL),
            ] {
                let path = folder.join(name);
                let error = create(&path, &Options::default(), fill).map(drop).unwrap_err();
                assert_eq!(
                    (error.kind(), error.errno()),
                    (kind, Some(errno.raw_os_error())),
                    "{name}: {error}"
                );
                assert_eq!(error.path(), Some(path.as_path()));
            }
            let error = create(Path::new(""), &Options::default(), fill).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert_eq!(folder.names().len(), 2);
            assert!(!nothing.exists());
        }
    }
}

#[test]
fn a_bare_name_is_created_in_the_current_folder() {
    if !is_alone("os::tests::create::a_bare_name_is_created_in_the_current_folder", &[]) {
        return;
    }
    for folder in Folder::on_each() {
        std::env::set_current_dir(&folder.path).unwrap();
        for create in WAYS {
            let name = Path::new("bare");
            assert!(create(name, &Options::default(), fill).unwrap().is_some());
            assert!(is_whole(&folder.join("bare")));
            fs::remove_file(name).unwrap();
        }
    }
    std::env::set_current_dir("/").unwrap();
}

#[test]
fn permissions_are_the_mode_less_the_umask() {
    if !is_alone("os::tests::create::permissions_are_the_mode_less_the_umask", &[]) {
        return;
    }
    for folder in Folder::on_each() {
        for create in WAYS {
            for (umask, mode, expected) in [
                (0o000, 0o600, 0o600),
                (0o022, 0o666, 0o644),
                (0o077, 0o666, 0o600),
                (0o027, 0o777, 0o750),
                (0o000, 0o4666, 0o666),
            ] {
                rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
                let path = folder.join("store");
                let options = Options { mode, ..Options::default() };
                drop(create(&path, &options, fill).unwrap().unwrap());
                let found = fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(found & 0o7777, expected, "{mode:o} less {umask:o}");
                fs::remove_file(&path).unwrap();
            }
        }
    }
    let default = Options::default();
    assert_eq!(default.mode, 0o600);
}
