//! All short workloads of a live store.

use stoa_core::{Close, ElementKind, Growth, PAGE_BYTES};

use super::alphabet::{Operation, Session, Verb, take};
use super::cuts::{Class, every_cut};
use super::walk::Walked;
use crate::support::bug;
use crate::support::disk::{Disk, Kept, Tearing};
use crate::support::live::claim::{Change, Claim, End};
use crate::support::live::examine::{Moment, open_and_read};
use crate::support::live::run::LiveRun;
use crate::support::machine::Machine;
use crate::support::model::Allowed;
use crate::support::random::Random;
use crate::support::run::Step;
use crate::support::simulated::SimulatedMedium;
use crate::support::state::Photo;
use crate::support::storm::formatted;

/// A live store with two pages and some bytes.
#[derive(Clone, Debug)]
pub(crate) struct LiveStart {
    disk: Disk,
    allowed: Allowed,
    machine: Machine,
}

impl LiveStart {
    pub(crate) fn new(machine: Machine) -> Result<Self, String> {
        let planted = bug::current();
        bug::inherit(None);
        let start = Self::written(machine);
        bug::inherit(planted);
        start
    }

    fn written(machine: Machine) -> Result<Self, String> {
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, Random::new(0));
        let mut run = LiveRun::open(&medium, &allowed)?;
        run.create("a", ElementKind::U8, 1)?;
        run.append("a", &Random::new(1).bytes(2 * PAGE_BYTES + 100), Growth::Exact)?;
        run.reopen(Close::Commit)?;
        let commit = &run.history[0];
        let allowed = vec![(commit.id, std::sync::Arc::new(commit.held.state.clone()))];
        drop(run);
        let disk = medium.photo().disk.cut(Kept::Everything, Tearing::None, &mut Random::new(0));
        Ok(Self { disk, allowed, machine })
    }

    /// Plays a workload, and ends it at each moment of its last operation.
    pub(crate) fn play(
        &self,
        workload: &[Operation],
        deep: bool,
    ) -> Result<Option<Walked>, String> {
        let mut random = Random::new(2);
        let medium = SimulatedMedium::new(self.disk.clone(), self.machine, Random::new(0));
        let mut run = LiveRun::open(&medium, &self.allowed)?;
        // A change that going live has to commit.
        run.update("a", 10, &[7; 20])?;
        medium.take_photos(usize::MAX);
        run.go_live()?;
        for (at, &operation) in workload.iter().enumerate() {
            if at + 1 == workload.len() {
                run.photos.clear();
                medium.take_photos(usize::MAX);
            }
            if !take(&mut run, operation, &mut random)? {
                return Ok(None);
            }
        }
        run.compare()?;
        let mut photos = medium.photos();
        photos.append(&mut run.photos);
        photos.push(medium.photo());
        let mut walked = Walked { workloads: 1, ..Walked::default() };
        for photo in photos {
            let told = (&run.claims[photo.mark], &run.changes[..]);
            self.end_everywhere(&photo, told, deep, &mut walked).map_err(|what| {
                let step = &run.steps[photo.mark];
                format!("operation {} in '{step}', {what}", photo.operation)
            })?;
        }
        Ok(Some(walked))
    }

    fn end_everywhere(
        &self,
        photo: &Photo,
        (claim, changes): (&Claim, &[Change]),
        deep: bool,
        walked: &mut Walked,
    ) -> Result<(), String> {
        walked.moments += 1;
        let moment = Moment { claim, changes, machine: self.machine };
        for cut in every_cut(&photo.disk) {
            walked.cuts += 1;
            let end = End::Cut(cut.class == Class::Torn);
            let is_deep = deep && matches!(cut.class, Class::Nothing | Class::Everything);
            self.examine(&moment, cut.disk, end, is_deep, walked)
                .map_err(|what| format!("{}: {what}", cut.words))?;
        }
        walked.kills += 1;
        self.examine(&moment, photo.disk.clone(), End::Kill, deep, walked)
            .map_err(|what| format!("killed: {what}"))?;
        walked.resets += 1;
        let reset = photo.disk.reset(Kept::Everything, &mut Random::new(0));
        self.examine(&moment, reset, End::Cut(false), deep, walked)
            .map_err(|what| format!("reset: {what}"))
    }

    /// Opens what is left and checks it. With `deep` each operation of that recovery is cut, too.
    fn examine(
        &self,
        moment: &Moment<'_>,
        disk: Disk,
        end: End,
        deep: bool,
        walked: &mut Walked,
    ) -> Result<(), String> {
        let medium = SimulatedMedium::new(disk, self.machine, Random::new(0));
        if deep {
            medium.take_photos(usize::MAX);
        }
        let (commit, found) = open_and_read(&medium)?;
        if let Some(what) = moment.claim.refute(end, commit, &found, moment.changes) {
            return Err(what);
        }
        if !deep {
            return Ok(());
        }
        for photo in medium.photos() {
            for kept in [Kept::Nothing, Kept::Everything] {
                let disk = photo.disk.cut(kept, Tearing::None, &mut Random::new(0));
                walked.cuts += 1;
                walked.cuts_in_recovery += 1;
                let then = end.then(End::Cut(false));
                self.examine(moment, disk, then, false, walked).map_err(|what| {
                    format!("in the recovery, operation {}, {kept:?}: {what}", photo.operation)
                })?;
            }
            let then = end.then(End::Kill);
            walked.kills += 1;
            self.examine(moment, photo.disk.clone(), then, false, walked).map_err(|what| {
                format!("in the recovery, operation {}, killed: {what}", photo.operation)
            })?;
        }
        Ok(())
    }
}

impl Session for LiveRun {
    fn lengths(&self) -> Vec<(String, usize)> {
        let regions = self.now.state.regions.iter();
        regions.map(|(name, region)| (name.clone(), region.bytes.len())).collect()
    }

    fn can(&self, verb: Verb) -> bool {
        match verb {
            Verb::Complete => LiveRun::in_flight(self) > 0,
            Verb::GoLive => !self.is_live,
            _ => true,
        }
    }

    fn create(&mut self, name: &str) -> Step {
        LiveRun::create(self, name, ElementKind::U8, 1)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Step {
        LiveRun::append(self, name, bytes, Growth::Exact)?;
        self.photos.push(self.medium.photo());
        Ok(())
    }

    fn update(&mut self, name: &str, offset: usize, bytes: &[u8]) -> Step {
        LiveRun::update(self, name, offset, bytes)
    }

    fn truncate(&mut self, name: &str, bytes: usize) -> Step {
        LiveRun::truncate(self, name, bytes as u64)
    }

    fn drop_region(&mut self, name: &str) -> Step {
        LiveRun::drop_region(self, name)
    }

    fn shrink(&mut self, name: &str) -> Step {
        LiveRun::shrink(self, name)
    }

    fn set_metadata(&mut self, bytes: Vec<u8>) -> Step {
        LiveRun::set_metadata(self, bytes)
    }

    fn commit(&mut self) -> Step {
        LiveRun::commit(self)
    }

    fn end(&mut self, verb: Verb) -> Step {
        match verb {
            Verb::Begin => self.begin_commit(),
            Verb::Complete => {
                self.complete_all()?;
                self.settle()
            }
            Verb::Reopen | Verb::Discard => {
                self.complete_all()?;
                self.reopen(if verb == Verb::Reopen { Close::Commit } else { Close::Discard })
            }
            Verb::GoLive => {
                self.complete_all()?;
                self.go_live()
            }
            _ => self.die(),
        }
    }
}
