//! The judgement of what a reader saw. Whole: one commit, byte by byte. Not known to be whole:
//! the structure and the lengths of one commit, and of each row what that commit or a later one
//! made of it; what no later commit changed must be there as it is.

use std::sync::Arc;

use stoa_core::RegionId;

use super::model::{Allowed, Region, State};
use super::reader::{Seen, SeenRegion};

/// What a reader saw, and when.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) seen: Seen,
    /// The marks of the disk when the commit was found, and when it was looked at.
    pub(crate) marks: (usize, usize),
    /// Whether it must be one commit.
    pub(crate) is_whole: bool,
    /// Whether a commit may be missed whose home writes failed: it is durable, and acknowledged.
    pub(crate) may_lag: bool,
    /// How it was come by.
    pub(crate) how: String,
}

impl Sighting {
    /// What is wrong with it, given what each mark allows.
    pub(crate) fn fault(&self, allowed: &[Allowed]) -> Option<String> {
        let (from, to) = self.marks;
        let commit = self.seen.commit;
        let holds = |mark: &usize| allowed[*mark].iter().any(|(id, _)| *id == commit);
        let lagging = (0..=from).rev().find(holds).filter(|_| self.may_lag);
        let from = lagging.unwrap_or(from);
        let mut what = format!("commit {commit} is none of those of step {from}");
        let later: Vec<&Arc<State>> = allowed[from..=to]
            .iter()
            .flatten()
            .filter(|(id, _)| *id > commit && !self.is_whole)
            .map(|(_, state)| state)
            .collect();
        for (_, state) in allowed[from].iter().filter(|(id, _)| *id == commit) {
            match self.seen.difference(state, &later) {
                None => return None,
                Some(difference) => what = format!("commit {commit}, but {difference}"),
            }
        }
        let kind = if self.is_whole { "whole" } else { "half-way" };
        Some(format!("{} at steps {from} to {to}, {kind}: {what}", self.how))
    }
}

impl Seen {
    /// How this differs from a state, where it may show some of the later ones, too.
    pub(crate) fn difference(&self, state: &State, later: &[&Arc<State>]) -> Option<String> {
        if (&self.metadata, self.data_version) != (&state.metadata, state.data_version) {
            return Some("metadata or data version are others".to_owned());
        }
        if !self.regions.keys().eq(state.regions.keys()) {
            let (found, expected) = (self.regions.keys(), state.regions.keys());
            return Some(format!("the regions are {found:?}, not {expected:?}"));
        }
        state.regions.iter().find_map(|(name, region)| {
            let seen = &self.regions[name];
            let shape = (region.kind, region.lanes, region.len());
            if seen.id != region.id || seen.shape != shape {
                return Some(format!("'{name}' is {:?} {:?}, not {shape:?}", seen.id, seen.shape));
            }
            let bytes = seen.bytes.as_ref()?;
            let at = seen.differs_at(bytes, region, later)?;
            Some(format!("byte {at} of {} of '{name}' is wrong", bytes.len()))
        })
    }
}

/// The region with this number in a state.
fn find(state: &State, id: RegionId) -> Option<&Region> {
    state.regions.values().find(|region| region.id == id)
}

impl SeenRegion {
    /// The first byte that no state explains. What lies behind a later length, or was of a region
    /// that is gone, may have been overwritten.
    fn differs_at(&self, bytes: &[u8], region: &Region, later: &[&Arc<State>]) -> Option<usize> {
        let mut others: Vec<&[u8]> = Vec::new();
        let mut bound = bytes.len();
        for state in later {
            let other = &find(state, self.id)?.bytes;
            bound = bound.min(other.len());
            if !Arc::ptr_eq(other, &region.bytes) {
                others.push(other);
            }
        }
        let (unit, strays) = &self.strays;
        (0..bound).filter(|at| bytes[*at] != region.bytes[*at]).find(|at| {
            !strays.contains(&(*at as u64 / unit))
                && !others.iter().any(|other| other[*at] == bytes[*at])
        })
    }
}
