//! All short workloads of a transactional store.

use stoa_core::{Close, ElementKind, Growth, PAGE_BYTES};

use super::alphabet::{Operation, Session, Verb, take};
use super::cuts::{Class, every_cut};
use super::walk::Walked;
use crate::support::bug;
use crate::support::disk::{Disk, Kept, Tearing};
use crate::support::machine::Machine;
use crate::support::model::Allowed;
use crate::support::random::Random;
use crate::support::run::{Run, Step};
use crate::support::simulated::SimulatedMedium;
use crate::support::state::Photo;
use crate::support::storm::formatted;
use crate::support::verifying::verify;

/// Commits with so much metadata nearly fill the first log, and then some with little of it: each
/// takes a record and no page.
const FILLING_BYTES: [usize; 7] = [50_000, 50_000, 50_000, 50_000, 9000, 9000, 9000];
const LITTLE_BYTES: usize = 100;
/// Room for what a workload adds, and none for a larger log: that one is mostly zeros to write.
const ROOM_BYTES: u64 = 800 * 1024;

/// A store that workloads begin on.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    disk: Disk,
    allowed: Allowed,
    machine: Machine,
    /// Commits until the next one needs a checkpoint; 0 for an empty log.
    commits: usize,
}

impl Start {
    /// A store with two pages and some bytes, and an empty log.
    pub(crate) fn with_empty_log(machine: Machine) -> Result<Self, String> {
        let planted = bug::current();
        bug::inherit(None);
        let start = Self::written(machine);
        bug::inherit(planted);
        start
    }

    fn written(machine: Machine) -> Result<Self, String> {
        let (disk, allowed) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, Random::new(0));
        let mut run = Run::open(&medium, &allowed)?;
        run.create("a", ElementKind::U8, 1)?;
        run.append("a", &Random::new(1).bytes(2 * PAGE_BYTES + 100), Growth::Exact)?;
        run.commit()?;
        run.reopen(Close::Commit)?;
        let allowed = run.history.allowed().clone();
        drop(run);
        let disk = medium.photo().disk.cut(Kept::Everything, Tearing::None, &mut Random::new(0));
        let machine = Machine { capacity_bytes: disk.len() + ROOM_BYTES, ..machine };
        Ok(Self { disk, allowed, machine, commits: 0 })
    }

    /// The same with so many commits in the log that the next one needs a checkpoint.
    pub(crate) fn with_full_log(machine: Machine) -> Result<Self, String> {
        let planted = bug::current();
        bug::inherit(None);
        let start = Self::written(machine).and_then(Self::filled);
        bug::inherit(planted);
        start
    }

    fn filled(mut self) -> Result<Self, String> {
        let medium = SimulatedMedium::new(self.disk.clone(), self.machine, Random::new(0));
        let mut run = Run::open(&medium, &self.allowed)?;
        // A checkpoint takes more operations of the disk.
        let mut usual = None;
        for commits in 0..1000 {
            let before = medium.photo().operation;
            fill(&mut run, commits)?;
            let operations = medium.photo().operation - before;
            if *usual.get_or_insert(operations) < operations {
                assert!(commits > FILLING_BYTES.len(), "less than the log has room for");
                self.commits = commits;
                return Ok(self);
            }
        }
        Err("the log does not fill up".to_owned())
    }

    fn open(&self) -> Step<(SimulatedMedium, Run)> {
        let medium = SimulatedMedium::new(self.disk.clone(), self.machine, Random::new(0));
        let mut run = Run::open(&medium, &self.allowed)?;
        for commit in 0..self.commits {
            fill(&mut run, commit)?;
        }
        Ok((medium, run))
    }

    /// Plays a workload, and ends it at each moment of its last operation.
    pub(crate) fn play(
        &self,
        workload: &[Operation],
        deep: bool,
    ) -> Result<Option<Walked>, String> {
        let mut random = Random::new(2);
        let (medium, mut run) = self.open()?;
        for (at, &operation) in workload.iter().enumerate() {
            if at + 1 == workload.len() {
                medium.take_photos(usize::MAX);
            }
            if !take(&mut run, operation, &mut random)? {
                return Ok(None);
            }
        }
        run.begin_step("rest");
        run.compare()?;
        run.end_step();
        let mut photos = medium.photos();
        photos.push(medium.photo());
        let mut walked = Walked { workloads: 1, ..Walked::default() };
        for photo in photos {
            let allowed = &run.allowed[photo.mark];
            self.end_everywhere(&photo, allowed, deep, &mut walked).map_err(|what| {
                format!("operation {} in '{}', {what}", photo.operation, step(&run, photo.mark))
            })?;
        }
        Ok(Some(walked))
    }

    fn end_everywhere(
        &self,
        photo: &Photo,
        allowed: &Allowed,
        deep: bool,
        walked: &mut Walked,
    ) -> Result<(), String> {
        walked.moments += 1;
        for cut in every_cut(&photo.disk) {
            walked.cuts += 1;
            let is_deep = deep && matches!(cut.class, Class::Nothing | Class::Everything);
            self.examine(cut.disk, allowed, is_deep, walked)
                .map_err(|what| format!("{}: {what}", cut.words))?;
        }
        walked.kills += 1;
        self.examine(photo.disk.clone(), allowed, deep, walked)
            .map_err(|what| format!("killed: {what}"))?;
        walked.resets += 1;
        let reset = photo.disk.reset(Kept::Everything, &mut Random::new(0));
        self.examine(reset, allowed, deep, walked).map_err(|what| format!("reset: {what}"))
    }

    /// Opens what is left and checks it. With `deep` each operation of that recovery is cut, too.
    fn examine(
        &self,
        disk: Disk,
        allowed: &Allowed,
        deep: bool,
        walked: &mut Walked,
    ) -> Result<(), String> {
        let medium = SimulatedMedium::new(disk, self.machine, Random::new(0));
        if deep {
            medium.take_photos(usize::MAX);
        }
        let mut run = Run::open(&medium, allowed)?;
        verify(run.store())?;
        if !deep {
            return Ok(());
        }
        let found = run.history.allowed().clone();
        let within = medium.photos().into_iter().map(|photo| (photo, allowed));
        for (photo, allowed) in within.chain([(medium.photo(), &found)]) {
            for kept in [Kept::Nothing, Kept::Everything] {
                let disk = photo.disk.cut(kept, Tearing::None, &mut Random::new(0));
                walked.cuts += 1;
                walked.cuts_in_recovery += 1;
                self.examine(disk, allowed, false, walked).map_err(|what| {
                    format!("in the recovery, operation {}, {kept:?}: {what}", photo.operation)
                })?;
            }
        }
        Ok(())
    }
}

fn step(run: &Run, mark: usize) -> &str {
    run.steps.get(mark.wrapping_sub(1)).map_or("open", String::as_str)
}

fn fill(run: &mut Run, commit: usize) -> Step {
    let bytes = FILLING_BYTES.get(commit).copied().unwrap_or(LITTLE_BYTES);
    run.set_metadata(Random::new(commit as u64).bytes(bytes))?;
    run.commit()
}

impl Session for Run {
    fn lengths(&self) -> Vec<(String, usize)> {
        let regions = self.now.regions.iter();
        regions.map(|(name, region)| (name.clone(), region.bytes.len())).collect()
    }

    fn can(&self, verb: Verb) -> bool {
        verb != Verb::Complete || Run::in_flight(self) > 0
    }

    fn create(&mut self, name: &str) -> Step {
        self.begin_step("create");
        Run::create(self, name, ElementKind::U8, 1)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Step {
        self.begin_step("append");
        Run::append(self, name, bytes, Growth::Exact)
    }

    fn update(&mut self, name: &str, offset: usize, bytes: &[u8]) -> Step {
        self.begin_step("update");
        Run::update(self, name, offset, bytes)
    }

    fn truncate(&mut self, name: &str, bytes: usize) -> Step {
        self.begin_step("truncate");
        Run::truncate(self, name, bytes as u64)
    }

    fn drop_region(&mut self, name: &str) -> Step {
        self.begin_step("drop");
        Run::drop_region(self, name)
    }

    fn shrink(&mut self, name: &str) -> Step {
        self.begin_step("shrink");
        Run::shrink(self, name)
    }

    fn set_metadata(&mut self, bytes: Vec<u8>) -> Step {
        self.begin_step("set_metadata");
        Run::set_metadata(self, bytes)
    }

    fn commit(&mut self) -> Step {
        self.begin_step("commit");
        Run::commit(self)
    }

    fn end(&mut self, verb: Verb) -> Step {
        self.begin_step(format!("{verb:?}"));
        match verb {
            Verb::Begin => self.begin_commit(),
            Verb::Complete => {
                self.complete(self.history.begun())?;
                self.settle()
            }
            Verb::Reopen => self.reopen(Close::Commit),
            Verb::Discard => self.reopen(Close::Discard),
            Verb::Die => self.die(),
            _ => self.rollback(),
        }
    }
}
