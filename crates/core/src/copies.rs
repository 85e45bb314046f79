//! Which private copies are dropped after a commit, and which are kept.

use crate::capture::InFlight;
use crate::format::PAGE;
use crate::format::directory::RegionId;
use crate::medium::{Medium, Memory, PAGE_BYTES};
use crate::planted::{Bug, planted};
use crate::region::in_memory;
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};

/// A commit of at most so many pages keeps their copies. The next commit often changes the same
/// ones (the last page of each column), and a copy costs a fault to make and a call to drop: 12 of
/// 25 microseconds for a row of four columns.
const KEPT_OF_SMALL: usize = 16;

/// A larger one keeps those that the commit before changed too, if it has at most so many: a copy
/// that is kept costs its memory, here 16 MiB, and a comparison in the next commit.
const KEPT_OF_LARGE: usize = 4096;

/// Copies: region, and offset of the system's page.
pub(crate) type Kept = BTreeSet<(RegionId, u64)>;

impl<M: Medium> Store<M> {
    /// Drops the copies of a settled commit, for the file shows the same now, or keeps them for
    /// the next one. A page that changed since its capture stays a copy in any case.
    pub(crate) fn release_copies(&mut self, in_flight: &InFlight<M::Memory>) {
        if self.committer.is_poisoned() {
            return;
        }
        let system_page = self.medium.system_page_bytes() as u64;
        let pages =
            in_flight.images.iter().map(|image| (image.region, image.at - image.at % system_page));
        let mut pages: Kept = pages.collect();
        // Where the tail is private its pages are copies too.
        for run in in_flight.tail.iter().filter(|_| !self.medium.keeps_allocation()) {
            let starts = (run.at..run.at + run.pages * PAGE).step_by(PAGE_BYTES);
            pages.extend(starts.map(|at| (run.region, at - at % system_page)));
        }
        if planted(Bug::DropWithoutCompare) {
            self.drop_equal_copies(&pages);
            return;
        }
        let is_small = pages.len() <= KEPT_OF_SMALL;
        let again = if is_small { pages.clone() } else { &pages & &self.changed_before };
        let older: Kept = &self.kept - &pages;
        if is_small && older.len() + pages.len() <= KEPT_OF_SMALL {
            self.kept.extend(again);
        } else {
            self.drop_equal_copies(&(&older | &(&pages - &again)));
            self.kept = again;
        }
        self.changed_before = if pages.len() <= KEPT_OF_LARGE { pages } else { Kept::new() };
    }

    fn drop_equal_copies(&mut self, pages: &Kept) {
        let system_page = self.medium.system_page_bytes() as u64;
        let mut equal: BTreeMap<RegionId, Vec<usize>> = BTreeMap::new();
        for (id, start) in pages {
            let parts = (*start..start + system_page).step_by(PAGE_BYTES);
            let mut known = parts.clone();
            if planted(Bug::DropWithoutCompare) || known.all(|at| self.equals_file(*id, at)) {
                equal.entry(*id).or_default().extend(parts.map(in_memory));
            }
        }
        let mut has_failed = false;
        for (id, parts) in equal {
            if let Some(view) = self.regions.get_mut(&id).and_then(|region| region.view.as_mut()) {
                // A copy that stays is only memory: it equals the file.
                has_failed |= view.memory.drop_copies(&parts).is_err();
            }
        }
        if has_failed {
            self.poison_if_damaged();
        }
    }

    /// Whether the file shows what memory shows, and will go on to: no later capture of the page
    /// is on its way there.
    fn equals_file(&self, id: RegionId, at: u64) -> bool {
        let region = self.regions.get(&id);
        let Some(view) = region.and_then(|region| region.view.as_ref()) else { return false };
        if at + PAGE > view.private_bytes {
            return false;
        }
        let is_frozen = |later: &InFlight<_>| later.image_of(id, at).is_some();
        let (mut one, mut other) = ([0; PAGE_BYTES], [0; PAGE_BYTES]);
        !self.in_flight.iter().any(is_frozen)
            && view.memory.page(in_memory(at), &mut one)
                == view.memory.file_page(in_memory(at), &mut other)
    }
}
