//! What a store must hold: its states by commit, and the one that the program sees now.

use std::collections::BTreeMap;
use std::sync::Arc;

use stoa_core::{ElementKind, Medium, RegionId, RegionInfo, Result, Store};

/// One region. Its bytes are shared between states until they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) id: RegionId,
    pub(crate) kind: ElementKind,
    pub(crate) lanes: u32,
    /// The bytes below the length.
    pub(crate) bytes: Arc<Vec<u8>>,
}

impl Region {
    /// Bytes of one element.
    pub(crate) fn width(&self) -> usize {
        self.kind.bytes() as usize * self.lanes as usize
    }

    pub(crate) fn len(&self) -> u64 {
        (self.bytes.len() / self.width()) as u64
    }
}

/// All that a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) regions: BTreeMap<String, Region>,
    pub(crate) metadata: Vec<u8>,
    pub(crate) data_version: u32,
}

impl State {
    /// How a store differs from this state; `None` when it is equal.
    pub(crate) fn difference<M: Medium>(&self, store: &mut Store<M>) -> Result<Option<String>> {
        if store.metadata() != self.metadata {
            let (found, expected) = (store.metadata().len(), self.metadata.len());
            return Ok(Some(format!("the metadata is another: {found} bytes for {expected}")));
        }
        if store.data_version() != self.data_version {
            let (found, expected) = (store.data_version(), self.data_version);
            return Ok(Some(format!("the data version is {found}, not {expected}")));
        }
        let found: BTreeMap<String, RegionInfo> =
            store.regions().map(|info| (info.name.clone(), info)).collect();
        if !found.keys().eq(self.regions.keys()) {
            let found: Vec<&String> = found.keys().collect();
            let expected: Vec<&String> = self.regions.keys().collect();
            return Ok(Some(format!("the regions are {found:?}, not {expected:?}")));
        }
        for (name, region) in &self.regions {
            let info = &found[name];
            if (info.kind, info.lanes, info.len) != (region.kind, region.lanes, region.len()) {
                return Ok(Some(format!("region '{name}' is {info:?}, of {}", region.len())));
            }
            let mut bytes = vec![0; region.bytes.len()];
            store.read(info.id, 0, &mut bytes)?;
            if bytes != *region.bytes {
                let pairs = bytes.iter().zip(region.bytes.iter());
                let differing: Vec<usize> =
                    pairs.enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
                return Ok(Some(format!(
                    "region '{name}' of {} bytes differs in {} bytes from {} on",
                    bytes.len(),
                    differing.len(),
                    differing[0]
                )));
            }
        }
        Ok(None)
    }
}

/// States that a reopened store may be in, by commit.
pub(crate) type Allowed = Vec<(u64, Arc<State>)>;

/// In which of the allowed states a store is; the inner error says that it is in none.
pub(crate) fn check<M: Medium>(
    store: &mut Store<M>,
    allowed: &Allowed,
) -> Result<std::result::Result<(u64, Arc<State>), String>> {
    let commit = store.commit_id();
    let (first, last) = (allowed[0].0, allowed[allowed.len() - 1].0);
    let mut what = format!("commit {commit} was found, not one of {first} to {last}");
    // A number may stand for two states: of a commit that failed, and of the next try.
    for (_, state) in allowed.iter().filter(|(id, _)| *id == commit) {
        match state.difference(store)? {
            None => return Ok(Ok((commit, Arc::clone(state)))),
            Some(difference) => {
                what = format!("commit {commit} of {first} to {last} was found, but {difference}");
            }
        }
    }
    Ok(Err(what))
}

/// The commits of a run.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// From the last acknowledged commit to the last begun one, in order.
    commits: Allowed,
}

impl History {
    /// A store that was opened in this state.
    pub(crate) fn new(commit: u64, state: Arc<State>) -> Self {
        Self { commits: vec![(commit, state)] }
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.commits[0].0
    }

    pub(crate) fn begun(&self) -> u64 {
        self.commits[self.commits.len() - 1].0
    }

    /// The state of the last begun commit.
    pub(crate) fn newest(&self) -> &Arc<State> {
        &self.commits[self.commits.len() - 1].1
    }

    pub(crate) fn begin(&mut self, state: State) {
        self.commits.push((self.begun() + 1, Arc::new(state)));
    }

    /// All up to `commit` are durable.
    pub(crate) fn acknowledge(&mut self, commit: u64) {
        self.commits.retain(|(id, _)| *id >= commit);
        assert!(!self.commits.is_empty(), "commit {commit} was begun before");
    }

    /// The commits behind `commit` failed: what they held is pending again.
    pub(crate) fn undo_behind(&mut self, commit: u64) {
        self.commits.retain(|(id, _)| *id <= commit);
        assert!(!self.commits.is_empty(), "commit {commit} was begun before");
    }

    /// What a cut may leave now.
    pub(crate) fn allowed(&self) -> &Allowed {
        &self.commits
    }
}
