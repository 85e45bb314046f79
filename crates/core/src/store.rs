//! The spine: what a store is, and its calls from the commit to the closing. Opening is in `opening`,
//! regions in `regions`; what a commit does is in `capture`, `commit` and `settle`.

use crate::capture::InFlight;
use crate::checkpoint::Plan;
use crate::commit::Committer;
use crate::copies::Kept;
use crate::error::{Error, ErrorKind, Result, forked, lost, poisoned};
use crate::format::directory::{RegionId, Structure};
use crate::format::{DIRECTORY_BYTES_MAX, Extent, WRITE_VERSION};
use crate::info::StoreInfo;
use crate::live::{LENGTHS, Live};
use crate::medium::Medium;
use crate::os::Lineage;
use crate::planted::{Bug, planted};
use crate::reader::Reading;
use crate::region::{Dropped, Region};
use crate::space::Space;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

/// A store that is open for writing: named regions in one file, and the last commit of them.
///
/// A store belongs to one thread at a time; its [`Committer`] may be used from others.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says another thing that may be due")]
pub struct Store<M: Medium> {
    pub(crate) medium: Arc<M>,
    pub(crate) committer: Arc<Committer<M>>,
    /// The structure now, at the newest capture, and at the newest settled commit.
    pub(crate) current: Structure,
    pub(crate) captured: Arc<Structure>,
    pub(crate) durable: Arc<Structure>,
    /// Regions, metadata or version changed since the newest capture.
    pub(crate) has_structural_changes: bool,
    /// Extents were added since: the next commit tells the file, but they alone make none.
    pub(crate) has_new_extents: bool,
    pub(crate) regions: BTreeMap<RegionId, Region<M::Memory>>,
    /// Regions dropped since the newest capture: a rollback needs them.
    pub(crate) dropped: Vec<Dropped<M::Memory>>,
    /// Extents that regions gave back since the newest capture.
    pub(crate) cut: Vec<Extent>,
    /// Extents that no commit refers to, but the log may.
    pub(crate) awaiting_checkpoint: Vec<Extent>,
    pub(crate) retired: Vec<(RegionId, M::Memory)>,
    pub(crate) space: Space,
    pub(crate) plan: Plan,
    pub(crate) in_flight: VecDeque<InFlight<M::Memory>>,
    /// Private copies that equal the file, kept because they are likely to change again.
    pub(crate) kept: Kept,
    /// The pages of the last settled commit, unless it was a huge one.
    pub(crate) changed_before: Kept,
    /// Pages that the log holds whole.
    pub(crate) imaged: HashSet<u64>,
    /// Checksums of pages in the log that the table does not have yet.
    pub(crate) unwritten_checksums: BTreeMap<u64, u64>,
    pub(crate) wants_checkpoint: bool,
    /// `None` in a store that writes.
    pub(crate) reading: Option<Reading<M::Memory>>,
    /// `None` in a transactional store.
    pub(crate) live: Option<Live<M::Memory>>,
    pub(crate) commit_id: u64,
    pub(crate) last_ticket: u64,
    pub(crate) reserve_bytes: u64,
    pub(crate) process: u32,
    /// The same, for what may not take a system call.
    pub(crate) lineage: Lineage,
    pub(crate) is_closed: bool,
}

/// What becomes of changes that are not committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// They are committed.
    Commit,
    /// They are rolled back.
    Discard,
}

impl<M: Medium> Store<M> {
    /// Refuses what a closed, poisoned or forked store cannot do.
    pub(crate) fn check_usable(&self) -> Result<()> {
        if self.is_closed {
            return Err(Error::new(ErrorKind::Closed, "the store is closed"));
        }
        if self.medium.has_lost() {
            self.committer.poison();
            return Err(lost());
        }
        if self.committer.is_poisoned() {
            return Err(poisoned());
        }
        if std::process::id() != self.process {
            return Err(forked());
        }
        Ok(())
    }

    /// Refuses also what a store that only reads cannot do.
    pub(crate) fn check_writable(&self) -> Result<()> {
        self.check_usable()?;
        self.refuse_reader()
    }

    /// Refuses only that.
    pub(crate) fn refuse_reader(&self) -> Result<()> {
        if !self.is_reader() {
            return Ok(());
        }
        let message = "the store is open for reading; open it for writing to change it";
        Err(Error::new(ErrorKind::ReadOnly, message))
    }

    /// The memory of regions that are gone: dropped by a commit, or created and rolled back. Zeros lie
    /// over all of it, but of a store that was compacted it goes on showing the file before. Dropping it gives the address space back, which is right only
    /// when nothing refers to it any more.
    #[doc(hidden)]
    pub fn take_retired(&mut self) -> Vec<(RegionId, M::Memory)> {
        std::mem::take(&mut self.retired)
    }

    /// The bytes that the user keeps with the regions.
    #[must_use]
    pub fn metadata(&self) -> &[u8] {
        &self.current.metadata
    }

    /// Replaces them. Part of the next commit.
    ///
    /// # Errors
    /// `Limit`: nothing was changed. `Closed`, `Poisoned`.
    pub fn set_metadata(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.check_writable()?;
        if bytes.len() as u64 > DIRECTORY_BYTES_MAX {
            let message = format!(
                "cannot keep {} bytes of metadata: a store has at most {DIRECTORY_BYTES_MAX}; \
                 nothing was changed",
                bytes.len()
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        if bytes == self.current.metadata {
            return Ok(());
        }
        let more = bytes.len().saturating_sub(self.current.metadata.len());
        self.make_room_to_tell(more as u64)?;
        self.current.metadata = bytes;
        self.has_structural_changes = true;
        self.announce()
    }

    /// The version that the user gave the data.
    #[must_use]
    pub fn data_version(&self) -> u32 {
        self.current.data_version
    }

    /// Sets it. Part of the next commit.
    ///
    /// # Errors
    /// `Closed`, `Poisoned`.
    pub fn set_data_version(&mut self, version: u32) -> Result<()> {
        self.check_writable()?;
        if version == self.current.data_version {
            return Ok(());
        }
        self.make_room_to_tell(0)?;
        self.current.data_version = version;
        self.has_structural_changes = true;
        self.announce()
    }

    /// The number of the last settled commit. Each commit has the number after the one before.
    #[must_use]
    pub fn commit_id(&self) -> u64 {
        self.commit_id
    }

    /// Bytes of the file.
    #[must_use]
    pub fn byte_length(&self) -> u64 {
        self.space.end()
    }

    /// What there is to know of the store.
    #[must_use]
    pub fn info(&self) -> StoreInfo {
        StoreInfo {
            format_version: WRITE_VERSION,
            commit_id: self.commit_id,
            byte_length: self.byte_length(),
            log_bytes: self.plan.log.bytes,
            free_bytes: self.space.free_bytes(),
        }
    }

    /// Whether a commit would write anything. Costs the search for changed pages.
    ///
    /// # Errors
    /// `Closed`, `Poisoned`, `Io`.
    pub fn is_dirty(&mut self) -> Result<bool> {
        self.check_usable()?;
        if self.is_reader() {
            return Ok(false);
        }
        if self.is_live() {
            // Nobody can tell what was changed in place.
            return Ok(true);
        }
        self.settle();
        self.check_usable()?;
        Ok(!self.find_changes()?.is_empty())
    }

    /// Whether an earlier failure left memory or disk in doubt.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.committer.is_poisoned()
    }

    /// Makes everything since the last commit durable, and gives the number of the commit. Waits
    /// for the disk, and for commits in flight before. Nothing changed: nothing is written.
    ///
    /// # Errors
    /// `NoSpace`, `Limit`: the changes are pending. `Io`: the store is poisoned. `Poisoned`.
    pub fn commit(&mut self) -> Result<u64> {
        self.check_writable()?;
        self.settle_all();
        let Some(ticket) = self.begin_commit()? else {
            return Ok(self.commit_id);
        };
        let result = self.committer.complete(ticket);
        self.settle();
        result.map(|()| self.commit_id)
    }

    /// Captures everything since the last capture for a commit, which [`Committer::complete`]
    /// performs on any thread. Gives its ticket, or `None` when nothing changed. Changes made
    /// after this call belong to the next commit.
    ///
    /// # Errors
    /// `NoSpace`, `Limit`: the changes are pending. `Poisoned`.
    pub fn begin_commit(&mut self) -> Result<Option<u64>> {
        self.check_writable()?;
        self.settle();
        // What was settled may have failed meanwhile, on another thread.
        self.check_usable()?;
        self.capture()
    }

    /// The number that the newest captured commit gets if it succeeds.
    #[must_use]
    pub fn captured_commit_id(&self) -> u64 {
        self.plan.commit
    }

    /// What performs commits.
    #[must_use]
    pub fn committer(&self) -> Arc<Committer<M>> {
        Arc::clone(&self.committer)
    }

    pub(crate) fn next_ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }

    /// Closes the store: waits for what is in flight, commits or rolls back the rest, writes a
    /// checkpoint, lays zeros over all memory and gives up the lock. All of that is done even if
    /// part of it fails. A store that is closed or was poisoned before closes quietly. Gives the
    /// memory: dropping it gives the address space back.
    ///
    /// # Errors
    /// What its own commit failed with.
    pub fn close(&mut self, how: Close) -> (Vec<(RegionId, M::Memory)>, Result<()>) {
        if self.is_closed {
            return (Vec::new(), Ok(()));
        }
        let was_usable = self.check_writable().is_ok();
        let result = if was_usable { self.finish(how) } else { Ok(()) };
        (self.release(), result)
    }

    fn finish(&mut self, how: Close) -> Result<()> {
        match how {
            Close::Commit => drop(self.commit()?),
            // What was added since the last commit is not counted. What was changed in place stays, and
            // must be durable: an orderly close says that what the file shows is on the disk.
            Close::Discard if self.is_live() => {
                self.settle_all();
                if !planted(Bug::LiveDiscardWithoutSync) {
                    let ticket = self.launch_sync();
                    self.committer.complete(ticket)?;
                    self.settle();
                }
            }
            Close::Discard => self.rollback()?,
        }
        if let Some(ticket) = self.launch_checkpoint()? {
            self.committer.complete(ticket)?;
            self.settle();
        }
        self.end_live()?;
        self.committer.publish_presence(false)
    }

    /// The part of closing that cannot fail: waits for what is in flight, lays zeros over all
    /// memory and gives up the lock. What was not committed is lost.
    pub fn release(&mut self) -> Vec<(RegionId, M::Memory)> {
        // A forked child has no memory to cover; what is in flight, and the lock, are its parent's.
        let is_own = std::process::id() == self.process;
        if is_own {
            self.settle_all();
            self.committer.end();
        }
        self.is_closed = true;
        let mut regions = std::mem::take(&mut self.regions);
        let dropped = std::mem::take(&mut self.dropped).into_iter();
        regions.extend(dropped.map(|dropped| (dropped.id, dropped.region)));
        let mut memories = std::mem::take(&mut self.retired);
        for (id, region) in regions {
            if let Some(mut view) = region.view {
                if is_own {
                    view.cover();
                }
                memories.push((id, view.memory));
            }
        }
        if is_own {
            memories.extend(self.take_live_memory().map(|memory| (LENGTHS, memory)));
            self.medium.unlock();
        }
        memories
    }
}
