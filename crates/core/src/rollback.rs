//! The opposite of a commit.

use crate::error::{Error, Result, poisoned};
use crate::format::directory::{Entry, RegionId};
use crate::medium::{Medium, Memory, PAGE_BYTES};
use crate::region::{Dropped, Region, View, in_memory};
use crate::store::Store;

impl<M: Medium> Store<M> {
    /// Takes back everything since the last commit: values, lengths, regions, metadata. Waits for
    /// commits in flight first and keeps them. Memory stays where it is: what lies behind the
    /// lengths is undefined, and is overwritten by what is added later.
    ///
    /// # Errors
    /// `Poisoned`; `Unsupported` in a live store; what the kernel says to the dropping of copies, and then the store is poisoned.
    pub fn rollback(&mut self) -> Result<()> {
        self.check_writable()?;
        self.check_not_live("roll back")?;
        self.settle_all();
        if self.committer.is_poisoned() {
            return Err(poisoned());
        }
        let created: Vec<RegionId> = self
            .regions
            .keys()
            .filter(|id| !self.durable.regions.contains_key(id))
            .copied()
            .collect();
        for id in created {
            let entry = self.current.regions.remove(&id);
            if let Some((entry, region)) = entry.zip(self.regions.remove(&id)) {
                self.forget(id, entry, region);
            }
        }
        for Dropped { id, entry, region } in std::mem::take(&mut self.dropped) {
            if self.durable.regions.contains_key(&id) {
                self.current.regions.insert(id, entry);
                self.regions.insert(id, region);
            } else {
                self.forget(id, entry, region);
            }
        }
        self.current.metadata.clone_from(&self.durable.metadata);
        self.current.data_version = self.durable.data_version;
        // What grew stays grown: older views show it. The next commit tells the file.
        self.has_structural_changes = false;
        self.has_new_extents = *self.durable != self.current;
        let result = self.restore_memory();
        if result.is_err() {
            self.committer.poison();
        }
        result
    }

    fn restore_memory(&mut self) -> Result<()> {
        let system_page = self.medium.system_page_bytes();
        for region in self.regions.values_mut() {
            (region.length, region.captured_length) =
                (region.durable_length, region.durable_length);
            region.direct_from = region.durable_direct_from;
            let Some(view) = &mut region.view else {
                continue;
            };
            let mut copies = Vec::new();
            let drop_copies = |view: &mut View<M::Memory>, copies: &mut Vec<usize>| {
                view.memory.find_copies(0, in_memory(view.private_bytes), copies)?;
                view.memory.drop_copies(&whole_system_pages(copies, system_page))
            };
            drop_copies(view, &mut copies).map_err(|error| {
                Error::from_io(&error, "madvise", "cannot take back changes; the store is poisoned")
            })?;
        }
        Ok(())
    }

    /// A region that no commit ever held. No log names its extents: they are free at once.
    fn forget(&mut self, id: RegionId, entry: Entry, region: Region<M::Memory>) {
        if self.retire(id, region) {
            entry.extents.into_iter().for_each(|extent| self.space.give_back(extent));
        }
    }
}

/// All parts of the machine's pages that the given pages (ascending) are parts of.
pub(crate) fn whole_system_pages(pages: &[usize], system_page: usize) -> Vec<usize> {
    let mut starts: Vec<usize> = pages.iter().map(|at| at - at % system_page).collect();
    starts.dedup();
    starts.into_iter().flat_map(|start| (start..start + system_page).step_by(PAGE_BYTES)).collect()
}
