//! Goal: a forked child cannot take anything from the process that opened a store: neither the lock,
//! nor what is in flight. Method: a child in a process of the test's own, that closes the store.
#![expect(unsafe_code, reason = "fork")]

use std::path::Path;

use super::{Folder, is_alone};
use crate::format::directory::ElementKind;
use crate::growth::Growth;
use crate::{Close, ErrorKind, Options, Store};

/// What a second writer is told.
fn second_writer(path: &Path) -> Option<ErrorKind> {
    Store::open(path, &Options::default()).err().map(|error| error.kind())
}

#[test]
fn a_forked_child_that_closes_a_store_leaves_lock_and_flights_to_its_parent() {
    let name = "os::tests::fork::\
                a_forked_child_that_closes_a_store_leaves_lock_and_flights_to_its_parent";
    if !is_alone(name, &[]) {
        return;
    }
    for folder in Folder::on_each() {
        let path = folder.join("store");
        let mut store = Store::open(&path, &Options::default()).unwrap();
        let region = store.create_region("a", ElementKind::U8, 1).unwrap();
        store.grow(region, 100, Growth::Exact).unwrap();
        store.set_len(region, 100).unwrap();
        store.write(region, 0, &[7; 100]).unwrap();
        let ticket = store.begin_commit().unwrap().unwrap();
        // SAFETY: no other thread runs (the harness has one), so the child may do what this does.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "the process can fork");
        if child == 0 {
            let committed = store.committer().complete(ticket);
            let (memories, closed) = store.close(Close::Commit);
            drop(memories);
            let refused = committed.is_err_and(|error| error.kind() == ErrorKind::Unsupported);
            let code = i32::from(!(refused && closed.is_ok() && store.release().is_empty()));
            drop(store);
            // SAFETY: ends the child without what belongs to the parent.
            unsafe { libc::_exit(code) };
        }
        let mut status = -1;
        // SAFETY: waits for the child made above, and writes one integer.
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!((waited, status), (child, 0), "the child refused to commit, and closed quietly");
        assert_eq!(second_writer(&path), Some(ErrorKind::Locked), "the parent has its lock");
        assert_eq!(store.commit_id(), 0, "the child committed nothing");
        store.committer().complete(ticket).unwrap();
        store.close(Close::Discard).1.unwrap();
        let mut store = Store::open(&path, &Options::default()).unwrap();
        let mut bytes = [0; 100];
        store.read(region, 0, &mut bytes).unwrap();
        assert_eq!((store.commit_id(), bytes), (1, [7; 100]));
    }
}
