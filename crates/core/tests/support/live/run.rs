//! A live store and its model, changed in lock step.

use std::sync::Arc;

use stoa_core::{ElementKind, Growth, RegionId, Store};

use super::claim::{Change, Claim, Commit, LiveState, UNKNOWN, read_all};
use super::onlooker::Onlooker;
use crate::support::model::{Allowed, Region};
use crate::support::run::{Step, open, stop, wrong};
use crate::support::simulated::SimulatedMedium;
use crate::support::state::Photo;
use crate::support::trace::trace;

/// An open store, what it must hold, and what it promises at each moment.
#[derive(Debug)]
pub(crate) struct LiveRun {
    pub(crate) medium: SimulatedMedium,
    /// `None` between two processes.
    pub(crate) store: Option<Store<SimulatedMedium>>,
    pub(crate) is_live: bool,
    pub(crate) now: LiveState,
    /// The last acknowledged commit, and those in flight.
    pub(crate) history: Vec<Commit>,
    pub(crate) changes: Vec<Change>,
    /// For every mark of a photo, what is promised there.
    pub(crate) claims: Vec<Claim>,
    pub(crate) steps: Vec<String>,
    /// Photos between two operations.
    pub(crate) photos: Vec<Photo>,
    pub(crate) onlooker: Option<Onlooker>,
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        self.end_process();
    }
}

impl LiveRun {
    /// Opens a store that must be in one of the allowed states.
    pub(crate) fn open(medium: &SimulatedMedium, allowed: &Allowed) -> Step<Self> {
        let opening = Claim {
            commits: allowed.iter().map(|(id, state)| commit_of(*id, (**state).clone())).collect(),
            ..Claim::default()
        };
        medium.set_mark(0);
        let (mut store, id, _) = open(medium, allowed)?;
        let now = read_all(&mut store).map_err(|error| stop(medium, "read", error))?;
        let mut run = Self {
            medium: medium.clone(),
            store: Some(store),
            is_live: false,
            history: vec![Commit { id, ticket: 0, held: now.clone(), since: 0 }],
            now,
            changes: Vec::new(),
            claims: vec![opening],
            steps: vec!["open".to_owned()],
            photos: Vec::new(),
            onlooker: None,
        };
        run.quiet();
        Ok(run)
    }

    pub(crate) fn end_process(&mut self) {
        self.medium.set_ending(true);
        self.store = None;
        self.medium.set_ending(false);
    }

    pub(crate) fn store(&mut self) -> &mut Store<SimulatedMedium> {
        self.store.as_mut().expect("a store is open between the steps")
    }

    /// Photos from here on belong to what is said now.
    pub(crate) fn quiet(&mut self) {
        self.say("rest");
    }

    /// Begins a call: photos from here on belong to it, and show what is told now.
    pub(crate) fn say(&mut self, name: &str) {
        trace(format_args!("step {}: {name}", self.claims.len()));
        self.medium.set_mark(self.claims.len());
        self.steps.push(name.to_owned());
        self.claims.push(Claim {
            told: if self.is_live { vec![self.now.clone()] } else { Vec::new() },
            commits: self.history.clone(),
            may_be_untold: false,
            is_recovering: false,
            changes: if self.is_live { self.changes.len() } else { 0 },
        });
    }

    pub(crate) fn claim(&mut self) -> &mut Claim {
        self.claims.last_mut().expect("a step was begun")
    }

    /// The call may show this from now on.
    pub(crate) fn may_tell(&mut self, next: &LiveState) {
        if self.is_live {
            let next = next.clone();
            self.claim().told.push(next);
        }
    }

    /// Makes a call that changes what is told.
    fn change(
        &mut self,
        name: &str,
        next: LiveState,
        call: impl FnOnce(&mut Store<SimulatedMedium>) -> stoa_core::Result<()>,
    ) -> Step {
        self.say(name);
        self.may_tell(&next);
        let result = call(self.store());
        result.map_err(|error| stop(&self.medium, name, error))?;
        self.now = next;
        self.quiet();
        Ok(())
    }

    pub(crate) fn id(&self, name: &str) -> RegionId {
        self.now.ids[name]
    }

    pub(crate) fn region(&self, name: &str) -> &Region {
        &self.now.state.regions[name]
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.now.ids.keys().cloned().collect()
    }

    pub(crate) fn create(&mut self, name: &str, kind: ElementKind, lanes: u32) -> Step {
        let mut next = self.now.clone();
        let newest = self.store().regions().map(|info| info.id.0).max();
        let region = Region { id: UNKNOWN, kind, lanes, bytes: Arc::default() };
        next.state.regions.insert(name.to_owned(), region);
        self.say(&format!("create {name}"));
        // The number is known only afterwards; nothing may be found under another name before.
        let before = self.claims.len() - 1;
        let id = self.store().create_region(name, kind, lanes);
        let id = match id {
            Ok(id) => id,
            Err(error) => {
                let id = self.store().find_region(name);
                next.ids.insert(name.to_owned(), id.unwrap_or(UNKNOWN));
                self.may_tell(&next);
                return Err(stop(&self.medium, "create_region", error));
            }
        };
        if newest.is_some_and(|newest| newest >= id.0) {
            return wrong(format!("region {} is numbered after {newest:?}", id.0));
        }
        next.ids.insert(name.to_owned(), id);
        if self.is_live {
            self.claims[before].told.push(next.clone());
        }
        self.now = next;
        self.quiet();
        Ok(())
    }

    pub(crate) fn drop_region(&mut self, name: &str) -> Step {
        let (id, mut next) = (self.id(name), self.now.clone());
        next.state.regions.remove(name);
        next.ids.remove(name);
        self.change(&format!("drop {name}"), next, |store| store.drop_region(id))
    }

    pub(crate) fn grow(&mut self, name: &str, len: u64, growth: Growth) -> Step {
        let (id, next) = (self.id(name), self.now.clone());
        self.change(&format!("grow {name}"), next, |store| store.grow(id, len, growth).map(drop))
    }

    /// Writes to memory, wherever it is within the capacity.
    pub(crate) fn put(&mut self, name: &str, at: usize, bytes: &[u8]) -> Step {
        let id = self.id(name);
        let result = self.store().write(id, at as u64, bytes);
        result.map_err(|error| stop(&self.medium, "write", error))?;
        self.changes.push(Change { region: id, at, bytes: bytes.to_vec() });
        Ok(())
    }

    /// Changes bytes below the length.
    pub(crate) fn update(&mut self, name: &str, at: usize, bytes: &[u8]) -> Step {
        self.put(name, at, bytes)?;
        let region = self.now.state.regions.get_mut(name).expect("the region is there");
        Arc::make_mut(&mut region.bytes)[at..at + bytes.len()].copy_from_slice(bytes);
        self.quiet();
        Ok(())
    }

    pub(crate) fn append(&mut self, name: &str, bytes: &[u8], growth: Growth) -> Step {
        let (start, width) = (self.region(name).bytes.len(), self.region(name).width());
        let (id, len) = (self.id(name), ((start + bytes.len()) / width) as u64);
        let capacity = self.store().capacity(id);
        if capacity.map_err(|error| stop(&self.medium, "capacity", error))? < len {
            self.grow(name, len, growth)?;
        }
        self.put(name, start, bytes)?;
        self.set_len(name, len, bytes)
    }

    /// Sets the length; what a longer one counts was written before, and is `added`.
    fn set_len(&mut self, name: &str, len: u64, added: &[u8]) -> Step {
        let (id, mut next) = (self.id(name), self.now.clone());
        let region = next.state.regions.get_mut(name).expect("the region is there");
        let width = region.width();
        let bytes = Arc::make_mut(&mut region.bytes);
        bytes.extend_from_slice(added);
        bytes.truncate(len as usize * width);
        self.change(&format!("set_len {name} {len}"), next, |store| store.set_len(id, len))
    }

    pub(crate) fn truncate(&mut self, name: &str, len: u64) -> Step {
        self.set_len(name, len, &[])
    }

    pub(crate) fn shrink(&mut self, name: &str) -> Step {
        // It waits for commits in flight.
        self.complete_all()?;
        let (id, next) = (self.id(name), self.now.clone());
        self.change(&format!("shrink {name}"), next, |store| store.shrink(id).map(drop))
    }

    pub(crate) fn set_metadata(&mut self, bytes: Vec<u8>) -> Step {
        let mut next = self.now.clone();
        next.state.metadata.clone_from(&bytes);
        self.change("set_metadata", next, |store| store.set_metadata(bytes))
    }

    pub(crate) fn set_data_version(&mut self, version: u32) -> Step {
        let mut next = self.now.clone();
        next.state.data_version = version;
        self.change("set_data_version", next, |store| store.set_data_version(version))
    }

    /// Compares what the program sees, and what a reader does.
    pub(crate) fn compare(&mut self) -> Step {
        if self.medium.is_out() {
            return Err(crate::support::run::Stop::Power);
        }
        let found = read_all(self.store()).map_err(|error| stop(&self.medium, "read", error))?;
        if let Some(what) = self.now.difference(&found, &[], false) {
            return wrong(format!("the program sees: {what}"));
        }
        self.look()
    }

    /// Lets the reader look, where there is one: it sees what is told.
    pub(crate) fn look(&mut self) -> Step {
        let (is_live, now) = (self.is_live, self.now.clone());
        let Some(onlooker) = &mut self.onlooker else { return Ok(()) };
        if self.medium.is_out() {
            return Ok(());
        }
        onlooker.look(is_live.then_some(&now))
    }

    /// Retired memory shows nothing of the file.
    pub(crate) fn take_retired(&mut self) -> Step {
        let memories = self.store().take_retired();
        let may_show = self.medium.failures() > 0;
        let shows = memories.iter().any(|(_, memory)| memory.shows_file());
        self.medium.set_ending(true);
        drop(memories);
        self.medium.set_ending(false);
        if shows && !may_show { wrong("retired memory still shows the file") } else { Ok(()) }
    }
}

/// A commit that nobody asked for here.
fn commit_of(id: u64, state: crate::support::model::State) -> Commit {
    let ids = state.regions.keys().map(|name| (name.clone(), UNKNOWN));
    let held = LiveState { ids: ids.collect(), state };
    Commit { id, ticket: 0, held, since: 0 }
}
