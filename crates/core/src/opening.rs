//! Opening a store, and creating one. What opening must mend is in `recovery`.

use crate::checkpoint::{Plan, fill_with_zeros};
use crate::commit::{Applied, Committer};
use crate::copies::Kept;
use crate::error::{Error, ErrorKind, Result};
use crate::format::directory::{Lengths, Structure};
use crate::format::{DIRECTORY_AREAS, Extent, FIRST_BYTES, FIRST_CHECKSUMS, FIRST_LOG};
use crate::found::reserved_places;
use crate::fresh::Fresh;
use crate::live::forget_told;
use crate::medium::Medium;
use crate::options::Options;
use crate::os::{File, Lineage};
use crate::planted::{Bug, planted};
use crate::recovery::{Recovered, find_last_commit};
use crate::region::Region;
use crate::space::Space;
use crate::store::Store;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

impl Store<File> {
    /// Opens a store for writing, or creates it: it appears complete or not at all. Takes the
    /// exclusive lock, and recovers what the last writer left.
    ///
    /// # Errors
    /// `Locked`, `NotFound`, `Format`, `Endian`, `Version`, `Corrupt`, `NoSpace`, `Io`. The file
    /// is as it was.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let path = path.as_ref();
        // Somebody else may create or remove the file between two looks.
        for _ in 0..OPEN_TRIES {
            if let Some(file) = File::open_locked(path, options)? {
                let opened = Self::open_on(Arc::new(file), options);
                return opened.map_err(|error| error.at_opening(path));
            }
            if !options.create {
                return Err(File::missing(path));
            }
            if let Some(file) = File::create_locked(path, options, Self::format)? {
                let opened = Self::open_on(Arc::new(file), options);
                return opened.map_err(|error| error.at_opening(path));
            }
        }
        let message = "the file comes and goes; try again when it stays";
        Err(Error::new(ErrorKind::Busy, message).at_opening(path))
    }
}

/// How often a file may vanish between the look for it and its creation.
const OPEN_TRIES: usize = 100;

impl<M: Medium> Store<M> {
    /// Writes an empty store to an empty medium, and waits until it is durable.
    ///
    /// # Errors
    /// `NoSpace`, `Io`.
    #[doc(hidden)]
    pub fn format(medium: &M) -> Result<()> {
        let structure = Structure { checksums: vec![FIRST_CHECKSUMS], ..Structure::default() };
        let write = || {
            medium.allocate(0, FIRST_BYTES)?;
            fill_with_zeros(medium, Extent { offset: 0, bytes: FIRST_BYTES })?;

            Fresh { structure: &structure, commit: 0, is_open: false }.write(
                medium,
                &structure.encode(&Lengths::new()),
                DIRECTORY_AREAS[0].offset,
            )
        };
        write().map_err(|error| Error::from_io(&error, "pwrite", "cannot create the store"))
    }

    /// Opens the store on a medium, and recovers it. Takes no lock.
    ///
    /// # Errors
    /// `Format`, `Endian`, `Version`, `Corrupt`, `NoSpace`, `Io`.
    #[doc(hidden)]
    pub fn open_on(medium: Arc<M>, options: &Options) -> Result<Self> {
        let mut found = find_last_commit(&*medium, None)?;
        found.take_told(&*medium)?;
        fill_holes(&*medium, &found)?;
        if found.is_needed {
            // Whoever compacted it may not have lived to see that it has its name for good.
            if !planted(Bug::NameTrusted) {
                medium.sync_name().map_err(|error| {
                    let attempt = "cannot sync the folder of the store; reopening tries again";
                    Error::from_io(&error, "fsync", attempt)
                })?;
            }
            if planted(Bug::ToldForgottenFirst) {
                forget_told(&*medium)?;
            }
            found.write_back(&*medium)?;
        }
        let may_cut = found.is_first_of_boot(&*medium) || planted(Bug::CutBelowReaders);
        let applied = Applied { commit: found.commit, head: 0, header: found.header, broken: None };
        let store = Self::assemble(medium, applied, found.structure, &found.lengths, options);
        // From here on the header counts. What lies behind its places belongs to no commit. But a
        // reader may still show a former one that did: to touch it would be a signal. None has
        // outlived the boot before; later the next growth takes up what is there.
        store.committer.publish_presence(true)?;
        forget_told(&*store.medium)?;
        let cut = || -> std::io::Result<()> {
            let end = store.space.end();
            if may_cut && store.medium.len()? > end { store.medium.truncate(end) } else { Ok(()) }
        };
        cut().map_err(|error| Error::from_io(&error, "ftruncate", "cannot open the store"))?;
        Ok(store)
    }

    /// The store of a file with this structure.
    pub(crate) fn assemble(
        medium: Arc<M>,
        applied: Applied,
        structure: Structure,
        lengths: &Lengths,
        options: &Options,
    ) -> Self {
        let mut used: Vec<Extent> = structure.extents().collect();
        used.extend(reserved_places(&applied.header));
        let mut regions = BTreeMap::new();
        for (id, entry) in &structure.regions {
            let length = lengths.get(id).copied().unwrap_or(0);
            regions.insert(*id, Region::new(length, entry.width()));
        }
        let plan = Plan::of(&applied);
        let committer = Arc::new(Committer::new(Arc::clone(&medium), applied));
        let durable = Arc::new(structure);
        Self {
            current: (*durable).clone(),
            captured: Arc::clone(&durable),
            durable,
            has_structural_changes: false,
            has_new_extents: false,
            regions,
            dropped: Vec::new(),
            cut: Vec::new(),
            awaiting_checkpoint: Vec::new(),
            retired: Vec::new(),
            space: Space::new(used, FIRST_LOG.offset),
            commit_id: plan.commit,
            last_ticket: plan.commit,
            plan,
            in_flight: VecDeque::new(),
            kept: Kept::new(),
            changed_before: Kept::new(),
            imaged: HashSet::new(),
            unwritten_checksums: BTreeMap::new(),
            wants_checkpoint: false,
            reading: None,
            live: None,
            reserve_bytes: options.reserve_bytes,
            process: std::process::id(),
            lineage: Lineage::begin(),
            is_closed: false,
            committer,
            medium,
        }
    }
}

/// A copy of a store may have holes where it had zeros. What every commit writes gets its blocks
/// here, so that a full disk is an error now and no failed commit later. Cheap without holes.
fn fill_holes<M: Medium>(medium: &M, found: &Recovered) -> Result<()> {
    let fixed = Extent { offset: 0, bytes: FIRST_LOG.offset };
    for extent in [fixed, found.header.log].iter().chain(&found.structure.checksums) {
        medium.allocate(extent.offset, extent.bytes).map_err(|error| {
            Error::from_io(&error, "fallocate", "cannot allocate its log; nothing was changed")
        })?;
    }
    Ok(())
}
