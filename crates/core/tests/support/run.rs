//! A store and its model, changed in lock step: each verb acts on both and compares what the
//! store says with what it must say.

use std::collections::BTreeMap;
use std::sync::Arc;

use stoa_core::{ElementKind, Error, ErrorKind, Growth, Options, RegionId, Store};

use super::fault::OPERATIONS;
use super::memory::SimulatedMemory;
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

impl From<Stop> for String {
    fn from(stop: Stop) -> Self {
        format!("{stop:?}")
    }
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
    pub(crate) store: Option<Store<SimulatedMedium>>,
    /// What the program sees now, committed or not.
    pub(crate) now: State,
    pub(crate) history: History,
    /// The ticket of each commit in flight.
    pub(crate) tickets: BTreeMap<u64, u64>,
    /// What a cut in the present step may leave.
    pub(crate) trail: Allowed,
    /// The name of every step, for the report of a failure.
    pub(crate) steps: Vec<String>,
    /// For every mark of a photo, what a cut there may leave.
    pub(crate) allowed: Vec<Allowed>,
    /// Memory of files that were replaced: it shows them as long as the process lives.
    pub(crate) left: Vec<SimulatedMemory>,
}

pub(crate) fn options() -> Options {
    Options { reserve_bytes: 1 << 30, ..Options::default() }
}

/// An error of the engine, as the end of a run.
pub(crate) fn stop(medium: &SimulatedMedium, attempt: &str, error: Error) -> Stop {
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
pub(crate) fn open(
    medium: &SimulatedMedium,
    allowed: &Allowed,
) -> Step<(Store<SimulatedMedium>, u64, Arc<State>)> {
    medium.set_writer(true);
    let opened = Store::open_on(Arc::new(medium.opened()), &options());
    medium.set_writer(opened.is_ok());
    let mut store = opened.map_err(|error| stop(medium, "open", error))?;
    let what = match check(&mut store, allowed) {
        Ok(Ok((commit, state))) => return Ok((store, commit, state)),
        Ok(Err(what)) => Stop::Wrong(what),
        Err(error) => stop(medium, "read", error),
    };
    medium.set_ending(true);
    drop(store);
    medium.set_ending(false);
    medium.set_writer(false);
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
            left: Vec::new(),
        })
    }

    pub(crate) fn end_process(&mut self) {
        self.medium.set_ending(true);
        self.left.clear();
        if self.store.take().is_some() {
            self.medium.set_writer(false);
        }
        self.medium.set_ending(false);
    }

    /// Begins a step: photos from here on belong to it.
    pub(crate) fn begin_step(&mut self, name: impl Into<String>) {
        self.end_step();
        self.steps.push(name.into());
        trace(format_args!("step {}: {:?}", self.allowed.len(), self.steps.last()));
        self.medium.set_mark(self.allowed.len());
        self.medium.show_observer();
        self.trail = self.history.allowed().clone();
    }

    /// Notes what a cut in the step that ends may leave.
    pub(crate) fn end_step(&mut self) {
        self.allowed.push(std::mem::take(&mut self.trail));
    }

    pub(crate) fn stop(&self, attempt: &str) -> impl FnOnce(Error) -> Stop + use<> {
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
        let created = self.store().create_region(name, kind, lanes);
        let id = created.map_err(self.stop("create_region"))?;
        let region = Region { id, kind, lanes, bytes: Arc::default() };
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
        let store = self.store();
        // Both ways in, by turns.
        let written = if len.is_multiple_of(2) {
            store.write(id, start as u64, bytes)
        } else {
            store.write_through(id, start as u64, bytes)
        };
        written.map_err(self.stop("write"))?;
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

    /// Makes memory behind the capacity touchable, as a view that is larger than the file needs.
    pub(crate) fn widen(&mut self, name: &str, bytes: u64) -> Step {
        trace(format_args!("widen {name} to {bytes}"));
        let id = self.id(name)?;
        let window = self.store().window(id, bytes).map_err(self.stop("window"))?;
        let capacity = self.store().capacity(id).map_err(self.stop("capacity"))?;
        let least = bytes.max(capacity * self.region(name).width() as u64);
        if window < least { wrong(format!("a window of {window}, not {least}")) } else { Ok(()) }
    }

    pub(crate) fn truncate(&mut self, name: &str, len: u64) -> Step {
        trace(format_args!("truncate {name} to {len}"));
        let id = self.id(name)?;
        self.store().set_len(id, len).map_err(self.stop("set_len"))?;
        let bytes = len as usize * self.region(name).width();
        self.bytes_mut(name).truncate(bytes);
        Ok(())
    }

    /// Gives back what a region has behind its rows: they stay, and nothing else is promised.
    pub(crate) fn shrink(&mut self, name: &str) -> Step {
        trace(format_args!("shrink {name}"));
        let id = self.id(name)?;
        let len = self.region(name).len();
        let before = self.store().capacity(id).map_err(self.stop("capacity"))?;
        let after = self.store().shrink(id).map_err(self.stop("shrink"))?;
        if (len..=before).contains(&after) {
            Ok(())
        } else {
            wrong(format!("'{name}' of {len} shrank from {before} to {after}"))
        }
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
        if self.medium.is_out() {
            // A commit may have succeeded just before; memory shows nothing any more.
            return Err(Stop::Power);
        }
        let store = self.store.as_mut().expect("a store is open between the steps");
        match self.now.difference(store) {
            Ok(None) => Ok(()),
            // Memory that lost what it showed says so by the poison.
            Ok(Some(what)) if self.medium.has_lost() && store.is_poisoned() => {
                Err(Stop::Fault(Error::new(ErrorKind::Poisoned, what)))
            }
            Ok(Some(difference)) => wrong(difference),
            Err(error) => Err(stop(&self.medium, "read", error)),
        }
    }
}
