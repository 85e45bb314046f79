//! The storm: a workload, power cuts in it, cuts in the recoveries from these, and the next
//! generation of the workload on one of the disks that came out. All of it follows from one seed.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::backing::{back_up_beside, back_up_what_is_left};
use super::compacting::compact_beside;
use super::disk::{Disk, KEPT, Kept};
use super::machine::Machine;
use super::model::Allowed;
use super::observer::Observer;
use super::random::Random;
use super::run::{Run, Stop};
use super::simulated::SimulatedMedium;
use super::start::filled;
pub(crate) use super::start::formatted;
use super::state::Photo;
use super::trace::trace;
use super::verifying::{verify, verify_what_is_left};
use super::workload::Workload;

const GENERATIONS: usize = 3;
const STEPS_MAX: usize = 40;
/// Moments at which the power is cut, in each generation.
const PHOTOS: usize = 12;
/// Ways to cut it at each.
const CUTS: usize = 2;
/// Cuts within the recovery from a cut, and within the recovery from that.
const DEPTH: usize = 2;
/// Openings beside which a reader has the store open.
const WATCHED_PERCENT: usize = 15;
/// Openings after which, and steps after which, the store is checked against its checksums.
const VERIFIED_PERCENT: usize = 50;
const STEPS_VERIFIED_PERCENT: usize = 10;
/// Steps after which a backup is made, and openings before which a reader makes one.
const STEPS_BACKED_UP_PERCENT: usize = 4;
const BACKED_UP_PERCENT: usize = 8;
/// Steps after which the store is compacted.
pub(crate) const STEPS_COMPACTED_PERCENT: usize = 4;
/// Cuts that are only resets: the drive keeps its power.
const RESET_PERCENT: usize = 25;

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Power cuts, each followed by a check of what reopened.
    pub(crate) cuts: u64,
    /// Those of them that fell into a recovery.
    pub(crate) cuts_in_recovery: u64,
    /// Processes killed while the machine went on.
    pub(crate) kills: u64,
    /// Calls to the medium that failed.
    pub(crate) failures: u64,
    /// Cuts that left the commit in flight, whole.
    pub(crate) in_flight: u64,
    pub(crate) operations: u64,
    pub(crate) steps: u64,
    /// Moments at which a reader looked.
    pub(crate) looks: u64,
    /// What it saw that had to be one commit.
    pub(crate) whole: u64,
    /// Checks against the checksums. None may find anything.
    pub(crate) verified: u64,
    /// Copies, each opened and checked.
    pub(crate) backups: u64,
    pub(crate) compactions: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.cuts_in_recovery += other.cuts_in_recovery;
        self.kills += other.kills;
        self.failures += other.failures;
        self.in_flight += other.in_flight;
        self.operations += other.operations;
        self.steps += other.steps;
        self.looks += other.looks;
        self.whole += other.whole;
        self.verified += other.verified;
        self.backups += other.backups;
        self.compactions += other.compactions;
    }
}

/// What went wrong, and how to see it again.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    pub(crate) what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "STOA_SEED={}: {}", self.seed, self.what)
    }
}

/// Runs what may panic: a panic of the engine is a failure of the seed, too.
pub(crate) fn guarded<T>(
    seed: u64,
    test: impl FnOnce() -> Result<T, String>,
) -> Result<T, Failure> {
    let what = match catch_unwind(AssertUnwindSafe(test)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(what)) => what,
        Err(panic) => {
            let owned = panic.downcast_ref::<String>().cloned();
            let said = owned.or_else(|| panic.downcast_ref::<&str>().map(|&said| said.to_owned()));
            format!("a panic: {}", said.unwrap_or_default())
        }
    };
    Err(Failure { seed, what })
}

/// One storm on machines like this one.
pub(crate) fn storm(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    storm_with(seed, machine, 0)
}

/// The same beside a reader that looks in so many of a hundred operations.
pub(crate) fn storm_with(seed: u64, machine: Machine, looks: usize) -> Result<Tally, Failure> {
    storm_on(seed, machine, looks, formatted)
}

/// One storm on a disk on which the checksum table has to grow soon.
pub(crate) fn storm_far(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    storm_on(seed, machine, 0, filled)
}

fn storm_on(
    seed: u64,
    machine: Machine,
    looks: usize,
    start: fn(Machine) -> Result<(Disk, Allowed), String>,
) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut workload = Workload::new(random.fork());
        let mut tally = Tally::default();
        let (mut disk, mut allowed) = start(machine)?;
        for generation in 0..GENERATIONS {
            let place = format!("generation {generation} of theme {:?}", workload.theme);
            let medium = SimulatedMedium::new(disk.clone(), machine, random.fork());
            if looks > 0 {
                medium.watch(Some(Observer::new(random.clone().fork(), looks)));
            }
            let photos = generate(&medium, &allowed, &mut workload, &mut random, &mut tally)
                .map_err(|what| format!("{place}: {what}"))?;
            let mut next = None;
            for (photo, allowed, step) in photos {
                let place = format!("{place}, operation {} in {step}", photo.operation);
                if random.chance(20) {
                    tally.kills += 1;
                    let medium = SimulatedMedium::new(photo.disk.clone(), machine, random.fork());
                    examine(&medium, machine, &allowed, DEPTH, &mut random, &mut tally)
                        .map_err(|what| format!("{place}, killed: {what}"))?;
                }
                for _ in 0..CUTS {
                    let (medium, disk, cut) = cut(&photo, machine, &mut random);
                    tally.cuts += 1;
                    let kept = examine(&medium, machine, &allowed, DEPTH, &mut random, &mut tally)
                        .map_err(|what| format!("{place}, {cut}: {what}"))?;
                    tally.in_flight += kept;
                    // What a lost commit left is where the next generation can go wrong.
                    let is_lost = kept == 0 && allowed.len() > 1;
                    if next.is_none() || random.chance(if is_lost { 60 } else { 20 }) {
                        next = Some((disk, allowed.clone()));
                    }
                }
            }
            let Some(next) = next else { break };
            (disk, allowed) = next;
        }
        Ok(tally)
    })
}

type Moment = (Photo, Allowed, String);

/// One generation: opens what a cut left, works on it, and gives the moments to cut at.
fn generate(
    medium: &SimulatedMedium,
    allowed: &Allowed,
    workload: &mut Workload,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<Vec<Moment>, String> {
    medium.take_photos(PHOTOS);
    let mut run = Run::open(medium, allowed).map_err(|stop| format!("{stop:?}"))?;
    if random.chance(30) {
        medium.cut_after(random.below_u64(400));
    }
    let steps = random.between(5, STEPS_MAX);
    let mut result = Ok(());
    // Its draws move nothing here.
    let mut own = random.clone().fork();
    for _ in 0..steps {
        result = workload.step(&mut run);
        if result.is_err() {
            break;
        }
        tally.steps += 1;
        if own.chance(STEPS_VERIFIED_PERCENT) && !medium.is_out() {
            verify(run.store()).map_err(|what| format!("after {:?}: {what}", run.steps))?;
            tally.verified += 1;
        }
        if own.chance(STEPS_BACKED_UP_PERCENT) && !medium.is_out() {
            result = back_up_beside(&mut run, workload, medium.machine(), &mut own);
            if result.is_err() {
                break;
            }
            tally.backups += 1;
        }
        if own.chance(STEPS_COMPACTED_PERCENT) && !medium.is_out() {
            result = compact_beside(&mut run, workload, &mut own);
            if result.is_err() {
                break;
            }
            tally.compactions += 1;
        }
    }
    if result.is_ok() {
        run.begin_step("the end");
        result = run.compare();
    }
    run.end_step();
    if let Some(mut observer) = medium.watch(None) {
        tally.looks += observer.looks;
        tally.whole += observer.whole;
        observer.judge(&run.allowed).map_err(|what| format!("after {:?}: {what}", run.steps))?;
    }
    tally.operations += medium.photo().operation;
    match result {
        Ok(()) | Err(Stop::Power) => {}
        Err(stop) => return Err(format!("after {:?}: {stop:?}", run.steps)),
    }
    let step_names = |mark: usize| match mark {
        0 => "open".to_owned(),
        _ => format!("step {mark}, last {:?}", &run.steps[mark.saturating_sub(6)..mark]),
    };
    let mut moments: Vec<Moment> = medium
        .photos()
        .into_iter()
        .map(|photo| {
            let allowed = run.allowed[photo.mark].clone();
            let step = step_names(photo.mark);
            (photo, allowed, step)
        })
        .collect();
    // The last moment: the power that really went out, or everything as the run left it.
    let mark = run.allowed.len() - 1;
    moments.push((medium.photo(), run.allowed[mark].clone(), step_names(mark)));
    Ok(moments)
}

/// Cuts the power in some way, or resets the machine: the machine that is switched on again, its disk, and how it was.
pub(crate) fn cut(
    photo: &Photo,
    machine: Machine,
    random: &mut Random,
) -> (SimulatedMedium, Disk, String) {
    let kept = *random.pick(&KEPT);
    if !random.chance(RESET_PERCENT) {
        return cut_to(kept, photo, machine, random);
    }
    let disk = photo.disk.reset(kept, random);
    let medium = SimulatedMedium::new(disk.clone(), machine, random.fork());
    (medium, disk, format!("reset to {kept:?}"))
}

/// Cuts the power and keeps what `kept` says.
pub(crate) fn cut_to(
    kept: Kept,
    photo: &Photo,
    machine: Machine,
    random: &mut Random,
) -> (SimulatedMedium, Disk, String) {
    let tearing = machine.tearing(random);
    let disk = photo.disk.cut(kept, tearing, random);
    let medium = SimulatedMedium::new(disk.clone(), machine, random.fork());
    (medium, disk, format!("cut to {kept:?}, torn: {tearing:?}"))
}

/// Opens what a cut or a kill left and checks it; then cuts the power within that recovery and
/// right after it. Gives 1 if the commit in flight was there.
pub(crate) fn examine(
    medium: &SimulatedMedium,
    machine: Machine,
    allowed: &Allowed,
    depth: usize,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<u64, String> {
    let is_cut_again = depth > 0 && random.chance(40);
    if is_cut_again {
        medium.take_photos(1);
    }
    trace(format_args!("open what is left"));
    // Its draws move nothing here.
    let mut own = random.clone().fork();
    if own.chance(WATCHED_PERCENT) {
        medium.watch(Some(Observer::before(medium, own.fork())));
    }
    let is_verified = own.chance(VERIFIED_PERCENT);
    if is_verified {
        verify_what_is_left(medium)?;
    }
    if own.chance(BACKED_UP_PERCENT) {
        back_up_what_is_left(medium, machine, allowed, &mut own)?;
        tally.backups += 1;
    }
    let mut run = Run::open(medium, allowed).map_err(|stop| format!("{stop:?}"))?;
    if let Some(observer) = medium.watch(None) {
        tally.looks += observer.looks;
        observer.after(allowed, (run.history.acknowledged(), &run.now), medium)?;
    }
    if is_verified {
        verify(run.store())?;
        tally.verified += 2;
    }
    let found = run.history.allowed().clone();
    if is_cut_again {
        // Once the store was open it has shown its state: no later cut may take that back.
        let within = medium.photos().into_iter().map(|photo| (photo, allowed, "in"));
        let after = random.chance(30).then(|| (medium.photo(), &found, "after"));
        for (photo, allowed, when) in within.chain(after) {
            let (medium, _, cut) = cut(&photo, machine, random);
            tally.cuts += 1;
            tally.cuts_in_recovery += 1;
            examine(&medium, machine, allowed, depth - 1, random, tally).map_err(|what| {
                format!("{when} the recovery, operation {}, {cut}: {what}", photo.operation)
            })?;
        }
    }
    Ok(u64::from(found[0].0 > allowed[0].0))
}
