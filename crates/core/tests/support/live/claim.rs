//! What a live store promises at one moment: to whoever opens it after a kill, and after a cut.

use std::collections::BTreeMap;
use std::sync::Arc;

use stoa_core::{Medium, RegionId, Result, Store};

use crate::support::model::{Region, State};
use crate::support::pages::SECTOR_BYTES;

/// The number of a region where nobody learnt it.
pub(crate) const UNKNOWN: RegionId = RegionId(u32::MAX);

/// All that a store holds, and which region has which number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveState {
    pub(crate) state: State,
    pub(crate) ids: BTreeMap<String, RegionId>,
}

/// Bytes that were written to memory, whether or not a length counts them.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) region: RegionId,
    pub(crate) at: usize,
    pub(crate) bytes: Vec<u8>,
}

/// A commit, and how many changes there were when it was captured.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) id: u64,
    pub(crate) ticket: u64,
    pub(crate) held: LiveState,
    pub(crate) since: usize,
}

/// What may be found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim {
    /// After a kill one of these, byte by byte. Empty: nothing was told, a commit is found.
    pub(crate) told: Vec<LiveState>,
    /// From the last acknowledged commit to the last begun one. After a cut one of these, but for
    /// what was changed in place since.
    pub(crate) commits: Vec<Commit>,
    /// A kill may leave one of the commits, too.
    pub(crate) may_be_untold: bool,
    /// A process was killed before, and another recovers what it told.
    pub(crate) is_recovering: bool,
    /// How many changes there were; 0 where nothing reaches the file before a commit.
    pub(crate) changes: usize,
}

/// How the last process ended, as far as what it left is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Killed, and the machine went on.
    Kill,
    /// The power went, or the machine was reset. True: a sector was torn.
    Cut(bool),
    /// The power went while another process recovered from a kill.
    CutAfterKill(bool),
}

impl End {
    /// The end of a process that recovers from this end.
    pub(crate) fn then(self, next: Self) -> Self {
        let torn = |end| matches!(end, Self::Cut(true) | Self::CutAfterKill(true));
        let is_torn = torn(self) || torn(next);
        match (self, next) {
            (Self::Kill, Self::Kill) => Self::Kill,
            (Self::Cut(_), _) => Self::Cut(is_torn),
            _ => Self::CutAfterKill(is_torn),
        }
    }
}

/// Everything in a store.
pub(crate) fn read_all<M: Medium>(store: &mut Store<M>) -> Result<LiveState> {
    let mut found = LiveState::default();
    found.state.metadata = store.metadata().to_vec();
    found.state.data_version = store.data_version();
    let infos: Vec<_> = store.regions().collect();
    for info in infos {
        let width = info.kind.bytes() as usize * info.lanes as usize;
        let mut bytes = vec![0; info.len as usize * width];
        store.read(info.id, 0, &mut bytes)?;
        let (kind, lanes) = (info.kind, info.lanes);
        let region = Region { id: info.id, kind, lanes, bytes: Arc::new(bytes) };
        found.state.regions.insert(info.name.clone(), region);
        found.ids.insert(info.name, info.id);
    }
    Ok(found)
}

impl LiveState {
    /// How another differs in anything but the bytes.
    pub(crate) fn shape_difference(&self, found: &Self) -> Option<String> {
        let shape = |it: &Self| -> Vec<(String, u64, u32)> {
            let regions = it.state.regions.iter();
            regions.map(|(name, region)| (name.clone(), region.len(), region.lanes)).collect()
        };
        if shape(self) != shape(found) {
            return Some(format!("{:?} was found for {:?}", shape(found), shape(self)));
        }
        let mut numbers = self.ids.iter().filter(|(_, id)| **id != UNKNOWN);
        if let Some((name, id)) = numbers.find(|(name, id)| found.ids[*name] != **id) {
            return Some(format!("'{name}' is region {}, not {}", found.ids[name].0, id.0));
        }
        let rest =
            |it: &Self| (it.state.metadata.len(), it.state.data_version, it.state.metadata.clone());
        let (expected, found) = (rest(self), rest(found));
        (expected != found).then(|| {
            format!(
                "metadata of {} bytes, version {}, for {} bytes, version {}",
                found.0, found.1, expected.0, expected.1
            )
        })
    }

    /// How another differs, where the bytes may also be what `changes` wrote. With `is_torn` a
    /// sector that was changed may hold anything.
    pub(crate) fn difference(
        &self,
        found: &Self,
        changes: &[Change],
        is_torn: bool,
    ) -> Option<String> {
        if let Some(what) = self.shape_difference(found) {
            return Some(what);
        }
        for (name, region) in &self.state.regions {
            let (bytes, id) = (&found.state.regions[name].bytes, self.ids[name]);
            if bytes == &region.bytes {
                continue;
            }
            let mut is_right: Vec<bool> =
                bytes.iter().zip(region.bytes.iter()).map(|(a, b)| a == b).collect();
            for change in changes.iter().filter(|change| change.region == id) {
                let end = (change.at + change.bytes.len()).min(bytes.len());
                for at in change.at..end {
                    is_right[at] |= bytes[at] == change.bytes[at - change.at];
                }
                let first = change.at - change.at % SECTOR_BYTES;
                if is_torn && first < bytes.len() {
                    let last = (change.at + change.bytes.len()).next_multiple_of(SECTOR_BYTES);
                    is_right[first..last.min(bytes.len())].fill(true);
                }
            }
            let wrong: Vec<usize> = (0..bytes.len()).filter(|&at| !is_right[at]).collect();
            if let Some(first) = wrong.first() {
                return Some(format!(
                    "region '{name}' ({}) of {} bytes has {} that nobody wrote there, from {first} on",
                    id.0,
                    bytes.len(),
                    wrong.len()
                ));
            }
        }
        None
    }

    /// The same with what was written since over it: what a close without a commit leaves.
    pub(crate) fn with(&self, changes: &[Change]) -> Self {
        let mut all = self.clone();
        for (name, id) in &self.ids {
            let region = all.state.regions.get_mut(name).expect("a number has a region");
            let bytes = Arc::make_mut(&mut region.bytes);
            for change in changes.iter().filter(|change| change.region == *id) {
                let end = (change.at + change.bytes.len()).min(bytes.len());
                if change.at < end {
                    bytes[change.at..end].copy_from_slice(&change.bytes[..end - change.at]);
                }
            }
        }
        all
    }
}

impl Claim {
    /// Why what was found may not be there; `None` where it may.
    pub(crate) fn refute(
        &self,
        end: End,
        commit: u64,
        found: &LiveState,
        changes: &[Change],
    ) -> Option<String> {
        let newest = self.commits.last().map_or(0, |commit| commit.id);
        let first = self.commits.first().map_or(0, |commit| commit.id);
        let mut reasons = Vec::new();
        if !matches!(end, End::Cut(_)) || self.is_recovering {
            for told in &self.told {
                match told.difference(found, &[], false) {
                    None if (first..=newest + 1).contains(&commit) => return None,
                    None => reasons.push(format!("as told, but as commit {commit}")),
                    Some(what) => reasons.push(format!("told: {what}")),
                }
            }
        }
        let may_be_commit = end != End::Kill || self.told.is_empty() || self.may_be_untold;
        for candidate in self.commits.iter().filter(|it| may_be_commit && it.id == commit) {
            let since = &changes[candidate.since.min(self.changes)..self.changes];
            let is_torn = matches!(end, End::Cut(true) | End::CutAfterKill(true));
            match candidate.held.difference(found, since, is_torn) {
                None => return None,
                Some(what) => reasons.push(format!("commit {commit}: {what}")),
            }
        }
        Some(format!("commit {commit} of {first} to {newest} was found; {}", reasons.join("; ")))
    }
}
