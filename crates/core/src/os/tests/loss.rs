//! Goal: memory whose file is cut short shows zeros and says so, on every thread, and nothing but
//! that is caught. Method: truncated files under mappings of all roles; a handler that was there
//! before and a fault that is nobody's, in processes of their own.

#![expect(unsafe_code, reason = "sets handlers, and reads what is gone")]

use std::fs::File as StdFile;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::{env, thread};

use super::super::sigbus::{Loss, Watch};
use super::{Folder, numbered, system_page_bytes};
use crate::medium::{Medium, Memory, Role};
use crate::{Close, ElementKind, ErrorKind, Growth, Options, Store};

#[test]
fn memory_of_a_file_that_was_cut_shows_zeros_and_says_so() {
    let page = system_page_bytes();
    let pages = 200;
    for role in [Role::Private, Role::Shared] {
        for folder in Folder::on_each() {
            let file = numbered(&folder, pages);
            let pages = usize::from(pages);
            let mut memory = file.reserve(2 * pages * page).unwrap();
            memory.map_file(0, pages * page, 0, role).unwrap();
            file.truncate(2 * page as u64).unwrap();
            let mut bytes = [0_u8; 8];
            memory.read(page, &mut bytes);
            assert_eq!(bytes, [1; 8]);
            assert!(!file.has_lost(), "what the file still has is no loss");
            // Backwards and not each: no zeros join those before.
            for index in (2..pages).rev().step_by(2) {
                let mut bytes = [1_u8; 8];
                memory.read(index * page, &mut bytes);
                assert_eq!(bytes, [0; 8], "page {index}");
            }
            assert!(file.has_lost());
            memory.write(3 * page, &[7; 8]);
            memory.read(3 * page, &mut bytes);
            assert_eq!(bytes, [7; 8], "zeros can be written to");
        }
    }
}

#[test]
fn threads_that_meet_the_same_loss_all_go_on() {
    let page = system_page_bytes();
    let folder = Folder::new(&env::temp_dir());
    let file = numbered(&folder, 200);
    let map = |_| {
        let mut memory = file.reserve(200 * page).unwrap();
        memory.map_file(0, 200 * page, 0, Role::Private).unwrap();
        memory
    };
    let memories: Vec<_> = (0..4).map(map).collect();
    file.truncate(0).unwrap();
    thread::scope(|scope| {
        for memory in memories {
            scope.spawn(move || {
                for index in 0..200 {
                    let mut bytes = [1_u8; 8];
                    memory.read(index * page, &mut bytes);
                    assert_eq!(bytes, [0; 8]);
                }
            });
        }
    });
    assert!(file.has_lost());
}

#[test]
fn a_store_whose_file_was_cut_refuses_to_commit_and_opens_at_what_is_whole() {
    const BYTES: usize = 1 << 20;
    let folder = Folder::new(&env::temp_dir());
    let path = folder.join("store");
    let mut store = Store::open(&path, &Options::default()).unwrap();
    let id = store.create_region("a", ElementKind::U8, 1).unwrap();
    store.grow(id, BYTES as u64, Growth::Exact).unwrap();
    store.write(id, 0, &vec![1; BYTES]).unwrap();
    store.set_len(id, BYTES as u64).unwrap();
    store.commit().unwrap();
    let left = store.byte_length() - BYTES as u64 / 2;
    StdFile::options().write(true).open(&path).unwrap().set_len(left).unwrap();
    store.commit().expect("nobody has looked, and nothing was changed");
    let mut last = [1];
    store.read(id, BYTES as u64 - 1, &mut last).unwrap();
    assert_eq!(last, [0]);
    store.write(id, 0, &[2]).unwrap();
    let error = store.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
    assert!(error.message().contains("cut short"), "{error}");
    let (memories, closed) = store.close(Close::Commit);
    closed.expect("a poisoned store closes quietly");
    drop((memories, store));
    // The commit whose rows are gone does not count.
    let store = Store::open(&path, &Options::default()).unwrap();
    assert_eq!((store.commit_id(), store.regions().count()), (0, 0));
}

#[test]
fn a_watch_that_ended_watches_nothing() {
    let name = "os::tests::loss::a_watch_that_ended_watches_nothing";
    if env::var_os(FOREIGN).is_some() {
        meet_a_foreign_fault();
    }
    assert_eq!(with_a_foreign_fault(name).signal(), Some(libc::SIGBUS));
}

#[test]
fn the_handler_before_gets_what_is_nobodys() {
    extern "C" fn end(_: libc::c_int) {
        // SAFETY: ends the process at once, which a handler may do.
        unsafe { libc::_exit(42) }
    }
    let name = "os::tests::loss::the_handler_before_gets_what_is_nobodys";
    if env::var_os(FOREIGN).is_some() {
        let handler: extern "C" fn(libc::c_int) = end;
        // SAFETY: the handler has the signature that `signal` wants, and only ends the process.
        unsafe { libc::signal(libc::SIGBUS, handler as libc::sighandler_t) };
        meet_a_foreign_fault();
    }
    assert_eq!(with_a_foreign_fault(name).code(), Some(42));
}

#[test]
fn a_loss_of_one_file_is_none_of_another() {
    let page = system_page_bytes();
    let folders = [Folder::new(&env::temp_dir()), Folder::new(&env::temp_dir())];
    let files = folders.each_ref().map(|folder| numbered(folder, 4));
    let memories = files.each_ref().map(|file| {
        let mut memory = file.reserve(4 * page).unwrap();
        memory.map_file(0, 4 * page, 0, Role::Private).unwrap();
        memory
    });
    files[0].truncate(0).unwrap();
    for memory in &memories {
        let mut bytes = [0; 8];
        memory.read(page, &mut bytes);
    }
    assert_eq!(files.each_ref().map(Medium::has_lost), [true, false]);
}

/// Says to a test that it is in the process that is to meet the fault.
const FOREIGN: &str = "STOA_FOREIGN_FAULT";

fn with_a_foreign_fault(name: &str) -> ExitStatus {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--test-threads=1"])
        .env(FOREIGN, "1")
        .output()
        .unwrap()
        .status
}

/// Touches a page that is gone and that nobody watches any more.
fn meet_a_foreign_fault() -> ! {
    let page = system_page_bytes();
    let folder = Folder::new(&env::temp_dir());
    let file = folder.file("foreign");
    file.set_len(page as u64).unwrap();
    let map = memmap2::MmapOptions::new().len(page).map_raw_read_only(&file).unwrap();
    let start = map.as_ptr().addr();
    drop(Watch::new(start..start + page, &Arc::new(Loss::new())).unwrap());
    file.set_len(0).unwrap();
    drop(folder);
    // SAFETY: the page is mapped and readable; that its file is gone is what is tried.
    let byte = unsafe { map.as_ptr().read_volatile() };
    panic!("the page reads {byte}");
}
