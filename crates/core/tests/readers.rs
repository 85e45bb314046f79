//! Readers. Goal: a store that only reads shows, beside a writer and after one that died, exactly
//! one commit while its snapshot is whole, and else the lengths of one commit with rows that are
//! whole; it writes nothing, and never shows what may still be lost.
//!
//! Method: the storms of `crash`, with a reader on the same simulated disk that looks at random
//! operations of the writer, keeps snapshots open, and writes stray values into its own memory.
//! What it saw is compared with the states that the model allows at that moment. Seeds are printed
//! as in `crash`.

#[expect(dead_code, reason = "failing calls of a writer are for another test")]
#[expect(clippy::cast_possible_truncation, reason = "the simulated disk is small")]
mod support;

use std::sync::Arc;

use stoa_core::{Close, Copies, ErrorKind, Options, Store};
use support::asked::{brew, plain, share, with_large_pages, without_promises};
use support::machine::{Machine, Search};
use support::random::Random;
use support::reader::Reader;
use support::reading::{fail_every_call, show_what_was_dropped};
use support::run::{Run, options};
use support::schedule::{change, fill, push};
use support::simulated::SimulatedMedium;
use support::storm::{formatted, storm_with};

#[test]
fn a_reader_shows_one_commit_while_a_writer_goes_on() {
    let place = ("readers", "a_reader_shows_one_commit_while_a_writer_goes_on");
    brew(place, share(25), 1, |seed| storm_with(seed, plain(seed), 40));
    brew(place, share(10), 1_000_001, |seed| storm_with(seed, with_large_pages(seed), 40));
    brew(place, share(10), 2_000_001, |seed| storm_with(seed, without_promises(seed), 40));
}

#[test]
fn a_reader_whose_call_fails_shows_what_it_showed_or_is_poisoned() {
    let place = ("readers", "a_reader_whose_call_fails_shows_what_it_showed_or_is_poisoned");
    brew(place, 1, 1, |seed| fail_every_call(seed, plain(seed)));
    brew(place, 1, 2, |seed| fail_every_call(seed, with_large_pages(seed)));
}

#[test]
fn a_reader_may_show_what_a_later_writer_has_no_use_for() {
    let place = ("readers", "a_reader_may_show_what_a_later_writer_has_no_use_for");
    brew(place, 1, 1, |seed| show_what_was_dropped(seed, plain(seed)));
    brew(place, 1, 2, |seed| show_what_was_dropped(seed, with_large_pages(seed)));
}

/// An empty store that is open for writing on such a machine.
fn opened(machine: Machine) -> (Run, Random) {
    let mut random = Random::new(7);
    let (disk, allowed) = formatted(machine).expect("the disk is empty and large");
    let medium = SimulatedMedium::new(disk, machine, random.fork());
    (Run::open(&medium, &allowed).expect("nothing fails"), random)
}

#[test]
fn a_region_larger_than_a_reader_reserved_is_an_error_that_changes_nothing() {
    let (mut run, mut random) = opened(Machine::default());
    fill(&mut run, &mut random, "a", 3).expect("a commit");
    let small = Options { reserve_bytes: 128 * 1024, ..options() };
    let mut store = Store::read_on(Arc::new(run.medium.reading()), &small).expect("a reader");
    let id = store.find_region("a").expect("a region");
    let mut before = vec![0; 3 * 4096];
    store.read(id, 0, &mut before).expect("its rows");
    push(&mut run, &mut random, "a", 40).expect("rows");
    run.commit().expect("a commit");
    for _ in 0..2 {
        let error = store.refresh(Copies::Forgotten).expect_err("there is no room");
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        let mut after = vec![0; 3 * 4096];
        store.read(id, 0, &mut after).expect("its rows");
        assert_eq!((store.commit_id(), after == before), (1, true));
    }
    assert_eq!(store.begin_snapshot().expect_err("nor here").kind(), ErrorKind::Limit);
    drop(store.close(Close::Discard));
}

/// The pages of the log are copies that the program never made: they must not outlive their use.
#[test]
fn a_page_laid_over_the_file_goes_when_the_writer_has_recovered() {
    for search in [Search::Differing, Search::Copied] {
        let machine = Machine { search, ..Machine::default() };
        let (mut run, mut random) = opened(machine);
        fill(&mut run, &mut random, "a", 3).expect("a commit");
        run.medium.take_photos(usize::MAX);
        change(&mut run, &mut random, "a", 5000).expect("a change");
        run.commit().expect("a commit");
        // Killed when the sequence word is odd, and before the page is home.
        let photos = run.medium.photos();
        let killed = SimulatedMedium::new(photos[1].disk.clone(), machine, random.fork());
        let mut reader = Reader::open(&killed).expect("a reader");
        let seen = reader.see_all().expect("rows");
        assert_eq!((seen.commit, seen.difference(&run.now, &[])), (2, None));
        let mut run = Run::open(&killed, run.history.allowed()).expect("it recovers");
        reader.refresh(Copies::Kept).expect("nothing fails");
        change(&mut run, &mut random, "a", 5000).expect("a change");
        run.commit().expect("a commit");
        reader.refresh(Copies::Kept).expect("nothing fails");
        let seen = reader.see_all().expect("rows");
        assert_eq!((seen.commit, seen.difference(&run.now, &[])), (3, None), "{search:?}");
    }
}
