//! A store and its model, changed in lock step: each verb acts on both and compares what the
//! store says with what it must say.

use std::collections::BTreeMap;
use std::sync::Arc;

use stoa_core::{Close, ElementKind, Error, ErrorKind, Growth, Memory, Options, RegionId, Store};

use super::fault::OPERATIONS;
use super::model::{Allowed, History, Region, State, check};
use super::simulated::SimulatedMedium;
use super::trace::trace;

/// Why a run ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The power went out.
    Power,
    /// A call failed after an injected failure.
    Fault(Error),
    /// The engine is wrong.
    Wrong(String),
}

pub(crate) type Step<T = ()> = Result<T, Stop>;

pub(crate) fn wrong<T>(what: impl Into<String>) -> Step<T> {
    Err(Stop::Wrong(what.into()))
}

/// An open store, its medium, and what it must hold.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) medium: SimulatedMedium,
    /// None between the end of a process and the next one's opening.
    store: Option<Store<SimulatedMedium>>,
    /// What the program sees now, committed or not.
    pub(crate) now: State,
    pub(crate) history: History,
    /// The ticket of each commit in flight.
    tickets: BTreeMap<u64, u64>,
    /// What a cut in the present step may leave.
    trail: Allowed,
    /// The name of every step, for the report of a failure.
    pub(crate) steps: Vec<String>,
    /// For every mark of a photo, what a cut there may leave.
    pub(crate) allowed: Vec<Allowed>,
}

pub(crate) fn options() -> Options {
    Options { reserve_bytes: 1 << 30, ..Options::default() }
}

/// An error of the engine, as the end of a run.
fn stop(medium: &SimulatedMedium, attempt: &str, error: Error) -> Stop {
    if medium.is_out() {
        Stop::Power
    } else if medium.failed(&OPERATIONS) > 0 {
        Stop::Fault(error)
    } else {
        Stop::Wrong(format!("{attempt}: {:?}: {error}", error.kind()))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.end_process();
    }
}

/// Opens a store that must be in one of the allowed states, and says in which it is.
fn open(
    medium: &SimulatedMedium,
    allowed: &Allowed,
) -> Step<(Store<SimulatedMedium>, u64, Arc<State>)> {
    let mut store = Store::open_on(Arc::new(medium.clone()), &options())
        .map_err(|error| stop(medium, "open", error))?;
    let what = match check(&mut store, allowed) {
        Ok(Ok((commit, state))) => return Ok((store, commit, state)),
        Ok(Err(what)) => Stop::Wrong(what),
        Err(error) => stop(medium, "read", error),
    };
    medium.set_ending(true);
    drop(store);
    medium.set_ending(false);
    Err(what)
}

impl Run {
    /// Opens a store that must be in one of the allowed states.
    pub(crate) fn open(medium: &SimulatedMedium, allowed: &Allowed) -> Step<Self> {
        medium.set_mark(0);
        let (store, commit, state) = open(medium, allowed)?;
        let history = History::new(commit, Arc::clone(&state));
        Ok(Self {
            medium: medium.clone(),
            store: Some(store),
            now: (*state).clone(),
            trail: allowed.clone(),
            history,
            tickets: BTreeMap::new(),
            steps: Vec::new(),
            allowed: Vec::new(),
        })
    }

    fn end_process(&mut self) {
        self.medium.set_ending(true);
        self.store = None;
        self.medium.set_ending(false);
    }

    /// Begins a step: photos from here on belong to it.
    pub(crate) fn begin_step(&mut self, name: impl Into<String>) {
        self.end_step();
        self.steps.push(name.into());
        trace(format_args!("step {}: {:?}", self.allowed.len(), self.steps.last()));
        self.medium.set_mark(self.allowed.len());
        self.trail = self.history.allowed().clone();
    }

    /// Notes what a cut in the step that ends may leave.
    pub(crate) fn end_step(&mut self) {
        self.allowed.push(std::mem::take(&mut self.trail));
    }

    fn stop(&self, attempt: &str) -> impl FnOnce(Error) -> Stop + use<> {
        let medium = self.medium.clone();
        let attempt = attempt.to_owned();
        move |error| stop(&medium, &attempt, error)
    }

    /// False after an opening failed in the middle of a step.
    pub(crate) fn is_open(&self) -> bool {
        self.store.is_some()
    }

    pub(crate) fn store(&mut self) -> &mut Store<SimulatedMedium> {
        self.store.as_mut().expect("a store is open between the steps")
    }

    pub(crate) fn id(&mut self, name: &str) -> Step<RegionId> {
        match self.store().find_region(name) {
            Some(id) => Ok(id),
            None => wrong(format!("region '{name}' is not found")),
        }
    }

    pub(crate) fn region(&self, name: &str) -> &Region {
        &self.now.regions[name]
    }

    fn bytes_mut(&mut self, name: &str) -> &mut Vec<u8> {
        let region = self.now.regions.get_mut(name).expect("the workload knows its regions");
        Arc::make_mut(&mut region.bytes)
    }

    pub(crate) fn create(&mut self, name: &str, kind: ElementKind, lanes: u32) -> Step {
        trace(format_args!("create {name}"));
        self.store().create_region(name, kind, lanes).map_err(self.stop("create_region"))?;
        let region = Region { kind, lanes, bytes: Arc::default() };
        self.now.regions.insert(name.to_owned(), region);
        Ok(())
    }

    pub(crate) fn drop_region(&mut self, name: &str) -> Step {
        trace(format_args!("drop {name}"));
        let id = self.id(name)?;
        self.store().drop_region(id).map_err(self.stop("drop_region"))?;
        self.now.regions.remove(name);
        Ok(())
    }

    /// Adds elements as a program does: grow, write, publish the length.
    pub(crate) fn append(&mut self, name: &str, bytes: &[u8], growth: Growth) -> Step {
        trace(format_args!("append {} to {name}", bytes.len()));
        let id = self.id(name)?;
        let region = self.region(name);
        let (start, width) = (region.bytes.len(), region.width());
        assert!(bytes.len().is_multiple_of(width), "whole elements are appended");
        let len = ((start + bytes.len()) / width) as u64;
        if self.store().capacity(id).map_err(self.stop("capacity"))? < len {
            let capacity = self.store().grow(id, len, growth).map_err(self.stop("grow"))?;
            if capacity < len {
                return wrong(format!("grow to {len} gave a capacity of {capacity}"));
            }
        }
        self.store().write(id, start as u64, bytes).map_err(self.stop("write"))?;
        self.store().set_len(id, len).map_err(self.stop("set_len"))?;
        self.bytes_mut(name).extend_from_slice(bytes);
        Ok(())
    }

    /// Changes bytes below the length.
    pub(crate) fn update(&mut self, name: &str, offset: usize, bytes: &[u8]) -> Step {
        trace(format_args!("update {name}: {} at {offset}", bytes.len()));
        let id = self.id(name)?;
        self.store().write(id, offset as u64, bytes).map_err(self.stop("write"))?;
        self.bytes_mut(name)[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Writes behind the length, within the capacity: nothing may come of it.
    pub(crate) fn scribble(&mut self, name: &str, beyond: usize, bytes: &[u8]) -> Step {
        trace(format_args!("scribble {name}: {} at the end + {beyond}", bytes.len()));
        let id = self.id(name)?;
        let capacity = self.store().capacity(id).map_err(self.stop("capacity"))?;
        let region = self.region(name);
        let capacity_bytes = capacity as usize * region.width();
        let start = region.bytes.len() + beyond;
        if start < capacity_bytes {
            let count = bytes.len().min(capacity_bytes - start);
            self.store().write(id, start as u64, &bytes[..count]).map_err(self.stop("write"))?;
        }
        Ok(())
    }

    pub(crate) fn truncate(&mut self, name: &str, len: u64) -> Step {
        trace(format_args!("truncate {name} to {len}"));
        let id = self.id(name)?;
        self.store().set_len(id, len).map_err(self.stop("set_len"))?;
        let bytes = len as usize * self.region(name).width();
        self.bytes_mut(name).truncate(bytes);
        Ok(())
    }

    pub(crate) fn set_metadata(&mut self, bytes: Vec<u8>) -> Step {
        self.store().set_metadata(bytes.clone()).map_err(self.stop("set_metadata"))?;
        self.now.metadata = bytes;
        Ok(())
    }

    pub(crate) fn set_data_version(&mut self, version: u32) -> Step {
        self.store().set_data_version(version).map_err(self.stop("set_data_version"))?;
        self.now.data_version = version;
        Ok(())
    }

    /// Compares what the program sees.
    pub(crate) fn compare(&mut self) -> Step {
        let store = self.store.as_mut().expect("a store is open between the steps");
        match self.now.difference(store) {
            Ok(None) => Ok(()),
            Ok(Some(difference)) => wrong(difference),
            Err(error) => Err(stop(&self.medium, "read", error)),
        }
    }

    /// From here on a cut may leave the present state, as the next commit.
    fn expect_commit(&mut self) {
        let next = self.trail.last().map_or(0, |(id, _)| id + 1);
        self.trail.push((next, Arc::new(self.now.clone())));
    }

    /// A commit was begun, or the engine found nothing changed.
    fn begun(&mut self, is_begun: bool) -> Step {
        if is_begun {
            self.history.begin(self.now.clone());
        } else if **self.history.newest() == self.now {
            self.trail.pop();
        } else {
            return wrong("nothing was found changed, and something was");
        }
        Ok(())
    }

    /// A commit was acknowledged. `failed_before`: failed syncs when it was asked for.
    fn acknowledge(&mut self, commit: u64, failed_before: u64) -> Step {
        if failed_before > 0 {
            return wrong(format!("commit {commit} is acknowledged after a failed sync"));
        }
        self.history.acknowledge(commit);
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> Step {
        trace(format_args!("commit after {}", self.history.begun()));
        let before = self.medium.failed_syncs();
        self.expect_commit();
        let commit = self.store().commit().map_err(self.stop("commit"))?;
        let has_failures = self.medium.failed(&OPERATIONS) > 0;
        if has_failures && commit <= self.history.begun() && **self.history.newest() != self.now {
            // What was in flight failed for want of room, and became part of this commit.
            self.history.undo_behind(commit - 1);
            self.trail.push((commit, Arc::new(self.now.clone())));
        }
        let expected = self.history.begun() + 1;
        if commit != expected && commit + 1 != expected {
            return wrong(format!("commit {commit} was made, not {expected}"));
        }
        self.begun(commit == expected)?;
        self.acknowledge(commit, before)?;
        self.take_retired()
    }

    pub(crate) fn begin_commit(&mut self) -> Step {
        trace(format_args!("begin_commit after {}", self.history.begun()));
        self.expect_commit();
        let ticket = self.store().begin_commit().map_err(self.stop("begin_commit"))?;
        self.begun(ticket.is_some())?;
        if let Some(ticket) = ticket {
            self.tickets.insert(self.history.begun(), ticket);
        }
        Ok(())
    }

    /// The ticket of a commit in flight, or of none: then nothing is waited for.
    pub(crate) fn ticket(&self, commit: u64) -> u64 {
        self.tickets.get(&commit).copied().unwrap_or(0)
    }

    /// Commits that were begun and not completed.
    pub(crate) fn in_flight(&self) -> u64 {
        self.history.begun() - self.history.acknowledged()
    }

    pub(crate) fn complete(&mut self, commit: u64) -> Step {
        trace(format_args!("complete {commit}"));
        let before = self.medium.failed_syncs();
        let ticket = self.ticket(commit);
        self.store().committer().complete(ticket).map_err(self.stop("complete"))?;
        self.acknowledge(commit, before)
    }

    pub(crate) fn settle(&mut self) -> Step {
        trace(format_args!("settle"));
        self.store().settle().map_err(self.stop("settle"))?;
        let (found, least) = (self.store().commit_id(), self.history.acknowledged());
        if found < least || found > self.history.begun() {
            return wrong(format!("commit {found} is settled, and {least} was completed"));
        }
        self.take_retired()
    }

    pub(crate) fn rollback(&mut self) -> Step {
        trace(format_args!("roll back"));
        let before = self.medium.failed_syncs();
        self.store().rollback().map_err(self.stop("rollback"))?;
        self.acknowledge(self.history.begun(), before)?;
        self.now = (**self.history.newest()).clone();
        self.take_retired()?;
        self.compare()
    }

    /// Retired memory shows nothing of the file.
    fn take_retired(&mut self) -> Step {
        for (id, memory) in self.store().take_retired() {
            check_blank(&memory, &format!("the retired memory of region {}", id.0))?;
        }
        Ok(())
    }

    /// Closes and opens again, on the same machine.
    pub(crate) fn reopen(&mut self, how: Close) -> Step {
        if how == Close::Commit {
            self.expect_commit();
        }
        let was_poisoned = self.store().is_poisoned();
        let (memories, result) = self.store().close(how);
        for (id, memory) in &memories {
            check_blank(memory, &format!("the memory of region {} of a closed store", id.0))?;
        }
        if let Err(error) = result {
            let stop = self.stop("close")(error);
            self.end_process();
            return Err(stop);
        }
        let newest = (self.history.begun(), Arc::clone(self.history.newest()));
        let mut allowed = Vec::new();
        if how == Close::Discard || *newest.1 == self.now {
            allowed.push(newest.clone());
        }
        if how == Close::Commit {
            allowed.push((newest.0 + 1, Arc::new(self.now.clone())));
        }
        if self.medium.is_out() {
            return Err(Stop::Power);
        }
        if was_poisoned {
            // It closed quietly, and nothing was promised.
            return Err(Stop::Fault(Error::new(ErrorKind::Poisoned, "closed when poisoned")));
        }
        self.open_again(&allowed)
    }

    /// The process dies and another opens the store: the cache survives, what was not begun is
    /// lost, and what was begun may be.
    pub(crate) fn die(&mut self) -> Step {
        let allowed = self.history.allowed().clone();
        self.open_again(&allowed)
    }

    /// Opens the store again on what the cache holds.
    fn open_again(&mut self, allowed: &Allowed) -> Step {
        trace(format_args!("open again"));
        // The old store goes first: two of them would map the same pages.
        self.end_process();
        let (store, commit, state) = open(&self.medium, allowed)?;
        self.store = Some(store);
        self.now = (*state).clone();
        self.history = History::new(commit, state);
        Ok(())
    }

    /// After a failed sync no commit is acknowledged any more.
    pub(crate) fn check_poisoned(&mut self) -> Step {
        let is_poisoned = self.store().is_poisoned();
        let later = [self.store().commit().err(), self.store().begin_commit().err()];
        if is_poisoned && later.iter().flatten().all(|e| e.kind() == ErrorKind::Poisoned) {
            return Ok(());
        }
        wrong(format!("after a failed sync: poisoned: {is_poisoned}, later commits: {later:?}"))
    }

    /// After a full disk all is pending, and a commit succeeds once there is room.
    pub(crate) fn go_on_with_room(&mut self) -> Step {
        if self.store().is_poisoned() {
            return wrong("a full disk poisoned the store");
        }
        self.medium.stop_failing();
        let ticket = self.ticket(self.history.begun());
        match self.store().committer().complete(ticket) {
            Err(error) if error.kind() != ErrorKind::NoSpace => {
                return wrong(format!("a commit in flight on a full disk: {error}"));
            }
            _ => self.settle()?,
        }
        let durable = self.store().commit_id();
        self.history.acknowledge(durable);
        self.history.undo_behind(durable);
        self.compare()?;
        self.begin_step("there is room again");
        self.commit()
    }
}

fn check_blank(memory: &impl Blank, what: &str) -> Step {
    if memory.is_blank() { Ok(()) } else { wrong(format!("{what} still shows the file")) }
}

/// Memory that shows nothing of a file.
trait Blank: Memory {
    fn is_blank(&self) -> bool;
}

impl Blank for super::memory::SimulatedMemory {
    fn is_blank(&self) -> bool {
        !self.shows_file()
    }
}
