//! Failing calls. Goal: after a call to the system failed, the store is in the state that the
//! error promises, no commit is acknowledged after a failed sync, and what opens later (on the
//! same boot, or after a power cut) is the last acknowledged commit or the one in flight.
//!
//! Method: the simulated disk fails the n-th call of a kind, once or for ever, with EIO or ENOSPC.
//! A failed sync loses pages and says nothing of it later, as Linux does. Seeds are printed as in
//! `crash`.

#[expect(dead_code, reason = "some of the schedules are for another test")]
#[expect(clippy::cast_possible_truncation, reason = "the simulated disk is small")]
mod support;

use stoa_core::{Close, ElementKind, ErrorKind, Growth, PAGE_BYTES};
use support::asked::{brew, plain, share, with_large_pages, without_promises};
use support::failure::{fail_everywhere, storm_with_failures};
use support::machine::Machine;
use support::random::Random;
use support::run::{Run, Stop};
use support::schedule::SCHEDULES;
use support::sequel::reopen_after_a_failed_sync;
use support::simulated::SimulatedMedium;
use support::storm::formatted;

#[test]
fn no_commit_is_acknowledged_after_a_failed_sync_and_none_is_lost() {
    let place = ("failure", "no_commit_is_acknowledged_after_a_failed_sync_and_none_is_lost");
    brew(place, share(40), 1, |seed| storm_with_failures(seed, plain(seed)));
    brew(place, share(10), 1_000_001, |seed| storm_with_failures(seed, with_large_pages(seed)));
    brew(place, share(10), 2_000_001, |seed| storm_with_failures(seed, without_promises(seed)));
}

#[test]
fn a_store_opened_after_a_failed_sync_keeps_what_it_shows() {
    let place = ("failure", "a_store_opened_after_a_failed_sync_keeps_what_it_shows");
    brew(place, share(10), 3_000_001, |seed| reopen_after_a_failed_sync(seed, plain(seed)));
}

#[test]
fn no_failing_call_in_a_schedule_of_the_decisions_breaks_it() {
    let place = ("failure", "no_failing_call_in_a_schedule_of_the_decisions_breaks_it");
    for schedule in &SCHEDULES {
        brew(place, 1, 4_000_001, |seed| fail_everywhere(schedule, seed, plain(seed)));
        brew(place, 1, 4_000_002, |seed| fail_everywhere(schedule, seed, without_promises(seed)));
    }
}

/// An open store with a region of `pages` pages, committed.
fn filled(machine: Machine, pages: usize) -> (Run, Random) {
    let mut random = Random::new(5);
    let (disk, allowed) = formatted(machine).expect("the disk is empty and large");
    let medium = SimulatedMedium::new(disk, machine, random.fork());
    let mut run = Run::open(&medium, &allowed).expect("nothing fails yet");
    run.begin_step("fill");
    run.create("a", ElementKind::U8, 1).expect("there is room");
    let bytes = random.bytes(pages * PAGE_BYTES);
    run.append("a", &bytes, Growth::Exact).expect("there is room");
    run.commit().expect("there is room");
    (run, random)
}

fn kind<T: std::fmt::Debug>(result: Result<T, stoa_core::Error>) -> ErrorKind {
    result.expect_err("the disk is full").kind()
}

#[test]
fn a_full_disk_at_growth_changes_nothing() {
    let (mut run, mut random) = filled(Machine::default(), 16);
    let id = run.id("a").expect("it was created");
    let before = run.medium.photo().disk.len();
    run.medium.set_capacity_bytes(before);
    let capacity = run.store().capacity(id).expect("it is there");
    for growth in [Growth::Exact, Growth::Amortised] {
        assert_eq!(kind(run.store().grow(id, capacity + 1, growth)), ErrorKind::NoSpace);
        assert_eq!(run.store().capacity(id).expect("it is there"), capacity);
        assert_eq!(run.medium.photo().disk.len(), before, "the file has its old length");
    }
    run.compare().expect("rows and lengths are as before");
    assert!(!run.store().is_dirty().expect("it is usable"), "nothing is pending");
    // What needs no room goes on, and with room everything does.
    run.update("a", 7, &[1, 2, 3]).expect("no room is needed");
    run.commit().expect("no room is needed");
    run.medium.set_capacity_bytes(before << 8);
    let bytes = random.bytes(50_000);
    run.append("a", &bytes, Growth::Amortised).expect("there is room");
    run.commit().expect("there is room");
    run.reopen(Close::Commit).expect("it opens");
    run.compare().expect("all of it is there");
}

#[test]
fn a_full_disk_at_a_commit_leaves_the_changes_pending() {
    // More pages than the first log holds: it must grow, and cannot.
    let (mut run, mut random) = filled(Machine::default(), 150);
    let id = run.id("a").expect("it was created");
    run.medium.set_capacity_bytes(run.medium.photo().disk.len());
    let bytes = random.bytes(150 * PAGE_BYTES);
    run.update("a", 0, &bytes).expect("memory is enough");
    let durable = run.store().commit_id();
    for _ in 0..3 {
        assert_eq!(kind(run.store().commit()), ErrorKind::NoSpace);
        assert_eq!(kind(run.store().begin_commit()), ErrorKind::NoSpace);
        assert!(!run.store().is_poisoned());
        assert!(run.store().is_dirty().expect("it is usable"), "the changes are pending");
        assert_eq!(run.store().commit_id(), durable);
        run.compare().expect("the program sees its changes");
    }
    assert_eq!(run.store().len(id).expect("it is there"), 150 * PAGE_BYTES as u64);
    // A smaller commit fits; the rest fits when there is room.
    run.rollback().expect("no room is needed");
    run.update("a", 5000, &[9; 10]).expect("memory is enough");
    run.commit().expect("the log has room for it");
    run.update("a", 0, &bytes).expect("memory is enough");
    assert_eq!(kind(run.store().commit()), ErrorKind::NoSpace);
    run.medium.set_capacity_bytes(1 << 30);
    run.commit().expect("there is room");
    run.reopen(Close::Discard).expect("it opens");
    run.compare().expect("the commit was not one of those discarded");
}

#[test]
fn a_store_that_is_closed_on_a_full_disk_keeps_its_last_commit() {
    let (mut run, mut random) = filled(Machine::default(), 150);
    run.medium.set_capacity_bytes(run.medium.photo().disk.len());
    let committed = run.now.clone();
    let bytes = random.bytes(150 * PAGE_BYTES);
    run.update("a", 0, &bytes).expect("memory is enough");
    let (memories, result) = run.store().close(Close::Commit);
    assert_eq!(kind(result), ErrorKind::NoSpace, "close tells what its commit failed with");
    assert!(memories.iter().all(|(_, memory)| !memory.shows_file()), "and yet empties the views");
    let medium = run.medium.clone();
    let allowed = run.history.allowed().clone();
    drop(run);
    match Run::open(&medium, &allowed) {
        Ok(run) => assert_eq!(run.now, committed),
        Err(Stop::Wrong(what)) => panic!("{what}"),
        Err(stop) => panic!("{stop:?}"),
    }
}
