//! What a killed live store told must last until a recovery has it in a header: the recovery's own
//! writes must not touch it, nor what the last commit has.

use super::claim::End;
use super::examine::{Moment, open_and_read};
use super::fail::Schedule;
use super::run::LiveRun;
use crate::support::disk::{KEPT, Tearing};
use crate::support::machine::Machine;
use crate::support::random::Random;
use crate::support::run::Step;
use crate::support::simulated::SimulatedMedium;
use crate::support::storm::{Failure, Tally, formatted, guarded};
use stoa_core::{ElementKind, Growth};

/// More than the area beside a header has for a directory: the recovery needs a place behind all
/// extents for it.
const METADATA_BYTES: usize = 70_000;

pub(crate) const TOLD: [(&str, Schedule); 2] = [
    ("a length told behind the directory", tell_a_length),
    ("a region dropped since the last commit", drop_the_last),
];

fn push(run: &mut LiveRun, random: &mut Random, name: &str, bytes: usize) -> Step {
    let bytes = random.bytes(bytes);
    run.append(name, &bytes, Growth::Exact)
}

/// Where it is told of a directory is behind all extents, and what it says is not what a recovery
/// would write there: a length is another since.
fn tell_a_length(run: &mut LiveRun, random: &mut Random) -> Step {
    run.create("a", ElementKind::U8, 1)?;
    push(run, random, "a", 100)?;
    run.go_live()?;
    let metadata = random.bytes(METADATA_BYTES);
    run.set_metadata(metadata)?;
    push(run, random, "a", 100)
}

/// The last commit has a region behind all that is told.
fn drop_the_last(run: &mut LiveRun, random: &mut Random) -> Step {
    run.go_live()?;
    run.create("a", ElementKind::U8, 1)?;
    let metadata = random.bytes(METADATA_BYTES);
    run.set_metadata(metadata)?;
    run.create("b", ElementKind::U8, 1)?;
    push(run, random, "b", 90_000)?;
    run.commit()?;
    run.drop_region("b")?;
    push(run, random, "a", 100)
}

/// Kills a live store, and ends its recovery in every operation, by a kill and by cuts.
pub(crate) fn end_the_recovery(
    (name, schedule): (&str, Schedule),
    seed: u64,
    machine: Machine,
) -> Result<Tally, Failure> {
    guarded(seed, || end_each(schedule, seed, machine).map_err(|what| format!("'{name}': {what}")))
}

fn end_each(schedule: Schedule, seed: u64, machine: Machine) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let mut tally = Tally { kills: 1, ..Tally::default() };
    let (disk, allowed) = formatted(machine)?;
    let medium = SimulatedMedium::new(disk, machine, random.fork());
    let mut run = LiveRun::open(&medium, &allowed)?;
    schedule(&mut run, &mut random)?;
    let claim = run.last_claim().clone();
    let changes = std::mem::take(&mut run.changes);
    drop(run);
    let moment = Moment { claim: &claim, changes: &changes, machine };
    let medium = SimulatedMedium::new(medium.photo().disk, machine, random.fork());
    medium.take_photos(usize::MAX);
    open_and_read(&medium)?;
    for photo in medium.photos() {
        let cuts = KEPT.map(|kept| {
            let tearing = machine.tearing(&mut random);
            let disk = photo.disk.cut(kept, tearing, &mut random);
            (
                disk,
                End::Cut(tearing != Tearing::None),
                format!("cut to {kept:?}, torn: {tearing:?}"),
            )
        });
        let kill = (photo.disk.clone(), End::Kill, "killed".to_owned());
        for (disk, end, words) in cuts.into_iter().chain([kill]) {
            let end = End::Kill.then(end);
            moment.examine(disk, end, 1, &mut random, &mut tally).map_err(|what| {
                format!("in the recovery, operation {}, {words}: {what}", photo.operation)
            })?;
        }
    }
    Ok(tally)
}
