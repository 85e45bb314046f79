//! The live storm: sessions of live and of transactional stores on one disk after the other, kills
//! and power cuts in all of them, and in the recoveries from these. All of it follows from a seed.

use super::claim::{Change, Claim, End};
use super::examine::{Moment, complaint, end};
use super::onlooker::Onlooker;
use super::play::step;
use super::run::LiveRun;
use crate::support::disk::Disk;
use crate::support::machine::Machine;
use crate::support::model::Allowed;
use crate::support::random::Random;
use crate::support::run::Run;
use crate::support::simulated::SimulatedMedium;
use crate::support::state::Photo;
use crate::support::storm::{Failure, Tally, examine, formatted, guarded};
use crate::support::workload::Workload;

const GENERATIONS: usize = 4;
const STEPS_MAX: usize = 25;
const PHOTOS: usize = 8;
const DEPTH: usize = 2;

/// A machine on which a sector that is written again with the bytes it has stays as it is, torn or
/// not: a store through memory makes all of its page dirty, and else nothing could be said of the
/// rows beside one that changed. Every third of them tears nothing.
pub(crate) fn gentle(machine: Machine, seed: u64) -> Machine {
    let torn_percent = if seed.is_multiple_of(3) { 0 } else { machine.torn_percent };
    Machine { tears_unchanged: false, torn_percent, ..machine }
}

/// One live storm on machines like this one.
pub(crate) fn storm(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut workload = Workload::new(random.fork());
        let mut tally = Tally::default();
        let (mut disk, mut allowed) = formatted(machine)?;
        for generation in 0..GENERATIONS {
            let medium = SimulatedMedium::new(disk, machine, random.fork());
            let next = if generation > 0 && random.chance(25) {
                transactional(&medium, &allowed, &mut workload, machine, &mut random, &mut tally)
                    .map_err(|what| format!("generation {generation}, transactional: {what}"))
            } else {
                live(&medium, &allowed, machine, &mut random, &mut tally)
                    .map_err(|what| format!("generation {generation}, live: {what}"))
            };
            (disk, allowed) = next?;
        }
        Ok(tally)
    })
}

/// A session of a live store, and the ends of it.
fn live(
    medium: &SimulatedMedium,
    allowed: &Allowed,
    machine: Machine,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(Disk, Allowed), String> {
    medium.take_photos(PHOTOS);
    let mut run = LiveRun::open(medium, allowed)?;
    if random.chance(30) {
        run.onlooker = Some(Onlooker::open(medium)?);
    }
    if random.chance(30) {
        medium.cut_after(random.below_u64(300));
    }
    let result = play(&mut run, random, tally);
    tally.operations += medium.photo().operation;
    if let Some(what) = complaint(result) {
        let last = run.steps.len().saturating_sub(8);
        return Err(format!("after {:?}: {what}", &run.steps[last..]));
    }
    let mut photos = medium.photos();
    photos.append(&mut run.photos);
    photos.push(medium.photo());
    let (claims, changes) = (std::mem::take(&mut run.claims), std::mem::take(&mut run.changes));
    let steps = std::mem::take(&mut run.steps);
    drop(run);
    let mut next = None;
    for photo in photos {
        let told = (&claims[photo.mark], &changes[..]);
        let first = photo.mark.saturating_sub(5);
        let opened = end_and_examine(&photo, told, machine, random, tally).map_err(|what| {
            let steps = &steps[first..=photo.mark];
            format!("operation {} of step {}, {steps:?}, {what}", photo.operation, photo.mark)
        })?;
        if next.is_none() || random.chance(20) {
            next = Some(opened);
        }
    }
    next.ok_or_else(|| "nothing was photographed".to_owned())
}

fn play(
    run: &mut LiveRun,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(), crate::support::run::Stop> {
    // Some of it is not committed when the store goes live.
    for _ in 0..random.below(3) {
        step(run, random)?;
    }
    if !run.is_live {
        run.complete_all()?;
        run.go_live()?;
    }
    for _ in 0..random.between(3, STEPS_MAX) {
        step(run, random)?;
        tally.steps += 1;
    }
    run.compare()
}

/// Kills, or cuts the power, and opens what is left. Gives a disk for the next generation.
pub(crate) fn end_and_examine(
    photo: &Photo,
    (claim, changes): (&Claim, &[Change]),
    machine: Machine,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(Disk, Allowed), String> {
    let moment = Moment { claim, changes, machine };
    let mut next = None;
    for kills_percent in [100, 0] {
        let (disk, how, words) = end(photo, machine, kills_percent, random);
        let opened = moment.examine(disk, how, DEPTH, random, tally);
        let opened = opened.map_err(|what| format!("{words}: {what}"))?;
        if next.is_none() || random.chance(50) {
            next = Some(opened);
        }
    }
    let (photo, allowed) = next.ok_or("it was ended twice")?;
    let (disk, how, _) = end(&photo, machine, 30, random);
    debug_assert!(how == End::Kill || matches!(how, End::Cut(_)), "it ended once");
    Ok((disk, allowed))
}

/// A session of a transactional store: what it promises does not depend on who was there before.
fn transactional(
    medium: &SimulatedMedium,
    allowed: &Allowed,
    workload: &mut Workload,
    machine: Machine,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<(Disk, Allowed), String> {
    medium.take_photos(PHOTOS);
    let mut run = Run::open(medium, allowed)?;
    for _ in 0..random.between(3, 12) {
        if let Some(what) = complaint(workload.step(&mut run)) {
            return Err(format!("after {:?}: {what}", run.steps));
        }
        tally.steps += 1;
    }
    run.end_step();
    let mut moments: Vec<(Photo, Allowed)> = Vec::new();
    for photo in medium.photos() {
        let allowed = if photo.mark == 0 { allowed } else { &run.allowed[photo.mark] };
        moments.push((photo, allowed.clone()));
    }
    moments.push((medium.photo(), run.history.allowed().clone()));
    drop(run);
    let mut next = None;
    for (photo, allowed) in moments {
        let (disk, _, words) = end(&photo, machine, 20, random);
        tally.cuts += 1;
        let medium = SimulatedMedium::new(disk.clone(), machine, random.fork());
        examine(&medium, machine, &allowed, DEPTH, random, tally)
            .map_err(|what| format!("operation {}, {words}: {what}", photo.operation))?;
        if next.is_none() || random.chance(30) {
            next = Some((disk, allowed));
        }
    }
    next.ok_or_else(|| "nothing was photographed".to_owned())
}
