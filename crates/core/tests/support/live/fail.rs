//! Failing calls in live sessions, and what must hold afterwards: a call that says `NoSpace` or
//! `Limit` has changed nothing that it says it has not, anything else poisons the store, and
//! what opens later is what was promised.

use std::sync::Arc;

use stoa_core::{Close, ElementKind, ErrorKind, Growth, Store};

use super::claim::{Claim, Commit, End};
use super::examine::{Moment, end};
use super::play::step;
use super::run::LiveRun;
use crate::support::disk::Disk;
use crate::support::fault::{Failing, Fault, OPERATIONS, Operation};
use crate::support::machine::Machine;
use crate::support::model::Allowed;
use crate::support::random::Random;
use crate::support::run::{Step, Stop, options, wrong};
use crate::support::simulated::SimulatedMedium;
use crate::support::storm::{Failure, Tally, formatted, guarded};

const GENERATIONS: usize = 3;
const STEPS: usize = 20;
const PUBLISHED_OFFSET: u64 = 2 * 64 * 1024;

/// Steps on a live store, in the order of their trouble.
pub(crate) type Schedule = fn(&mut LiveRun, &mut Random) -> Step;

pub(crate) const SCHEDULES: [(&str, Schedule); 4] = [
    ("go live with pending changes", go_live),
    ("create, grow, drop, shrink", shape),
    ("tell more than there was room for", tell_more),
    ("commit, close, discard", close),
];

fn draw(random: &mut Random) -> Fault {
    let operation = *random.pick(&[
        Operation::Sync,
        Operation::Sync,
        Operation::WriteDurable,
        Operation::Write,
        Operation::Write,
        Operation::Allocate,
        Operation::Allocate,
        Operation::Read,
        Operation::Reserve,
        Operation::MapFile,
        Operation::MapAnonymous,
    ]);
    let failing = match operation {
        Operation::Write | Operation::Allocate if random.chance(60) => Failing::Full,
        _ => *random.pick(operation.failures()),
    };
    let soon = *random.pick(&[3, 30]);
    Fault { operation, after: random.below_u64(soon), failing, forever: random.chance(30) }
}

/// A live storm on a machine whose calls fail now and then.
pub(crate) fn storm_with_failures(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut tally = Tally::default();
        let (mut disk, mut allowed) = formatted(machine)?;
        for generation in 0..GENERATIONS {
            let medium = SimulatedMedium::new(disk, machine, random.fork());
            let mut run = LiveRun::open(&medium, &allowed)?;
            let moment = random.below(STEPS);
            let play = |run: &mut LiveRun, random: &mut Random| {
                for at in 0..STEPS {
                    if at == moment {
                        run.medium.inject(draw(random));
                    }
                    step(run, random)?;
                }
                Ok(())
            };
            let result = play(&mut run, &mut random);
            let next = end_of(run, result, machine, &mut random, &mut tally);
            (disk, allowed) = next.map_err(|what| format!("generation {generation}: {what}"))?;
        }
        Ok(tally)
    })
}

/// Takes a failed call as the program has to; then ends the process, and examines what it left.
fn end_of(
    mut run: LiveRun,
    result: Step,
    machine: Machine,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(Disk, Allowed), String> {
    let last = |run: &LiveRun| format!("{:?}", &run.steps[run.steps.len().saturating_sub(9)..]);
    let borne = match result {
        Ok(()) => Ok(()),
        Err(stop) => bear(&mut run, stop),
    };
    borne.map_err(|stop| format!("after {}: {stop:?}", last(&run)))?;
    tally.failures += run.medium.failures();
    let words = last(&run);
    let photo = run.medium.photo();
    let failed_syncs = run.medium.failed_syncs() > 0;
    let mut claim = run.last_claim().clone();
    claim.may_be_untold |= failed_syncs;
    let changes = std::mem::take(&mut run.changes);
    drop(run);
    let (mut disk, mut how, ended) = end(&photo, machine, 60, random);
    if how == End::Kill && failed_syncs && random.chance(60) {
        disk.evict(PUBLISHED_OFFSET, random);
    }
    let mut what_failed = String::new();
    if random.chance(40) {
        (disk, what_failed) = open_while_calls_fail(disk, machine, &mut claim, &mut how, random);
    }
    let moment = Moment { claim: &claim, changes: &changes, machine };
    let (photo, allowed) = moment
        .examine(disk, how, 1, random, tally)
        .map_err(|what| format!("after {words}, {ended}, {what_failed}: {what}"))?;
    Ok((photo.disk, allowed))
}

/// A process recovers while calls fail: it opens or it does not, and nothing is lost by it, unless
/// a sync failed.
fn open_while_calls_fail(
    disk: Disk,
    machine: Machine,
    claim: &mut Claim,
    how: &mut End,
    random: &mut Random,
) -> (Disk, String) {
    let medium = SimulatedMedium::new(disk, machine, random.fork());
    let fault = draw(random);
    medium.inject(fault);
    let opened = Store::open_on(Arc::new(medium.clone()), &options());
    let said = opened.as_ref().map_or_else(ToString::to_string, |_| "it opened".to_owned());
    medium.set_ending(true);
    drop(opened);
    medium.set_ending(false);
    claim.is_recovering = true;
    if medium.failed_syncs() > 0 {
        claim.may_be_untold = true;
        medium.stop_failing();
        medium.evict();
    }
    if *how == End::Kill && claim.may_be_untold {
        // Told or not, what it opened with is of this boot, and may be a commit that it made.
        *how = End::CutAfterKill(false);
    }
    (medium.photo().disk, format!("opened while {fault:?}: {said}"))
}

/// Takes a failed call as the program has to.
fn bear(run: &mut LiveRun, stop: Stop) -> Step {
    let Stop::Fault(error) = stop else { return Err(stop) };
    let is_damaged = run.medium.has_lost()
        || run.medium.failed(&[Operation::FindCopies, Operation::DropCopies]) > 0;
    if run.store.is_none() {
        return Ok(());
    }
    let is_poisoned = run.store().is_poisoned();
    if run.medium.failed_syncs() > 0 {
        let later = run.store().commit().err().map(|error| error.kind());
        let is_refused =
            matches!(later, Some(ErrorKind::Poisoned | ErrorKind::Closed)) || run.is_closed();
        return if is_refused { Ok(()) } else { wrong(format!("after a failed sync: {later:?}")) };
    }
    match error.kind() {
        ErrorKind::NoSpace if is_poisoned && !is_damaged => {
            wrong(format!("NoSpace, and the store is poisoned: {error}"))
        }
        ErrorKind::NoSpace | ErrorKind::Limit if !is_poisoned => go_on_with_room(run),
        _ => Ok(()),
    }
}

impl LiveRun {
    fn is_closed(&mut self) -> bool {
        self.store().is_dirty().err().is_some_and(|error| error.kind() == ErrorKind::Closed)
    }
}

/// Nothing was changed by the call that failed, and with room everything goes on.
fn go_on_with_room(run: &mut LiveRun) -> Step {
    if run.is_closed() {
        return Ok(());
    }
    run.medium.stop_failing();
    if run.is_live && !run.store().is_live() {
        return wrong("a live store is not any more");
    }
    run.is_live = run.store().is_live();
    run.store().committer().complete(u64::MAX).ok();
    run.store().settle();
    let settled = run.store().commit_id();
    let known = run.history.iter().rposition(|commit| commit.id == settled);
    if let Some(index) = known {
        run.history.truncate(index + 1);
        run.history.drain(..index);
    } else {
        // What failed was pending, and became part of a later commit.
        let (held, since) = (run.now.clone(), run.changes.len());
        run.history = vec![Commit { id: settled, ticket: 0, held, since }];
    }
    run.quiet();
    run.compare()?;
    run.commit()?;
    if !run.is_live {
        run.go_live()?;
    }
    run.compare()
}

/// Plays a schedule again and again, each call of each kind failing in turn, once and for ever.
pub(crate) fn fail_everywhere(
    (name, schedule): (&str, Schedule),
    seed: u64,
    machine: Machine,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for operation in OPERATIONS {
        for &failing in operation.failures() {
            for forever in [false, true] {
                let mut after = 0;
                loop {
                    let fault = Fault { operation, after, failing, forever };
                    let once = || {
                        fail_once(schedule, seed, machine, fault)
                            .map_err(|what| format!("'{name}' with {fault:?}: {what}"))
                    };
                    let outcome = guarded(seed, once)?;
                    tally += outcome;
                    if outcome.failures == 0 {
                        break;
                    }
                    after += 1 + after / 8;
                }
            }
        }
    }
    Ok(tally)
}

fn fail_once(
    schedule: Schedule,
    seed: u64,
    machine: Machine,
    fault: Fault,
) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    let (disk, allowed) = formatted(machine)?;
    let medium = SimulatedMedium::new(disk, machine, random.fork());
    let mut run = LiveRun::open(&medium, &allowed)?;
    // The same each time: the ways of the ends differ.
    let mut steps = Random::new(seed);
    medium.inject(fault);
    let result = schedule(&mut run, &mut steps);
    let mut ends = Random::new(seed ^ fault.after << 8 ^ u64::from(fault.forever));
    end_of(run, result, machine, &mut ends, &mut tally)?;
    Ok(tally)
}

fn push(run: &mut LiveRun, random: &mut Random, name: &str, bytes: usize) -> Step {
    let bytes = random.bytes(bytes);
    run.append(name, &bytes, Growth::Exact)
}

fn go_live(run: &mut LiveRun, random: &mut Random) -> Step {
    run.create("a", ElementKind::U8, 1)?;
    push(run, random, "a", 9000)?;
    run.commit()?;
    run.update("a", 100, &[1, 2, 3])?;
    push(run, random, "a", 9000)?;
    run.go_live()?;
    push(run, random, "a", 9000)?;
    run.commit()
}

fn shape(run: &mut LiveRun, random: &mut Random) -> Step {
    run.go_live()?;
    for name in ["a", "b"] {
        run.create(name, ElementKind::U8, 1)?;
        push(run, random, name, 70_000)?;
    }
    push(run, random, "a", 200_000)?;
    run.commit()?;
    run.drop_region("b")?;
    run.truncate("a", 10)?;
    run.shrink("a")?;
    run.commit()?;
    run.shrink("a")?;
    run.create("b", ElementKind::F64, 1)?;
    push(run, random, "b", 8000)?;
    run.grow("b", 500_000, Growth::Exact)?;
    run.commit()
}

fn tell_more(run: &mut LiveRun, random: &mut Random) -> Step {
    run.create("a", ElementKind::U8, 1)?;
    run.go_live()?;
    push(run, random, "a", 100)?;
    let metadata = random.bytes(70_000);
    run.set_metadata(metadata)?;
    push(run, random, "a", 100)?;
    run.set_data_version(3)?;
    run.commit()?;
    let metadata = random.bytes(200_000);
    run.set_metadata(metadata)?;
    run.create("b", ElementKind::U8, 1)?;
    push(run, random, "b", 100)
}

fn close(run: &mut LiveRun, random: &mut Random) -> Step {
    run.go_live()?;
    run.create("a", ElementKind::U8, 1)?;
    push(run, random, "a", 5000)?;
    run.commit()?;
    run.update("a", 4000, &[7; 900])?;
    push(run, random, "a", 5000)?;
    run.reopen(Close::Discard)?;
    run.go_live()?;
    run.update("a", 10, &[7; 900])?;
    push(run, random, "a", 5000)?;
    run.begin_commit()?;
    push(run, random, "a", 5000)?;
    run.begin_commit()?;
    run.complete_all()?;
    run.reopen(Close::Commit)
}
