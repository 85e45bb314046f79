//! Random steps on a store: what programs do, and more often than they do it what is difficult.

use std::thread;

use stoa_core::{Close, ElementKind, Growth, PAGE_BYTES};

use super::gate;
use super::random::Random;
use super::run::{Run, Step, wrong};
use super::theme::{THEMES, Theme, Verb, verbs};
use super::trace::trace;

/// The unit in which regions grow.
const EXTENT_BYTES: usize = 64 * 1024;
const REGIONS_MAX: usize = 5;
/// A region is not appended to beyond this, so that one run stays short.
const REGION_BYTES_MAX: usize = 320 * 1024;
const IN_FLIGHT_MAX: u64 = 4;

const SHAPES: [(ElementKind, u32); 8] = [
    (ElementKind::U8, 1),
    (ElementKind::Bits, 1),
    (ElementKind::I16, 1),
    (ElementKind::F32, 1),
    (ElementKind::F64, 1),
    (ElementKind::U32, 3),
    (ElementKind::View, 1),
    (ElementKind::U8, 100),
];

/// The steps to come.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) random: Random,
    pub(crate) theme: Theme,
    verbs: Vec<Verb>,
    /// Bytes that were changed last, and what they were before: to be changed back.
    last: Option<(String, usize, Vec<u8>)>,
    created: usize,
    /// Rows that were added, and where, the newest last.
    appended: Vec<(String, usize, Vec<u8>)>,
}

impl Workload {
    pub(crate) fn new(mut random: Random) -> Self {
        let theme = *random.pick(&THEMES);
        Self { random, theme, verbs: verbs(theme), last: None, created: 0, appended: Vec::new() }
    }

    /// Takes a step that leaves the store open.
    pub(crate) fn step_without_reopening(&mut self, run: &mut Run) -> Step {
        if run.now.regions.is_empty() || self.missing(run).is_some() {
            return Ok(());
        }
        let verb = *self.random.pick(&self.verbs);
        if matches!(verb, Verb::Repeat | Verb::Reopen | Verb::Discard | Verb::Die) {
            return Ok(());
        }
        run.begin_step(format!("{verb:?} beside a backup"));
        self.take(verb, run)
    }

    /// Takes a step while another thread stands at the gate: none that needs it for itself.
    pub(crate) fn step_at_the_gate(&mut self, run: &mut Run) -> Step {
        if run.now.regions.is_empty() || self.missing(run).is_some() {
            return Ok(());
        }
        let verb = *self.random.pick(&self.verbs);
        if matches!(verb, Verb::CompleteElsewhere) {
            return Ok(());
        }
        if matches!(verb, Verb::Repeat | Verb::Reopen | Verb::Discard | Verb::Die) {
            return Ok(());
        }
        run.begin_step(format!("{verb:?} beside a compaction"));
        self.take(verb, run)
    }

    /// Takes one step.
    pub(crate) fn step(&mut self, run: &mut Run) -> Step {
        let verb = if run.now.regions.is_empty() {
            Verb::Create
        } else if self.missing(run).is_some() {
            Verb::Repeat
        } else {
            *self.random.pick(&self.verbs)
        };
        run.begin_step(format!("{verb:?}"));
        self.take(verb, run)
    }

    fn take(&mut self, verb: Verb, run: &mut Run) -> Step {
        let Some(name) = self.name(run) else {
            return self.create(run);
        };
        match verb {
            Verb::Create => self.create(run),
            Verb::Drop => run.drop_region(&name),
            Verb::Recreate => {
                run.drop_region(&name)?;
                if self.random.chance(50) {
                    run.commit()?;
                }
                self.create_as(run, &name)
            }
            Verb::Append => {
                let most = *self.random.pick(&[16, 600, 3 * PAGE_BYTES]);
                self.append(run, &name, most)
            }
            Verb::AppendLarge => {
                let most = *self.random.pick(&[EXTENT_BYTES + 5000, 3 * EXTENT_BYTES]);
                self.append(run, &name, most)
            }
            Verb::Update => self.update(run, &name),
            Verb::UpdateAgain => self.update_again(run),
            Verb::UpdatePages => self.update_pages(run, &name, 8),
            Verb::UpdateMany => {
                for name in run.now.regions.keys().cloned().collect::<Vec<_>>() {
                    self.update_pages(run, &name, 80)?;
                }
                Ok(())
            }
            Verb::Scribble => {
                let (beyond, count) = (self.random.below(9000), self.random.between(1, 5000));
                let bytes = self.random.bytes(count);
                run.scribble(&name, beyond, &bytes)
            }
            Verb::Widen => {
                let bytes = self.random.below_u64(2 * REGION_BYTES_MAX as u64);
                run.widen(&name, bytes)
            }
            Verb::Truncate => self.truncate(run, &name),
            Verb::TruncateCommitPush => {
                self.update(run, &name)?;
                run.commit()?;
                self.truncate(run, &name)?;
                run.commit()?;
                self.append(run, &name, 2 * PAGE_BYTES)?;
                run.commit()
            }
            Verb::Shrink => {
                if self.random.chance(50) {
                    self.truncate(run, &name)?;
                }
                if self.random.chance(70) {
                    run.commit()?;
                }
                run.shrink(&name)
            }
            Verb::Refill => {
                run.truncate(&name, 0)?;
                self.append(run, &name, 3 * PAGE_BYTES)
            }
            Verb::Repeat => self.repeat(run, &name),
            Verb::Metadata => self.metadata(run),
            Verb::Rollback => run.rollback(),
            Verb::Commit => {
                run.commit()?;
                // Nothing is left to commit.
                if self.random.chance(10) { run.commit() } else { Ok(()) }
            }
            Verb::Begin => begin(run),
            Verb::Complete => {
                let commit = run.history.acknowledged() + u64::from(run.in_flight() > 0);
                run.complete(commit)
            }
            Verb::CompleteNewest => run.complete(run.history.begun()),
            Verb::CompleteElsewhere => self.complete_elsewhere(run),
            Verb::Settle => run.settle(),
            Verb::Compare => run.compare(),
            Verb::Reopen => run.reopen(Close::Commit),
            Verb::Discard => run.reopen(Close::Discard),
            Verb::Die => run.die(),
        }
    }

    fn name(&mut self, run: &Run) -> Option<String> {
        let names: Vec<&String> = run.now.regions.keys().collect();
        (!names.is_empty()).then(|| (*self.random.pick(&names)).clone())
    }

    fn create(&mut self, run: &mut Run) -> Step {
        if run.now.regions.len() >= REGIONS_MAX {
            return Ok(());
        }
        // Names come again, so that a region may be one that was dropped before.
        self.created += 1;
        let name = format!("region-{}", self.created % 8);
        if run.now.regions.contains_key(&name) {
            return Ok(());
        }
        self.create_as(run, &name)
    }

    fn create_as(&mut self, run: &mut Run, name: &str) -> Step {
        let (kind, lanes) = *self.random.pick(&SHAPES);
        run.create(name, kind, lanes)?;
        if self.random.chance(80) { self.append(run, name, 2 * PAGE_BYTES) } else { Ok(()) }
    }

    fn append(&mut self, run: &mut Run, name: &str, most_bytes: usize) -> Step {
        let region = run.region(name);
        if region.bytes.len() + most_bytes > REGION_BYTES_MAX {
            return self.truncate(run, name);
        }
        let (start, width) = (region.bytes.len(), region.width());
        let growth = if self.random.chance(50) { Growth::Exact } else { Growth::Amortised };
        let count = self.random.between(1, (most_bytes / width).max(1));
        let bytes = self.random.bytes(count * width);
        if self.theme == Theme::Repeats {
            self.appended.push((name.to_owned(), start, bytes.clone()));
        }
        run.append(name, &bytes, growth)
    }

    /// Which of the rows that were added are not there any more, and would follow the others.
    fn missing(&self, run: &Run) -> Option<usize> {
        self.appended.iter().rposition(|(name, start, _)| {
            run.now.regions.get(name).is_some_and(|region| region.bytes.len() == *start)
        })
    }

    /// Adds the rows again that were added last, if a cut took them, and does not commit them;
    /// else adds rows as the first commit of a log.
    fn repeat(&mut self, run: &mut Run, name: &str) -> Step {
        if let Some(index) = self.missing(run) {
            let (name, start, bytes) = self.appended.remove(index);
            if bytes.len().is_multiple_of(run.region(&name).width()) {
                trace(format_args!("again, from {start} on"));
                run.append(&name, &bytes, Growth::Exact)?;
                return if self.random.chance(70) { run.die() } else { run.compare() };
            }
        }
        run.reopen(Close::Commit)?;
        self.append(run, name, 3 * PAGE_BYTES)?;
        run.commit()
    }

    /// Changes a few bytes in a few places.
    fn update(&mut self, run: &mut Run, name: &str) -> Step {
        let length = run.region(name).bytes.len();
        if length == 0 {
            return Ok(());
        }
        for _ in 0..self.random.between(1, 4) {
            let offset = self.random.below(length);
            let count = self.random.between(1, 100).min(length - offset);
            self.last =
                Some((name.to_owned(), offset, run.region(name).bytes[offset..][..count].to_vec()));
            let bytes = self.random.bytes(count);
            run.update(name, offset, &bytes)?;
        }
        Ok(())
    }

    /// Changes what was changed last: to something new, or back.
    fn update_again(&mut self, run: &mut Run) -> Step {
        let Some((name, offset, old)) = self.last.clone() else {
            return Ok(());
        };
        let Some(region) = run.now.regions.get(&name) else {
            return Ok(());
        };
        if offset + old.len() > region.bytes.len() {
            return Ok(());
        }
        let present = region.bytes[offset..][..old.len()].to_vec();
        let new = if self.random.chance(50) { old } else { self.random.bytes(old.len()) };
        run.update(&name, offset, &new)?;
        self.last = Some((name, offset, present));
        Ok(())
    }

    fn update_pages(&mut self, run: &mut Run, name: &str, pages_max: usize) -> Step {
        let pages = run.region(name).bytes.len() / PAGE_BYTES;
        if pages == 0 {
            return Ok(());
        }
        let count = self.random.between(1, pages.min(pages_max));
        let first = self.random.below(pages - count + 1);
        let bytes = self.random.bytes(count * PAGE_BYTES);
        run.update(name, first * PAGE_BYTES, &bytes)
    }

    fn truncate(&mut self, run: &mut Run, name: &str) -> Step {
        let region = run.region(name);
        let (len, width) = (region.len(), region.width());
        let fewer = *self.random.pick(&[1, 40, 5000, 1_000_000]) / width as u64 + 1;
        let removed = self.random.below_u64(fewer.min(len) + 1);
        run.truncate(name, len - removed)
    }

    fn metadata(&mut self, run: &mut Run) -> Step {
        let most = *self.random.pick(&[1, 200, 9000]);
        let count = self.random.below(most + 1);
        let bytes = self.random.bytes(count);
        run.set_metadata(bytes)?;
        let version = self.random.below(4);
        if self.random.chance(30) { run.set_data_version(version as u32) } else { Ok(()) }
    }

    /// Completes the commits in flight on another thread, and goes on changing things while that
    /// thread stands between two operations.
    fn complete_elsewhere(&mut self, run: &mut Run) -> Step {
        if run.in_flight() == 0 {
            if let Some(name) = self.name(run) {
                self.update(run, &name)?;
            }
            run.begin_commit()?;
            if run.in_flight() == 0 {
                return Ok(());
            }
        }
        let commit = run.history.begun();
        let ticket = run.ticket(commit);
        let committer = run.store().committer();
        let medium = run.medium.clone();
        let (keeper, visit) = gate::pair();
        let passes = self.random.below_u64(6);
        let bug = super::bug::current();
        let completion = thread::spawn(move || {
            super::bug::inherit(bug);
            let _visit = medium.gate().enter(visit, passes);
            committer.complete(ticket)
        });
        let mut outcome = Ok(());
        while keeper.wait() {
            if outcome.is_ok() {
                outcome = self.go_on(run);
            }
            keeper.release(self.random.chance(70).then(|| self.random.below_u64(4)));
        }
        match completion.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) if outcome.is_err() => outcome,
            // The result is asked for again: it must be the same, and the bookkeeping is there.
            Ok(Ok(())) => run.complete(commit),
            Ok(Err(error)) => match run.complete(commit) {
                Ok(()) => wrong(format!("commit {commit} failed, and then it had not: {error}")),
                stop => stop,
            },
        }
    }

    /// What the program does while a commit is on its way to the disk.
    fn go_on(&mut self, run: &mut Run) -> Step {
        let Some(name) = self.name(run) else {
            return Ok(());
        };
        match self.random.below(8) {
            0 | 1 => self.update(run, &name),
            2 | 3 => self.update_again(run),
            4 => self.append(run, &name, 2 * PAGE_BYTES),
            5 => self.truncate(run, &name),
            6 => run.settle(),
            _ => {
                self.update(run, &name)?;
                if run.in_flight() < IN_FLIGHT_MAX { run.begin_commit() } else { Ok(()) }
            }
        }
    }
}

/// Begins a commit, if there are not too many on their way.
fn begin(run: &mut Run) -> Step {
    if run.in_flight() >= IN_FLIGHT_MAX {
        run.complete(run.history.begun())?;
    }
    run.begin_commit()
}
