//! After a commit: what memory owes to it, on the owner's thread.

use crate::capture::InFlight;
use crate::checkpoint::Plan;
use crate::format::directory::RegionId;
use crate::format::{PAGE, UNIT_BYTES};
use crate::medium::{Medium, Memory, PAGE_BYTES};
use crate::planted::{Bug, planted};
use crate::region::{Region, in_memory};
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// When dropped regions hold more than this part of the file, a checkpoint frees them early.
const FREED_PART_OF_FILE: u64 = 4;

impl<M: Medium> Store<M> {
    /// Takes note of the commits that were performed: drops the private copies that now equal the
    /// file, and makes what they froze the last commit. To be called on the owner's thread after
    /// [`Committer::complete`](crate::Committer::complete), which tells a commit's error; calling it
    /// more often is harmless. What failed is pending again.
    pub fn settle(&mut self) {
        while let Some(outcome) =
            self.in_flight.front().and_then(|front| front.flight.outcome.get())
        {
            let has_failed = outcome.is_err();
            if has_failed {
                // Those behind it build on it: they fail too.
                self.committer.complete_all();
                self.settle_failed();
                break;
            }
            let Some(in_flight) = self.in_flight.pop_front() else {
                break;
            };
            self.settle_performed(in_flight);
        }
    }

    /// Waits for everything in flight and settles it.
    pub(crate) fn settle_all(&mut self) {
        self.committer.complete_all();
        self.settle();
    }

    fn settle_performed(&mut self, mut in_flight: InFlight<M::Memory>) {
        if in_flight.flight.checkpoint.is_some() {
            self.forget_log(&mut in_flight);
        }
        self.unwritten_checksums.extend(in_flight.checksums.iter().copied());
        self.write_home_from_memory_if_planted(&in_flight);
        self.release_copies(&in_flight);
        self.durable = Arc::clone(&in_flight.structure);
        for (id, length) in &in_flight.lengths {
            if let Some(region) = self.region_or_dropped(*id) {
                region.durable_length = *length;
            }
        }
        for (id, direct_from) in &in_flight.direct_from {
            if let Some(region) = self.region_or_dropped(*id) {
                region.durable_direct_from = *direct_from;
            }
        }
        if let Some(write) = &in_flight.flight.write {
            self.commit_id = write.commit;
        }
        for dropped in in_flight.dropped {
            let is_covered = self.retire(dropped.id, dropped.region);
            if is_covered && !planted(Bug::FreedExtentsReusedAtOnce) {
                self.awaiting_checkpoint.extend(dropped.entry.extents);
            }
        }
        self.awaiting_checkpoint.extend(in_flight.cut);
        let awaiting: u64 = self.awaiting_checkpoint.iter().map(|extent| extent.bytes).sum();
        if awaiting > (self.space.end() / FREED_PART_OF_FILE).max(16 * UNIT_BYTES) {
            self.wants_checkpoint = true;
        }
    }

    /// A checkpoint was made: nothing in the log refers to what was freed before it.
    fn forget_log(&mut self, in_flight: &mut InFlight<M::Memory>) {
        self.unwritten_checksums.clear();
        let freed = self.awaiting_checkpoint.drain(..).chain(in_flight.replaced.drain(..));
        for extent in freed {
            self.space.give_back(extent);
        }
        in_flight.taken.clear();
    }

    fn write_home_from_memory_if_planted(&self, in_flight: &InFlight<M::Memory>) {
        let Some(write) = in_flight.flight.write.as_ref() else {
            return;
        };
        if !planted(Bug::HomeWritesFromMemory) {
            return;
        }
        let mut scratch = [0; PAGE_BYTES];
        for (home, image) in write.homes.iter().zip(&in_flight.images) {
            let region = self.regions.get(&image.region);
            if let Some(view) = region.and_then(|region| region.view.as_ref()) {
                let page = view.memory.page(in_memory(image.at), &mut scratch);
                let _ignored = self.medium.write(home.page * PAGE, page);
            }
        }
    }

    /// The memory of a region that is gone for good: no view of it may ever reach another column.
    /// False where it may still show the file: its extents stay taken until the store is opened anew.
    pub(crate) fn retire(&mut self, id: RegionId, region: Region<M::Memory>) -> bool {
        let Some(mut view) = region.view else { return true };
        let is_covered = view.cover();
        self.retired.push((id, view.memory));
        is_covered
    }

    fn region_or_dropped(&mut self, id: RegionId) -> Option<&mut Region<M::Memory>> {
        let later = self.in_flight.iter_mut().flat_map(|later| later.dropped.iter_mut());
        let mut dropped = self.dropped.iter_mut().chain(later).filter(|dropped| dropped.id == id);
        self.regions.get_mut(&id).or_else(|| dropped.next().map(|dropped| &mut dropped.region))
    }

    /// The front failed, and with it all that was captured on top of it. Everything is pending
    /// again, and the next capture takes nothing for granted.
    fn settle_failed(&mut self) {
        let mut dropped = Vec::new();
        for mut in_flight in std::mem::take(&mut self.in_flight) {
            if in_flight.flight.has_checkpointed.load(Ordering::Acquire) {
                self.forget_log(&mut in_flight);
            }
            // After a failed sync the header that refers to them may be durable all the same.
            if !self.committer.is_poisoned() {
                in_flight.taken.drain(..).for_each(|extent| self.space.give_back(extent));
            }
            dropped.append(&mut in_flight.dropped);
            self.cut.append(&mut in_flight.cut);
        }
        dropped.append(&mut self.dropped);
        self.dropped = dropped;
        self.begin_anew();
    }

    /// Sets all that a capture builds on back to the last settled commit.
    pub(crate) fn begin_anew(&mut self) {
        self.plan = Plan::of(&self.committer.take_note());
        self.captured = Arc::clone(&self.durable);
        self.imaged.clear();
        // A full page is due for every page in the log; the next capture writes it.
        self.has_structural_changes |= *self.captured != self.current;
        let dropped = self.dropped.iter_mut().map(|dropped| &mut dropped.region);
        for region in self.regions.values_mut().chain(dropped) {
            region.captured_length = region.durable_length;
            region.direct_from = region.durable_direct_from;
        }
    }
}
