//! Goal: descriptors are of the file that the path names, are not inherited, and their end is an
//! error like any other. Method: what Linux says of them in `/proc/self/fd`.

use std::fs::{self, File as StdFile};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::io::Errno;

use super::Folder;
use super::create::{WAYS, fill};
use super::lock::{LONG, open, options, refused};
use crate::error::ErrorKind;
use crate::medium::Medium;
use crate::options::Options;
use crate::os::File;

/// Descriptors of this process that are open on a file.
fn descriptors(file: &fs::Metadata) -> usize {
    let is_same = |path: PathBuf| {
        fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (file.dev(), file.ino()))
    };
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    entries.filter(|entry| is_same(entry.as_ref().unwrap().path())).count()
}

/// As when a store is compacted: the waiter must end up with the file that has the name.
#[test]
fn a_waiter_gets_the_file_that_replaced_the_one_it_waited_for() {
    for folder in Folder::on_each() {
        for _ in 0..20 {
            let path = folder.join("store");
            let new = folder.join("new");
            let _ = fs::remove_file(&path);
            drop(folder.file("store"));
            drop(folder.file("new"));
            let old = open(&path).unwrap().unwrap();
            let inode = fs::metadata(&path).unwrap();
            let waiting = {
                let path = path.clone();
                thread::spawn(move || File::open_locked(&path, &options(LONG)))
            };
            while descriptors(&inode) < 2 {
                thread::yield_now();
            }
            fs::rename(&new, &path).unwrap();
            old.unlock();
            let opened = waiting.join().unwrap().unwrap().unwrap();
            opened.write(0, b"new").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!(refused(&path).kind(), ErrorKind::Locked);
        }
    }
}

#[test]
fn running_out_of_descriptors_is_an_error_with_its_number() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let name = "os::tests::descriptors::running_out_of_descriptors_is_an_error_with_its_number";
    if !super::is_alone(name, &[]) {
        return;
    }
    let folder = Folder::new(&std::env::temp_dir());
    drop(folder.file("store"));
    let limit = Rlimit { current: Some(64), maximum: Some(64) };
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = StdFile::open("/dev/null") {
        taken.push(file);
    }
    let error = refused(&folder.join("store"));
    assert_eq!(
        (error.kind(), error.errno()),
        (ErrorKind::Io, Some(Errno::MFILE.raw_os_error())),
        "{error}"
    );
    let created = File::create_locked(&folder.join("new"), &Options::default(), |_| Ok(()));
    assert_eq!(created.map(drop).unwrap_err().errno(), Some(Errno::MFILE.raw_os_error()));
    taken.clear();
}

/// Flags of every descriptor of this process, from the kernel.
#[test]
fn no_descriptor_is_inherited() {
    const CLOEXEC: u32 = 0o2_000_000;

    for folder in Folder::on_each() {
        for create in WAYS {
            let path = folder.join("store");
            let created = create(&path, &Options::default(), fill).unwrap().unwrap();
            let memory = created.reserve(1 << 16).unwrap();
            created.unlock();
            let opened = File::open_locked(&path, &Options::default()).unwrap().unwrap();
            let store = fs::metadata(&path).unwrap();
            let (mut stores, mut pagemaps) = (0, 0);
            for entry in fs::read_dir("/proc/self/fd").unwrap() {
                let descriptor = entry.unwrap();
                let Ok(found) = fs::metadata(descriptor.path()) else { continue };
                let is_store = (found.dev(), found.ino()) == (store.dev(), store.ino());
                let is_pagemap = fs::read_link(descriptor.path())
                    .is_ok_and(|target| target.ends_with("pagemap"));
                stores += u32::from(is_store);
                pagemaps += u32::from(is_pagemap);
                if is_store || is_pagemap {
                    let name = descriptor.file_name();
                    let info = Path::new("/proc/self/fdinfo").join(name);
                    let Ok(info) = fs::read_to_string(info) else { continue };
                    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
                    let flags = u32::from_str_radix(flags.unwrap().trim(), 8).unwrap();
                    assert!(flags & CLOEXEC != 0, "{descriptor:?}");
                }
            }
            assert!(stores >= 2, "{stores} of the store");
            println!("{pagemaps} pagemaps");
            drop((created, opened, memory));
            fs::remove_file(&path).unwrap();
        }
    }
}
