//! Schedules in which a second process goes on with what the first one left, and a power cut
//! must not take back what that one showed, nor bring back what it did not.

use stoa_core::{Growth, PAGE_BYTES};

use super::disk::{KEPT, Kept};
use super::fault::{Failing, Fault, Operation};
use super::machine::Machine;
use super::random::Random;
use super::run::{Run, Stop};
use super::schedule::{change, fill, push};
use super::simulated::SimulatedMedium;
use super::storm::{Failure, Tally, cut_to, examine, formatted, guarded};

/// Decision 4: a commit's sync fails, the kernel takes the lost pages for clean, a process opens
/// the store again on the same boot; whatever that one shows, a power cut must not take back.
pub(crate) fn reopen_after_a_failed_sync(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut tally = Tally::default();
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut run = Run::open(&medium, &allowed)?;
        fill(&mut run, &mut random, "a", 3)?;
        run.begin_step("push and fail");
        push(&mut run, &mut random, "a", 3)?;
        medium.inject(Fault {
            operation: Operation::Sync,
            after: 0,
            failing: Failing::Device,
            forever: false,
        });
        match run.commit() {
            Err(Stop::Fault(_)) => {}
            other => return Err(format!("a commit with a failed sync gave {other:?}")),
        }
        run.end_step();
        let allowed = run.allowed[run.allowed.len() - 1].clone();
        drop(run);
        medium.stop_failing();
        medium.evict();
        let run = Run::open(&medium, &allowed)?;
        let shown = run.history.allowed().clone();
        drop(run);
        for kept in KEPT {
            let (medium, _, cut) = cut_to(kept, &medium.photo(), machine, &mut random);
            tally.cuts += 1;
            examine(&medium, machine, &shown, 1, &mut random, &mut tally).map_err(|what| {
                format!("a failed sync, opened with commit {}, {cut}: {what}", shown[0].0)
            })?;
        }
        Ok(tally)
    })
}

/// Salt: a commit is lost in a cut, though its record is whole, for its rows are not. The next
/// process adds the same rows again and does not commit them. The old record must not count now.
pub(crate) fn repeat_a_lost_commit(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let mut random = Random::new(seed);
        let mut tally = Tally::default();
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut run = Run::open(&medium, &allowed)?;
        fill(&mut run, &mut random, "a", 3)?;
        // Nothing but the commit is in the log then.
        run.reopen(stoa_core::Close::Commit)?;
        run.begin_step("push and change");
        let rows = random.bytes(PAGE_BYTES);
        run.append("a", &rows, Growth::Exact)?;
        change(&mut run, &mut random, "a", 5000)?;
        medium.take_photos(usize::MAX);
        run.commit()?;
        run.end_step();
        let allowed = run.allowed[run.allowed.len() - 1].clone();
        let last = allowed[0].0;
        for photo in medium.photos() {
            for _ in 0..10 {
                let (medium, _, cut) = cut_to(Kept::AllButOne, &photo, machine, &mut random);
                tally.cuts += 1;
                let mut run = Run::open(&medium, &allowed)?;
                if run.history.acknowledged() != last {
                    continue;
                }
                run.append("a", &rows, Growth::Exact)?;
                let shown = run.history.allowed().clone();
                for kept in KEPT {
                    let (medium, _, again) = cut_to(kept, &medium.photo(), machine, &mut random);
                    tally.cuts += 1;
                    examine(&medium, machine, &shown, 1, &mut random, &mut tally)
                        .map_err(|what| format!("{cut}, rows added again, {again}: {what}"))?;
                }
            }
        }
        Ok(tally)
    })
}
