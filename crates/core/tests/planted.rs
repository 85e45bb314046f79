//! Planted bugs. Goal: the power-cut tests would find each mistake that one could make in the
//! protocol. Method: each bug is planted in the engine, and the storms, the schedules of the
//! decisions and the failing calls of `crash` and `failure` run as they are; one of them must
//! fail. Those bugs that a random storm must find by itself are tried with storms alone.
//!
//! `cargo test -p stoa-core --features planted-bugs --test planted`

#![cfg(feature = "planted-bugs")]

#[expect(dead_code, reason = "the shares of the cuts are for the other tests")]
#[expect(clippy::cast_possible_truncation, reason = "the simulated disk is small")]
mod support;

use std::panic;
use std::sync::Once;

use stoa_core::planted::Bug;
use support::asked::{plain, without_promises};
use support::backing::back_up_over_a_checkpoint;
use support::bug::{current, inherit};
use support::compacting::{go_on_after_a_rename, pack_strings};
use support::exhaustive::alphabet::alphabet;
use support::exhaustive::live::LiveStart;
use support::exhaustive::transactional::Start;
use support::exhaustive::walk::walk;
use support::failure::storm_with_failures;
use support::live::fail::storm_with_failures as live_storm_with_failures;
use support::live::storm::{gentle, storm as live_storm};
use support::live::table::{move_the_table, reuse_the_table};
use support::live::told::{TOLD, end_the_recovery};
use support::reading::show_what_was_dropped;
use support::schedule::{SCHEDULES, cut_everywhere};
use support::sequel::{reopen_after_a_failed_sync, repeat_a_lost_commit};
use support::storm::{Failure, storm, storm_with};

/// Storms that are tried for each bug.
const SEEDS: u64 = 2000;

/// The engine's own assertions may find a bug, too: their messages are no failures here.
static HOOK: Once = Once::new();

/// Runs a test with a bug planted: what it found.
fn found(bug: Bug, test: impl Fn() -> Option<String>) -> Option<String> {
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if current().is_none() {
                loud(info);
            }
        }));
    });
    inherit(Some(bug));
    let what = test();
    inherit(None);
    what
}

/// The first of the storms that fails, and how.
fn in_storms() -> Option<String> {
    (1..=SEEDS).find_map(|seed| {
        let machine = if seed % 4 == 0 { without_promises(seed) } else { plain(seed) };
        storm(seed, machine).err().map(|failure| failure.to_string())
    })
}

/// The first schedule that fails, and how.
fn in_schedules() -> Option<String> {
    SCHEDULES
        .iter()
        .flat_map(|schedule| (1..=4).map(move |seed| (schedule, seed)))
        .find_map(|(schedule, seed)| cut_everywhere(schedule, seed, plain(seed)).err())
        .or_else(|| (1..=4).find_map(|seed| repeat_a_lost_commit(seed, plain(seed)).err()))
        .map(|failure| failure.to_string())
}

/// The first storm with failing calls that fails, and how.
fn in_failures() -> Option<String> {
    (1..=SEEDS).find_map(|seed| {
        let schedule = || reopen_after_a_failed_sync(seed, plain(seed));
        let storm = || storm_with_failures(seed, plain(seed));
        schedule().and_then(|_| storm()).err().map(|failure| failure.to_string())
    })
}

/// The first live storm that fails, and how.
fn in_live_storms() -> Option<String> {
    (1..=SEEDS)
        .find_map(|seed| live_storm(seed, gentle(plain(seed), seed)).err())
        .as_ref()
        .map(told)
}

/// A table of lengths that moves for a call that fails.
fn in_a_full_table() -> Option<String> {
    move_the_table(1, gentle(plain(1), 1)).err().as_ref().map(told)
}

/// A table of lengths that goes while a reader reads it.
fn in_a_reused_table() -> Option<String> {
    reuse_the_table(1, gentle(plain(1), 1)).err().as_ref().map(told)
}

/// Recoveries with a large directory that end in every operation: each schedule must fail.
fn in_ended_recoveries() -> Option<String> {
    let fail = |schedule| end_the_recovery(schedule, 1, gentle(plain(1), 1)).err();
    let failures: Option<Vec<Failure>> = TOLD.into_iter().map(fail).collect();
    failures.map(|all| all.iter().map(told).collect::<Vec<_>>().join("; "))
}

/// The first live storm with failing calls that fails, and how.
fn in_live_failures() -> Option<String> {
    (1..=SEEDS)
        .find_map(|seed| live_storm_with_failures(seed, gentle(plain(seed), seed)).err())
        .as_ref()
        .map(told)
}

fn told(failure: &Failure) -> String {
    failure.to_string()
}

/// A name, and a test that says what it found.
type Way = (&'static str, fn() -> Option<String>);

fn must_be_found(bug: Bug, ways: &[Way]) {
    for (way, test) in ways {
        match found(bug, test) {
            Some(what) => println!("{bug:?} in {way}: {what}"),
            None => panic!("{bug:?} was not found in {way}"),
        }
    }
}

/// The first storm beside a reader that fails, and how.
fn in_readers() -> Option<String> {
    (1..=SEEDS).find_map(|seed| {
        let machine = if seed % 4 == 0 { without_promises(seed) } else { plain(seed) };
        storm_with(seed, machine, 40).err().map(|failure| failure.to_string())
    })
}

/// The growth of the checksum table over what was freed, cut everywhere: what fails first.
fn in_growth() -> Option<String> {
    let schedule = SCHEDULES.iter().find(|schedule| schedule.name.contains("checksum table"))?;
    let what = |seed| cut_everywhere(schedule, seed, plain(seed)).err();
    (1..=4).find_map(what).map(|failure| failure.to_string())
}

/// The first backup over a checkpoint that fails, and how.
fn in_backups() -> Option<String> {
    let what = |seed| back_up_over_a_checkpoint(seed, plain(seed)).err();
    (1..=4).find_map(what).map(|failure| failure.to_string())
}

/// The first kill after a rename that fails, and how.
fn in_renames() -> Option<String> {
    let what = |seed| go_on_after_a_rename(seed, plain(seed)).err();
    (1..=4).find_map(what).map(|failure| failure.to_string())
}

/// The first strings that are others, and how.
fn in_strings() -> Option<String> {
    let what = |seed| pack_strings(seed, plain(seed)).err();
    (1..=4).find_map(what).map(|failure| failure.to_string())
}

/// The first schedule of a reader that fails, and how.
fn in_reading() -> Option<String> {
    let what = |seed| show_what_was_dropped(seed, plain(seed)).err();
    (1..=4).find_map(what).map(|failure| failure.to_string())
}

/// The first workload of up to two operations that fails, and how.
fn in_short_workloads() -> Option<String> {
    let start = Start::with_empty_log(plain(0)).expect("nothing is planted yet");
    walk(&alphabet(false), 2, &|workload| start.play(workload, workload.len() < 2)).err()
}

/// The first of three operations with a commit each that fails, and how.
fn in_short_committed_workloads() -> Option<String> {
    let start = Start::with_empty_log(plain(0)).expect("nothing is planted yet");
    let mut committed = alphabet(false);
    committed.retain(|operation| operation.is_committed);
    walk(&committed, 3, &|workload| start.play(workload, false)).err()
}

/// The first of up to two operations that fails where the next commit makes a checkpoint.
fn in_short_workloads_over_a_checkpoint() -> Option<String> {
    let start = Start::with_full_log(plain(0)).expect("nothing is planted yet");
    walk(&alphabet(false), 2, &|workload| start.play(workload, workload.len() < 2)).err()
}

/// The same of a live store.
fn in_short_live_workloads() -> Option<String> {
    let start = LiveStart::new(gentle(plain(0), 1)).expect("nothing is planted yet");
    walk(&alphabet(true), 2, &|workload| start.play(workload, workload.len() < 2)).err()
}

const READING: Way = ("a reader's schedule", in_reading);
const READERS: Way = ("storms beside a reader", in_readers);
const STORMS: Way = ("storms", in_storms);
const GROWTH: Way = ("the growth of the checksum table", in_growth);
const BACKUPS: Way = ("a backup over a checkpoint", in_backups);
const RENAMES: Way = ("a kill after a rename", in_renames);
const STRINGS: Way = ("packed strings", in_strings);
const SCHEDULED: Way = ("schedules", in_schedules);
const FAILURES: Way = ("failing calls", in_failures);
const LIVE: Way = ("live storms", in_live_storms);
const FULL_TABLE: Way = ("a full table of lengths", in_a_full_table);
const REUSED_TABLE: Way = ("a table of lengths that is reused", in_a_reused_table);
const ENDED_RECOVERIES: Way = ("recoveries with a large directory", in_ended_recoveries);
const SHORT: Way = ("short workloads", in_short_workloads);
const SHORT_COMMITTED: Way = ("three operations and commits", in_short_committed_workloads);
const SHORT_OVER: Way = ("short workloads over a checkpoint", in_short_workloads_over_a_checkpoint);
const SHORT_LIVE: Way = ("short workloads of a live store", in_short_live_workloads);
const LIVE_FAILURES: Way = ("failing calls of live stores", in_live_failures);

/// A test for each bug, and where it must be found.
macro_rules! bugs {
    ($($name:ident: $bug:ident in $($way:ident)+;)+) => {
        $(
            #[test]
            fn $name() {
                must_be_found(Bug::$bug, &[$($way),+]);
            }
        )+
    };
}

bugs! {
    a_commit_acknowledged_before_its_sync_is_found: NoLogSync in STORMS SCHEDULED SHORT;
    pages_written_home_before_the_record_are_found: HomeBeforeLog in STORMS SCHEDULED SHORT;
    direct_pages_left_to_the_sync_of_the_record_are_found:
        DirectPagesRangeSyncOnly in STORMS SCHEDULED SHORT;
    a_checkpoint_without_a_sync_is_found: CheckpointWithoutSync in STORMS SCHEDULED SHORT SHORT_OVER;
    a_last_record_believed_without_its_pages_is_found: NoDirectHash in STORMS SCHEDULED SHORT;
    a_log_reused_before_the_header_is_durable_is_found:
        HeaderNotSyncedBeforeLogReuse in STORMS SCHEDULED SHORT SHORT_OVER;
    records_without_a_salt_are_found: NoSalt in STORMS SCHEDULED;
    a_single_header_slot_is_found: OneHeaderSlot in STORMS SCHEDULED SHORT;
    granules_without_a_full_image_are_found: GranulesWithoutFullImage in STORMS SCHEDULED SHORT;
    a_boundary_that_retreats_is_found: BoundaryRetreats in STORMS SCHEDULED SHORT_COMMITTED;
    extents_reused_at_once_are_found: FreedExtentsReusedAtOnce in STORMS SCHEDULED SHORT_COMMITTED;
    extents_given_back_and_reused_at_once_are_found: CutExtentsReusedAtOnce in STORMS SCHEDULED;
    a_capture_compared_with_the_file_is_found: DiffAgainstFile in STORMS SCHEDULED;
    commits_out_of_order_are_found: OutOfOrderCommits in STORMS SCHEDULED;
    direct_pages_not_written_again_are_found: NoDirectRewriteOnRecovery in FAILURES;
    home_writes_from_memory_are_found: HomeWritesFromMemory in STORMS SCHEDULED;
    a_drop_without_a_comparison_is_found: DropWithoutCompare in STORMS SCHEDULED;
    a_recovery_without_a_sync_after_a_reset_is_found: NoSyncAfterReset in STORMS FAILURES;
    a_header_trusted_before_it_was_published_is_found: UnpublishedHeaderTrusted in FAILURES;
    a_reader_beyond_what_was_published_is_found: ReaderBeyondPublished in READERS;
    a_reader_without_the_pages_of_the_log_is_found: ReaderWithoutLog in READERS;
    a_snapshot_without_the_sequence_word_is_found: SnapshotWithoutSequence in READERS;
    a_reader_that_goes_back_is_found: ReaderGoesBack in READERS;
    a_reader_that_keeps_former_extents_is_found: ReaderKeepsExtents in READERS;
    a_reader_that_keeps_copies_over_new_rows_is_found: ReaderKeepsCopies in READERS;
    a_commit_published_before_it_is_home_is_found: PublishedBeforeHome in READERS;
    pages_written_home_at_an_even_word_are_found: HomeAtRest in READERS;
    a_recovery_published_before_it_is_home_is_found: RecoveryPublishedBeforeHome in READERS;
    a_failed_sync_that_readers_are_not_told_of_is_found: FailedSyncUntold in FAILURES;
    a_file_cut_below_a_reader_is_found: CutBelowReaders in READING;
    a_live_record_before_its_rows_is_found: LiveRecordBeforeRows in LIVE SHORT_LIVE;
    a_store_live_over_an_old_log_is_found: LiveOverOldLog in LIVE SHORT_LIVE;
    a_store_live_on_a_closed_header_is_found: LiveOnClosedHeader in LIVE;
    a_live_directory_written_in_place_is_found: LiveDirectoryInPlace in LIVE SHORT_LIVE;
    what_was_told_forgotten_first_is_found: ToldForgottenFirst in LIVE SHORT_LIVE;
    what_was_told_overwritten_by_a_recovery_is_found: ToldOverwritten in ENDED_RECOVERIES;
    what_was_told_in_another_boot_is_found: ToldInAnotherBoot in LIVE SHORT_LIVE;
    a_live_store_discarded_without_a_sync_is_found: LiveDiscardWithoutSync in LIVE SHORT_LIVE;
    a_loss_that_is_not_told_is_found: LiveLossUntold in LIVE_FAILURES;
    a_table_that_moved_untold_is_found: LiveTableUntold in FULL_TABLE;
    checksums_kept_by_a_live_store_are_found: LiveChecksumsKept in LIVE;
    a_table_read_once_is_found: LiveTableReadOnce in REUSED_TABLE;
    a_file_cut_under_a_reader_is_found: CutBelowReaders in LIVE;
    extents_reused_at_once_are_found_live: FreedExtentsReusedAtOnce in LIVE;
    a_live_checkpoint_without_a_sync_is_found: CheckpointWithoutSync in LIVE;
    a_torn_sector_of_checksums_that_is_trusted_is_found: TornSectorTrusted in STORMS;
    a_torn_word_that_is_trusted_is_found: TornWordTrusted in SHORT_OVER;
    a_backup_of_pages_that_changed_since_is_found: BackupKeepsOldPages in BACKUPS;
    a_checksum_table_that_grows_over_old_bytes_is_found: TableNotCleared in GROWTH;
    a_compacted_file_renamed_before_it_is_durable_is_found:
        RenamedBeforeSync in STORMS SCHEDULED;
    a_commit_before_the_folder_is_synced_is_found: NameNotSynced in STORMS SCHEDULED;
    a_name_that_is_trusted_after_a_kill_is_found: NameTrusted in RENAMES;
    a_compaction_of_pages_that_changed_since_is_found: CompactionKeepsOldPages in STORMS;
    strings_that_are_looked_for_where_they_were_are_found: ViewsNotMoved in STRINGS;
    a_checksum_table_cleared_on_no_disk_is_found: TableNotClearedAgain in GROWTH;
}
