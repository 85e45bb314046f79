//! Failing calls: storms and schedules in which a call to the medium fails, and what must hold
//! afterwards. A failed sync is never made good: no later commit is acknowledged, and a store
//! opened on the same boot, then after a power cut, is what was acknowledged or in flight.

use super::compacting::compact_beside;
use super::disk::Disk;
use super::fault::{Failing, Fault, OPERATIONS, Operation};
use super::machine::Machine;
use super::model::Allowed;
use super::observer::Observer;
use super::random::Random;
use super::run::{Run, Step, Stop};
use super::schedule::Schedule;
use super::simulated::SimulatedMedium;
use super::state::Photo;
use super::storm::{Failure, STEPS_COMPACTED_PERCENT, Tally, cut, examine, formatted, guarded};
use super::workload::Workload;
use stoa_core::ErrorKind;

const GENERATIONS: usize = 3;
const STEPS: usize = 25;

/// Draws a failure to come.
fn draw(random: &mut Random) -> Fault {
    let operation = *random.pick(&[
        Operation::Sync,
        Operation::Sync,
        Operation::WriteDurable,
        Operation::Write,
        Operation::Allocate,
        Operation::Read,
        Operation::Reserve,
        Operation::MapFile,
        Operation::MapFile,
        Operation::MapAnonymous,
        Operation::FindCopies,
        Operation::DropCopies,
    ]);
    let failing = match operation {
        Operation::Write | Operation::Allocate if random.chance(60) => Failing::Full,
        _ => *random.pick(operation.failures()),
    };
    let soon = *random.pick(&[3, 30]);
    let after = random.below_u64(soon);
    Fault { operation, after, failing, forever: random.chance(30) }
}

/// A storm on a machine whose calls fail now and then.
pub(crate) fn storm_with_failures(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut workload = Workload::new(random.fork());
        let mut tally = Tally::default();
        let (mut disk, mut allowed) = formatted(machine)?;
        for generation in 0..GENERATIONS {
            let medium = SimulatedMedium::new(disk, machine, random.fork());
            if random.chance(20) {
                medium.inject(draw(&mut random));
            }
            (disk, allowed) =
                suffer(&medium, allowed, machine, &mut workload, &mut random, &mut tally)
                    .map_err(|what| format!("generation {generation}: {what}"))?;
        }
        Ok(tally)
    })
}

/// One generation. Gives a disk for the next one, and what it may hold.
fn suffer(
    medium: &SimulatedMedium,
    allowed: Allowed,
    machine: Machine,
    workload: &mut Workload,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(Disk, Allowed), String> {
    // Its draws move nothing here.
    let mut own = random.clone().fork();
    let mut compacting = own.fork();
    if own.chance(50) {
        let mut observer = Observer::new(own, 15);
        observer.may_lag = true;
        medium.watch(Some(observer));
    }
    let mut run = match Run::open(medium, &allowed) {
        Ok(run) => run,
        Err(Stop::Fault(_)) => {
            judge(medium, std::slice::from_ref(&allowed), tally)?;
            tally.failures += 1;
            return reopen(medium, allowed, machine, workload, random, tally);
        }
        Err(stop) => return Err(format!("{stop:?}")),
    };
    let moment = random.below(STEPS);
    for step in 0..STEPS {
        if step == moment {
            medium.inject(draw(random));
        }
        tally.steps += 1;
        let mut result = workload.step(&mut run);
        if result.is_ok() && compacting.chance(STEPS_COMPACTED_PERCENT) {
            result = compact_beside(&mut run, workload, &mut compacting);
            tally.compactions += 1;
        }
        let Err(stop) = result else { continue };
        match bear(&mut run, stop) {
            Ok(true) => tally.failures += 1,
            Ok(false) => {
                tally.failures += 1;
                run.end_step();
                let allowed = run.allowed[run.allowed.len() - 1].clone();
                let steps = run.steps.clone();
                judge(medium, &run.allowed, tally)
                    .map_err(|what| format!("after {steps:?}: {what}"))?;
                drop(run);
                return reopen(medium, allowed, machine, workload, random, tally)
                    .map_err(|what| format!("after {steps:?}: {what}"));
            }
            Err(stop) => return Err(format!("after {:?}: {stop:?}", run.steps)),
        }
    }
    let allowed = run.history.allowed().clone();
    run.end_step();
    judge(medium, &run.allowed, tally).map_err(|what| format!("after {:?}: {what}", run.steps))?;
    drop(run);
    reopen(medium, allowed, machine, workload, random, tally)
}

/// Ends the looking of a reader, and judges what it saw.
fn judge(medium: &SimulatedMedium, allowed: &[Allowed], tally: &mut Tally) -> Result<(), String> {
    let Some(mut observer) = medium.watch(None) else { return Ok(()) };
    tally.looks += observer.looks;
    tally.whole += observer.whole;
    observer.judge(allowed)
}

/// Takes a failed call as the program has to. True: the store can go on.
fn bear(run: &mut Run, stop: Stop) -> Step<bool> {
    let Stop::Fault(error) = stop else { return Err(stop) };
    if !run.is_open() {
        return Ok(false);
    }
    if run.medium.failed_syncs() > 0 {
        run.check_poisoned()?;
        return Ok(false);
    }
    // Memory that lost what it showed, and a rollback that left copies, poison the store.
    let is_in_doubt = run.medium.has_lost()
        || run.medium.failed(&[Operation::FindCopies, Operation::DropCopies]) > 0;
    let is_shortage = matches!(error.kind(), ErrorKind::NoSpace | ErrorKind::Limit);
    if is_shortage && !(is_in_doubt && run.store().is_poisoned()) {
        run.go_on_with_room()?;
        return Ok(true);
    }
    Ok(false)
}

/// After a failure: the process ends; either the power goes, too, or another process opens the
/// store on the same boot, works on it, and then the power goes.
fn reopen(
    medium: &SimulatedMedium,
    mut allowed: Allowed,
    machine: Machine,
    workload: &mut Workload,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(Disk, Allowed), String> {
    if random.chance(30) {
        return cut_now(&medium.photo(), allowed, machine, random, tally);
    }
    if random.chance(30) {
        // The device still fails: it opens or it does not, and nothing is lost by it.
        match Run::open(medium, &allowed) {
            Ok(run) => allowed.clone_from(run.history.allowed()),
            Err(Stop::Fault(_)) => {}
            Err(stop) => return Err(format!("opened while calls fail: {stop:?}")),
        }
    }
    medium.stop_failing();
    if random.chance(50) {
        medium.evict();
    }
    medium.take_photos(4);
    let told = |stop: Stop| format!("opened on the same boot: {stop:?}");
    // Its draws move nothing here.
    let mut own = random.clone().fork();
    if own.chance(50) {
        medium.watch(Some(Observer::before(medium, own)));
    }
    let mut run = Run::open(medium, &allowed).map_err(told)?;
    if let Some(observer) = medium.watch(None) {
        tally.looks += observer.looks;
        observer.after(&allowed, (run.history.acknowledged(), &run.now), medium)?;
    }
    for _ in 0..random.below(6) {
        workload.step(&mut run).map_err(told)?;
    }
    run.end_step();
    let moments = run.allowed.clone();
    for photo in medium.photos() {
        let allowed = if photo.mark == 0 { &allowed } else { &moments[photo.mark] };
        cut_now(&photo, allowed.clone(), machine, random, tally)
            .map_err(|what| format!("operation {} of the next process: {what}", photo.operation))?;
    }
    let allowed = run.history.allowed().clone();
    drop(run);
    cut_now(&medium.photo(), allowed, machine, random, tally)
        .map_err(|what| format!("at the end of the next process: {what}"))
}

fn cut_now(
    photo: &Photo,
    allowed: Allowed,
    machine: Machine,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(Disk, Allowed), String> {
    let (medium, disk, cut) = cut(photo, machine, random);
    tally.cuts += 1;
    examine(&medium, machine, &allowed, 1, random, tally)
        .map_err(|what| format!("{cut}: {what}"))?;
    Ok((disk, allowed))
}

/// Plays a schedule again and again, with each call of each kind failing in turn, once and for
/// ever, and checks what is left each time.
pub(crate) fn fail_everywhere(
    schedule: &Schedule,
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
                    let outcome = guarded(seed, || fail_once(schedule, seed, machine, fault))?;
                    tally += outcome;
                    if outcome.failures == 0 {
                        break;
                    }
                    // Each of the first calls, and a sample of those of long schedules.
                    after += 1 + after / 16;
                }
            }
        }
    }
    Ok(tally)
}

/// Gives no failures if the schedule ended before the call that was to fail.
fn fail_once(
    schedule: &Schedule,
    seed: u64,
    machine: Machine,
    fault: Fault,
) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let mut workload = Workload::new(random.fork());
    let mut tally = Tally::default();
    let (disk, allowed) = formatted(machine)?;
    let medium = SimulatedMedium::new(disk, machine, random.fork());
    medium.inject(fault);
    let told = |what: String| format!("'{}' with {fault:?}: {what}", schedule.name);
    let allowed = match Run::open(&medium, &allowed) {
        Err(Stop::Fault(_)) => allowed,
        Err(stop) => return Err(told(format!("{stop:?}"))),
        Ok(mut run) => {
            run.begin_step(schedule.name);
            if let Err(stop) = (schedule.play)(&mut run, &mut random) {
                let steps = run.steps.clone();
                bear(&mut run, stop).map_err(|stop| told(format!("after {steps:?}: {stop:?}")))?;
            }
            run.end_step();
            run.allowed[run.allowed.len() - 1].clone()
        }
    };
    tally.failures = medium.failures();
    reopen(&medium, allowed, machine, &mut workload, &mut random, &mut tally).map_err(told)?;
    Ok(tally)
}
