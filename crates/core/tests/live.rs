//! Live stores. Goal: what is written to a live store survives the end of its process, whole; a
//! power cut leaves exactly the lengths and the structure of the last acknowledged commit or of the
//! one in flight, and every byte of it that nobody changed since; a reader sees what was told.
//!
//! Method: as in `crash`, random sessions on a simulated disk, live and transactional in turns. At
//! sampled moments the process is killed, or the power is cut, or the machine reset; also while what
//! that left is opened. A model knows all that was ever written where. Seeds are printed:
//! `STOA_SEED=… cargo test -p stoa-core --test live`, with `STOA_TRACE=1` and `STOA_CUTS` as there.

#[expect(dead_code, reason = "some of it is for other tests")]
#[expect(clippy::cast_possible_truncation, reason = "the simulated disk is small")]
mod support;

use support::asked::{brew, plain, share, with_large_pages, without_promises};
use support::live::fail::{SCHEDULES, fail_everywhere, storm_with_failures};
use support::live::storm::{gentle, storm};
use support::live::table::{move_the_table, reuse_the_table};
use support::live::told::{TOLD, end_the_recovery};

#[test]
fn a_kill_leaves_everything_and_a_cut_the_last_commit() {
    let place = ("live", "a_kill_leaves_everything_and_a_cut_the_last_commit");
    brew(place, share(100), 1, |seed| storm(seed, gentle(plain(seed), seed)));
}

#[test]
fn they_leave_the_same_where_pages_are_larger() {
    let place = ("live", "they_leave_the_same_where_pages_are_larger");
    brew(place, share(25), 1_000_001, |seed| storm(seed, gentle(with_large_pages(seed), seed)));
}

#[test]
fn they_leave_the_same_where_blocks_cannot_be_promised() {
    let place = ("live", "they_leave_the_same_where_blocks_cannot_be_promised");
    brew(place, share(25), 2_000_001, |seed| storm(seed, gentle(without_promises(seed), seed)));
}

#[test]
fn a_table_of_lengths_that_moves_for_a_call_that_fails_loses_no_length() {
    let place = ("live", "a_table_of_lengths_that_moves_for_a_call_that_fails_loses_no_length");
    brew(place, 1, 5_000_001, |seed| move_the_table(seed, gentle(plain(seed), seed)));
}

#[test]
fn a_reader_takes_no_rows_for_lengths_where_the_table_was() {
    let place = ("live", "a_reader_takes_no_rows_for_lengths_where_the_table_was");
    brew(place, 1, 6_000_001, |seed| reuse_the_table(seed, gentle(plain(seed), seed)));
}

#[test]
fn what_was_told_lasts_until_a_recovery_has_it_in_a_header() {
    let place = ("live", "what_was_told_lasts_until_a_recovery_has_it_in_a_header");
    for schedule in TOLD {
        brew(place, 1, 7_000_001, |seed| {
            end_the_recovery(schedule, seed, gentle(plain(seed), seed))
        });
    }
}

#[test]
fn a_failed_call_changes_nothing_or_poisons_and_nothing_promised_is_lost() {
    let place = ("live", "a_failed_call_changes_nothing_or_poisons_and_nothing_promised_is_lost");
    brew(place, share(25), 3_000_001, |seed| storm_with_failures(seed, gentle(plain(seed), seed)));
}

#[test]
fn no_failing_call_in_a_schedule_breaks_a_promise() {
    let place = ("live", "no_failing_call_in_a_schedule_breaks_a_promise");
    for schedule in SCHEDULES {
        brew(place, 1, 4_000_001, |seed| {
            fail_everywhere(schedule, seed, gentle(plain(seed), seed))
        });
    }
}
