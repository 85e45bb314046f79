//! Bounded-exhaustive power cuts. Goal: of every workload of up to so many operations of a small
//! alphabet, cut, killed and reset in every operation of the disk, exactly the last acknowledged
//! commit is left, or the one in flight; of a live store what `live` says.
//!
//! Method: where `crash` and `live` draw, this takes all, on the same simulated disk. At each moment
//! the un-synced writes are kept by class: none, all, each one alone, all but each one, and parts of
//! each one torn. Nothing is drawn. `STOA_OPERATIONS=3` makes the workloads longer; by default it is
//! one or two, and takes some seconds. In the recoveries from workloads of up to `STOA_DEEP`
//! operations each operation is cut, too. `STOA_WORKLOAD=Push+Commit,Drop` is one workload alone.

#[expect(dead_code, reason = "the random storms are for other tests")]
#[expect(clippy::cast_possible_truncation, reason = "the simulated disk is small")]
mod support;

use std::env;
use std::time::Instant;

use support::asked::{asked, plain};
use support::exhaustive::alphabet::{Operation, alphabet};
use support::exhaustive::live::LiveStart;
use support::exhaustive::transactional::Start;
use support::exhaustive::walk::{Play, named, walk};
use support::live::storm::gentle;

/// Plays all, and says what that was. Fails with the first workload that fails.
fn walk_all(name: &str, usual: usize, is_live: bool, play: Play<'_>) {
    let longest =
        asked("STOA_OPERATIONS").and_then(|longest| longest.try_into().ok()).unwrap_or(usual);
    let alphabet = alphabet(is_live);
    let begin = Instant::now();
    let only = env::var("STOA_WORKLOAD").ok();
    let play: Play<'_> = &|workload| {
        let is_left_out = only.as_ref().is_some_and(|only| !only.starts_with(&named(workload)));
        if is_left_out { Ok(None) } else { play(workload) }
    };
    match walk(&alphabet, longest, play) {
        Ok(walked) => println!(
            "{name}: all of up to {longest} of {} operations: {walked}; {} s",
            alphabet.len(),
            begin.elapsed().as_secs()
        ),
        Err(what) => panic!("{name}: {what}"),
    }
}

/// Whether each operation of the recoveries is cut, too: where there are not too many.
fn is_deep(workload: &[Operation]) -> bool {
    workload.len() as u64 <= asked("STOA_DEEP").unwrap_or(1)
}

#[test]
fn no_short_workload_loses_a_commit() {
    let start = Start::with_empty_log(plain(0)).expect("the disk is empty");
    walk_all("an empty log", 2, false, &|workload| start.play(workload, is_deep(workload)));
}

#[test]
fn no_short_workload_over_a_checkpoint_loses_a_commit() {
    let start = Start::with_full_log(plain(0)).expect("the disk is empty");
    walk_all("a full log", 1, false, &|workload| start.play(workload, is_deep(workload)));
}

#[test]
fn no_short_workload_of_a_live_store_loses_what_it_promised() {
    let start = LiveStart::new(gentle(plain(0), 1)).expect("the disk is empty");
    walk_all("a live store", 2, true, &|workload| start.play(workload, is_deep(workload)));
}
