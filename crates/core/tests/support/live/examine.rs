//! Opens what a live store left, checks it against what was promised, and ends that process, too.

use std::sync::Arc;

use stoa_core::Store;

use super::claim::{Change, Claim, End, LiveState, read_all};
use super::onlooker::Onlooker;
use super::sums::wrong_checksum;
use crate::support::disk::{Disk, KEPT, Tearing};
use crate::support::machine::Machine;
use crate::support::model::Allowed;
use crate::support::random::Random;
use crate::support::run::{Stop, options, stop};
use crate::support::simulated::SimulatedMedium;
use crate::support::state::Photo;
use crate::support::storm::{Tally, examine};
use crate::support::trace::trace;

/// A moment of a live run, and what was promised then.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) claim: &'a Claim,
    pub(crate) changes: &'a [Change],
    pub(crate) machine: Machine,
}

/// Ends the machine's session in some way. Gives the disk, how it ended, and words for it.
pub(crate) fn end(
    photo: &Photo,
    machine: Machine,
    kills_percent: usize,
    random: &mut Random,
) -> (Disk, End, String) {
    if random.chance(kills_percent) {
        return (photo.disk.clone(), End::Kill, "killed".to_owned());
    }
    let kept = *random.pick(&KEPT);
    if random.chance(25) {
        let disk = photo.disk.reset(kept, random);
        return (disk, End::Cut(false), format!("reset to {kept:?}"));
    }
    let tearing = machine.tearing(random);
    let disk = photo.disk.cut(kept, tearing, random);
    (disk, End::Cut(tearing != Tearing::None), format!("cut to {kept:?}, torn: {tearing:?}"))
}

impl Moment<'_> {
    /// Opens what is left and checks it; then ends that session, within its recovery and after.
    /// Gives the disk of a store that was opened, and its state: from there on it is exact.
    pub(crate) fn examine(
        &self,
        disk: Disk,
        end_before: End,
        depth: usize,
        random: &mut Random,
        tally: &mut Tally,
    ) -> Result<(Photo, Allowed), String> {
        let machine = self.machine;
        match end_before {
            End::Kill => tally.kills += 1,
            _ => tally.cuts += 1,
        }
        if end_before == End::Kill && self.claim.told.len() == 1 && random.chance(30) {
            // Nobody recovered it yet: a reader sees what was told.
            let medium = SimulatedMedium::new(disk.clone(), machine, random.fork());
            let told = (!self.claim.may_be_untold).then(|| &self.claim.told[0]);
            Onlooker::open(&medium)?.look(told)?;
        }
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let is_ended_again = depth > 0 && random.chance(40);
        if is_ended_again {
            medium.take_photos(1);
        }
        trace(format_args!("open what is left"));
        let (commit, found) = open_and_read(&medium)?;
        if let Some(what) = self.claim.refute(end_before, commit, &found, self.changes) {
            return Err(what);
        }
        // The table of checksums is written in place: a torn sector of it is garbage.
        let wrong = (machine.torn_percent == 0).then(|| wrong_checksum(&medium.photo().disk));
        if let Some(what) = wrong.flatten() {
            return Err(what);
        }
        let exact: Allowed = vec![(commit, Arc::new(found.state))];
        if is_ended_again {
            for photo in medium.photos() {
                let (disk, then, words) = end(&photo, machine, 40, random);
                tally.cuts_in_recovery += 1;
                let then = end_before.then(then);
                self.examine(disk, then, depth - 1, random, tally).map_err(|what| {
                    format!("in the recovery, operation {}, {words}: {what}", photo.operation)
                })?;
            }
        }
        // Once the store was open it has shown its state: no later cut may take that back.
        let photo = medium.photo();
        if random.chance(40) {
            let (disk, _, words) = end(&photo, machine, 0, random);
            let medium = SimulatedMedium::new(disk, machine, random.fork());
            tally.cuts += 1;
            examine(&medium, machine, &exact, 0, random, tally)
                .map_err(|what| format!("after the recovery, {words}: {what}"))?;
        }
        Ok((photo, exact))
    }
}

/// Opens a store, reads all of it, and ends that process.
pub(crate) fn open_and_read(medium: &SimulatedMedium) -> Result<(u64, LiveState), String> {
    let told = |error| format!("{:?}", stop(medium, "open", error));
    let mut store = Store::open_on(Arc::new(medium.clone()), &options()).map_err(told)?;
    let found = read_all(&mut store).map_err(|error| format!("{:?}", stop(medium, "read", error)));
    let commit = store.commit_id();
    medium.set_ending(true);
    drop(store);
    medium.set_ending(false);
    Ok((commit, found?))
}

/// What a run that stopped says; `None` where the power went out, as it was told to.
pub(crate) fn complaint(result: Result<(), Stop>) -> Option<String> {
    match result {
        Ok(()) | Err(Stop::Power) => None,
        Err(stop) => Some(format!("{stop:?}")),
    }
}
