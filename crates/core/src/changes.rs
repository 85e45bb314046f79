//! Step 1 of a commit: what differs from the newest capture.

use crate::error::{Error, Result};
use crate::format::PAGE;
use crate::format::directory::RegionId;
use crate::format::record::differing_granules;
use crate::medium::{Medium, Memory, PAGE_BYTES, Page};
use crate::planted::{Bug, planted};
use crate::region::{Region, in_memory, place};
use crate::store::Store;

/// A page of a region that differs from what was captured last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChangedPage {
    pub(crate) region: RegionId,
    pub(crate) at: u64,
    pub(crate) page: u64,
    pub(crate) bitmap: u64,
}

/// Pages of a region behind everything that was ever captured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TailRun {
    pub(crate) region: RegionId,
    pub(crate) at: u64,
    pub(crate) page: u64,
    pub(crate) pages: u64,
}

/// All that differs from the newest capture.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Ascending by region and place.
    pub(crate) images: Vec<ChangedPage>,
    pub(crate) runs: Vec<TailRun>,
    pub(crate) lengths: Vec<(RegionId, u64)>,
    pub(crate) is_structural: bool,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_empty()
            && self.runs.is_empty()
            && self.lengths.is_empty()
            && !self.is_structural
    }
}

impl<M: Medium> Store<M> {
    /// Step 1: everything that differs from the newest capture.
    pub(crate) fn find_changes(&self) -> Result<Changes> {
        let mut changes =
            Changes { is_structural: self.has_structural_changes, ..Changes::default() };
        for (id, region) in &self.regions {
            if region.length != region.captured_length {
                changes.lengths.push((*id, region.length));
            }
            // A live store's pages are in the file already.
            if region.view.is_some() && !self.is_live() {
                self.find_changed_pages(*id, region, &mut changes)?;
            }
        }
        Ok(changes)
    }

    fn find_changed_pages(
        &self,
        id: RegionId,
        region: &Region<M::Memory>,
        changes: &mut Changes,
    ) -> Result<()> {
        let Some(view) = &region.view else {
            return Ok(());
        };
        let entry = &self.current.regions[&id];
        let used = (region.length * entry.width()).next_multiple_of(PAGE);
        // Where blocks are not promised the tail is private too, and yet written directly.
        let is_tail_private = !self.medium.keeps_allocation();
        let searched = if is_tail_private { region.direct_from } else { view.private_bytes };
        let mut copies = Vec::new();
        let until = in_memory(searched.min(view.private_bytes));
        view.memory
            .find_copies(0, until, &mut copies)
            .map_err(|error| Error::from_io(&error, "ioctl", "cannot search for changed pages"))?;
        self.add_pages_in_flight(id, &mut copies);
        let mut tail_copies = Vec::new();
        let (mut one, mut other) = ([0; PAGE_BYTES], [0; PAGE_BYTES]);
        for at in copies {
            let offset = at as u64;
            if offset >= used {
                continue;
            }
            if offset >= region.direct_from {
                tail_copies.push(offset);
            }
            let Some((file_offset, _)) = place(entry, offset) else {
                continue;
            };
            let page = file_offset / PAGE;
            let now = view.memory.page(at, &mut one);
            let bitmap = match self.captured_page(id, offset) {
                Some(captured) => differing_granules(now, captured),
                None => differing_granules(now, view.memory.file_page(at, &mut other)),
            };
            // A page that no commit holds yet is new to the log even where it reads as before.
            if bitmap != 0 || offset >= region.direct_from {
                changes.images.push(ChangedPage { region: id, at: offset, page, bitmap });
            }
        }
        let mut tail = region.direct_from;
        for copy in tail_copies.into_iter().chain([used]) {
            while tail < copy.min(used) {
                let Some((file_offset, left)) = place(entry, tail) else {
                    break;
                };
                let bytes = left.min(copy - tail);
                let run =
                    TailRun { region: id, at: tail, page: file_offset / PAGE, pages: bytes / PAGE };
                changes.runs.push(run);
                tail += bytes;
            }
            tail = tail.max(copy + PAGE);
        }
        Ok(())
    }

    /// A page in flight may equal the file by chance while its older capture is still on its way
    /// there: a search by comparison would miss it.
    fn add_pages_in_flight(&self, id: RegionId, copies: &mut Vec<usize>) {
        let found = copies.len();
        for in_flight in &self.in_flight {
            let of_region = in_flight.images.iter().filter(|image| image.region == id);
            copies.extend(of_region.map(|image| in_memory(image.at)));
        }
        if copies.len() > found {
            copies.sort_unstable();
            copies.dedup();
        }
    }

    /// The newest content of a page that is captured but not yet settled.
    fn captured_page(&self, id: RegionId, at: u64) -> Option<&Page> {
        if planted(Bug::DiffAgainstFile) {
            return None;
        }
        self.in_flight.iter().rev().find_map(|in_flight| {
            let index = in_flight.image_of(id, at)?;
            let write = in_flight.flight.write.as_ref()?;
            Some(write.content(write.homes[index]))
        })
    }
}
