//! Backups of a store of a run, made while the program goes on, onto disks of their own.

use std::sync::Arc;

use stoa_core::{Backup, PAGE_BYTES, Store, settle_copy};

use super::disk::{Disk, Kept, Tearing};
use super::machine::Machine;
use super::model::{Allowed, check};
use super::random::Random;
use super::run::{Run, Step, options, wrong};
use super::schedule::{change, fill};
use super::simulated::SimulatedMedium;
use super::storm::{Failure, Tally, formatted, guarded};
use super::verifying::verify;
use super::workload::Workload;

/// An empty file on another disk of the same kind of machine.
fn target(machine: Machine, random: &mut Random) -> Arc<SimulatedMedium> {
    Arc::new(SimulatedMedium::new(Disk::default(), machine, random.fork()))
}

/// Opens what a backup gave, after the power went out: one of the states allowed, and no damage.
fn must_be_one_of(target: &SimulatedMedium, machine: Machine, allowed: &Allowed) -> Step {
    let disk = target.photo().disk.cut(Kept::Nothing, Tearing::None, &mut Random::new(0));
    let medium = SimulatedMedium::new(disk, machine, Random::new(0));
    let opened = Store::open_on(Arc::new(medium.clone()), &options());
    let mut store = match opened {
        Ok(store) => store,
        Err(error) => return wrong(format!("a backup does not open: {error}")),
    };
    let what = match check(&mut store, allowed) {
        Ok(Ok(_)) => verify(&mut store).err(),
        Ok(Err(what)) => Some(what),
        Err(error) => Some(error.to_string()),
    };
    medium.set_ending(true);
    what.map_or(Ok(()), |what| wrong(format!("a backup: {what}")))
}

/// Makes a backup while the workload goes on: it is the last commit at its end, or one in flight that
/// was home by then.
pub(crate) fn back_up_beside(
    run: &mut Run,
    workload: &mut Workload,
    machine: Machine,
    random: &mut Random,
) -> Step {
    let target = target(machine, random);
    let committer = run.store().committer();
    let begun = Backup::begin(committer, &target).map_err(run.stop("back up"))?;
    let Some(mut backup) = begun else { return wrong("simulated disks share nothing") };
    loop {
        for _ in 0..random.below(3) {
            workload.step_without_reopening(run)?;
        }
        if run.medium.is_out() {
            return Ok(());
        }
        if !backup.copy_some(&target).map_err(run.stop("copy some"))? {
            break;
        }
    }
    for _ in 0..random.below(4) {
        workload.step_without_reopening(run)?;
    }
    if run.medium.is_out() {
        return Ok(());
    }
    backup.finish(&target).map_err(run.stop("finish a copy"))?;
    settle_copy(&target).map_err(run.stop("recover a copy"))?;
    must_be_one_of(&target, machine, run.history.allowed())
}

/// A reader makes one of what a cut or a kill left.
pub(crate) fn back_up_what_is_left(
    medium: &SimulatedMedium,
    machine: Machine,
    allowed: &Allowed,
    random: &mut Random,
) -> Result<(), String> {
    let target = Arc::new(SimulatedMedium::new(Disk::default(), machine, random.fork()));
    let reader = Store::read_on(Arc::new(medium.reading()), &options());
    let reader = reader.map_err(|error| format!("a reader opens to back up: {error}"))?;
    let copied = reader.backer().and_then(|backer| backer.copy_to(&target));
    copied.map_err(|error| format!("a reader backs up: {:?}: {error}", error.kind()))?;
    must_be_one_of(&target, machine, allowed).map_err(String::from)
}

/// A backup of pages that are written home after they were copied, and forgotten by the log before it
/// ends.
pub(crate) fn back_up_over_a_checkpoint(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut run = Run::open(&medium, &allowed)?;
        fill(&mut run, &mut random, "a", 8)?;
        let target = target(machine, &mut random);
        let begun = Backup::begin(run.store().committer(), &target);
        let mut backup = begun.map_err(run.stop("back up"))?.expect("disks that share nothing");
        while backup.copy_some(&target).map_err(run.stop("copy some"))? {}
        for page in 0..8 {
            change(&mut run, &mut random, "a", page * PAGE_BYTES + 100)?;
        }
        run.commit()?;
        for _ in 0..70 {
            change(&mut run, &mut random, "a", 200)?;
            run.commit()?;
        }
        backup.finish(&target).map_err(run.stop("finish a copy"))?;
        settle_copy(&target).map_err(run.stop("recover a copy"))?;
        must_be_one_of(&target, machine, run.history.allowed())?;
        Ok(Tally { cuts: 1, backups: 1, ..Tally::default() })
    })
}
