//! Goal: a forked child cannot take anything from the process that opened a store: neither the lock,
//! nor what is in flight; nor can a child that has a reader or a live store use it, or spoil it.
//! Method: a child in a process of the test's own, that asks for everything and closes the store.
#![expect(unsafe_code, reason = "fork")]

use std::path::Path;

use super::{Folder, is_alone};
use crate::format::directory::ElementKind;
use crate::growth::Growth;
use crate::os::File;
use crate::{Close, Copies, ErrorKind, Options, Result, Store};

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

/// Runs `child` in a forked child. Gives how that ended: 0 when it found what it expects.
fn in_child(child: impl FnOnce() -> bool) -> i32 {
    // SAFETY: no other thread runs (the harness has one), so the child may do what this does.
    let process = unsafe { libc::fork() };
    assert!(process >= 0, "the process can fork");
    if process == 0 {
        let code = i32::from(!child());
        // SAFETY: ends the child without what belongs to the parent.
        unsafe { libc::_exit(code) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above, and writes one integer.
    let waited = unsafe { libc::waitpid(process, &raw mut status, 0) };
    assert_eq!(waited, process, "the child ended");
    status
}

fn is_refused<T>(result: Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::Unsupported)
}

/// Asks a store for what looks at the file or changes it, then closes it.
fn is_of_no_use(mut store: Store<File>) -> bool {
    let Some(region) = store.regions().next() else { return false };
    let is_refused = [
        is_refused(store.refresh(Copies::Forgotten)),
        is_refused(store.begin_snapshot()),
        is_refused(store.is_whole()),
        is_refused(store.grow(region.id, 1 << 20, Growth::Exact)),
        is_refused(store.commit()),
    ];
    let (memories, closed) = store.close(Close::Commit);
    drop(memories);
    let is_quiet = closed.is_ok() && store.release().is_empty();
    is_quiet && is_refused.iter().all(|is_refused| *is_refused)
}

#[test]
fn a_forked_child_can_use_neither_a_reader_nor_a_live_store_and_spoils_neither() {
    let name = "os::tests::fork::\
                a_forked_child_can_use_neither_a_reader_nor_a_live_store_and_spoils_neither";
    if !is_alone(name, &[]) {
        return;
    }
    for folder in Folder::on_each() {
        let path = folder.join("store");
        let mut owner = Store::open(&path, &Options::default()).unwrap();
        let region = owner.create_region("a", ElementKind::U8, 1).unwrap();
        owner.grow(region, 100, Growth::Exact).unwrap();
        owner.set_len(region, 100).unwrap();
        owner.write(region, 0, &[7; 100]).unwrap();
        owner.commit().unwrap();
        let mut bytes = [0; 100];

        let mut reader = Store::open_reading(&path, &Options::default()).unwrap();
        reader.read(region, 0, &mut bytes).unwrap();
        // Two of one store: the child takes one of them.
        let other = Store::open_reading(&path, &Options::default()).unwrap();
        assert_eq!(in_child(|| is_of_no_use(other)), 0, "the child is refused, and closes quietly");
        // Memory that is mapped stays with the parent: to touch it in the child would be a signal.
        let touch = || {
            is_refused(reader.read(region, 0, &mut [0]))
                && is_refused(reader.memory(region))
                && is_refused(owner.write(region, 0, &[1]))
                && is_refused(owner.read(region, 0, &mut [0]))
                && Store::open_reading(&path, &Options::default())
                    .and_then(|mut own| own.read(region, 0, &mut [0]))
                    .is_ok()
        };
        assert_eq!(in_child(touch), 0, "the child is refused, and opens a reader of its own");
        owner.write(region, 0, &[8; 100]).unwrap();
        owner.commit().unwrap();
        reader.refresh(Copies::Forgotten).unwrap();
        reader.read(region, 0, &mut bytes).unwrap();
        assert_eq!(bytes, [8; 100], "the parent's reader goes on");

        owner.go_live().unwrap();
        owner.write(region, 0, &[9; 100]).unwrap();
        let sharing = Store::open_sharing(&path, &Options::default()).unwrap();
        assert_eq!(in_child(|| is_of_no_use(sharing)), 0, "the child is refused");
        // The child's copy of the owner takes neither the lock nor the live state with it.
        let end = || {
            let (memories, closed) = owner.close(Close::Commit);
            drop(memories);
            closed.is_ok() && owner.release().is_empty()
        };
        assert_eq!(in_child(end), 0, "the child closes its copy quietly");
        assert_eq!(second_writer(&path), Some(ErrorKind::Locked), "the parent has its lock");
        owner.write(region, 50, &[10; 50]).unwrap();
        owner.commit().unwrap();
        reader.refresh(Copies::Forgotten).unwrap();
        reader.read(region, 0, &mut bytes).unwrap();
        assert_eq!(bytes[49..51], [9, 10], "the parent's live store goes on");
        owner.close(Close::Commit).1.unwrap();
    }
}
