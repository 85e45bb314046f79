//! The first half of a commit: what is done to memory, in the call, on the owner's thread.
//!
//! The numbers are the steps of `docs/atomic-commit.md`. Steps 4 and 5 are in `commit`.

use crate::changes::{ChangedPage, Changes, TailRun};
use crate::checkpoint::{PlannedCheckpoint, too_large};
use crate::commit::{Flight, Home, Write};
use crate::error::{Error, Result};
use crate::format::directory::{Lengths, RegionId, Structure};
use crate::format::record::{self, RecordBuilder, Run, WHOLE_PAGE, record_bytes};
use crate::format::{Extent, PAGE, RECORD_BYTES_MAX, checksum};
use crate::medium::{Medium, Memory, PAGE_BYTES, Role};
use crate::planted::{Bug, planted};
use crate::region::{Dropped, Region, in_memory};
use crate::store::Store;
use std::sync::Arc;

/// A commit under way, with what only the owner's thread needs.
#[derive(Debug)]
pub(crate) struct InFlight<A> {
    pub(crate) flight: Arc<Flight>,
    pub(crate) structure: Arc<Structure>,
    pub(crate) lengths: Vec<(RegionId, u64)>,
    /// Where each region's uncaptured pages begin after this commit.
    pub(crate) direct_from: Vec<(RegionId, u64)>,
    /// The pages that it captured, by region and place, in the order of its home writes.
    pub(crate) images: Vec<ChangedPage>,
    /// The directly written pages.
    pub(crate) tail: Vec<TailRun>,
    /// Checksums of the imaged pages: table entries that the next checkpoint writes.
    pub(crate) checksums: Vec<(u64, u64)>,
    /// Their extents are free once this is durable and a later checkpoint has forgotten the log.
    pub(crate) dropped: Vec<Dropped<A>>,
    /// So are these, which regions gave back.
    pub(crate) cut: Vec<Extent>,
    /// The log and directory extents that its checkpoint took, and those it replaced.
    pub(crate) taken: Vec<Extent>,
    pub(crate) replaced: Vec<Extent>,
}

impl<A> InFlight<A> {
    /// A flight that changes nothing in memory.
    pub(crate) fn new(flight: Arc<Flight>, structure: Arc<Structure>) -> Self {
        Self {
            flight,
            structure,
            lengths: Vec::new(),
            direct_from: Vec::new(),
            images: Vec::new(),
            tail: Vec::new(),
            checksums: Vec::new(),
            dropped: Vec::new(),
            cut: Vec::new(),
            taken: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Which of its images is that of a region's page, if it captured the page.
    pub(crate) fn image_of(&self, region: RegionId, at: u64) -> Option<usize> {
        self.images.binary_search_by_key(&(region, at), |image| (image.region, image.at)).ok()
    }
}

impl<M: Medium> Store<M> {
    /// Steps 1 to 3. Gives the ticket, or `None` when nothing changed.
    pub(crate) fn capture(&mut self) -> Result<Option<u64>> {
        self.take_own_lengths();
        let changes = self.find_changes()?;
        if changes.is_empty() {
            // What was changed in place in a live store is not known: it is synced in any case.
            return Ok(self.is_live().then(|| self.launch_sync()));
        }
        // Step 2: does the record fit?
        let carries_directory = changes.is_structural || self.has_new_extents;
        let directory = if carries_directory {
            self.current.encode_checked(&self.lengths(|region| region.length))?
        } else {
            Vec::new()
        };
        let lengths = if carries_directory { &[][..] } else { &changes.lengths[..] };
        let bytes_with = |bitmap: &dyn Fn(&ChangedPage) -> u64| {
            record_bytes(
                directory.len(),
                lengths.len(),
                changes.runs.iter().map(|run| run.pages),
                changes.images.iter().map(bitmap),
            )
        };
        let bytes = bytes_with(&|changed| self.bitmap_to_record(changed));
        if bytes > RECORD_BYTES_MAX {
            return Err(too_large(bytes));
        }
        let mut planned = PlannedCheckpoint::default();
        if self.wants_checkpoint || !record::fits(self.plan.log, self.plan.head, bytes) {
            planned = self.plan_checkpoint(bytes_with(&|_| WHOLE_PAGE))?;
        }
        // Step 3: the tail belongs to the commit from here on.
        let runs = match self.take_tail(&changes) {
            Ok(taken) => taken,
            Err(error) => {
                self.poison_if_damaged();
                self.give_up(planned);
                return Err(error);
            }
        };
        Ok(Some(self.launch(changes, &directory, &runs, planned)))
    }

    /// All granules the first time since the checkpoint, for the page at home may be torn then.
    fn bitmap_to_record(&self, changed: &ChangedPage) -> u64 {
        let is_imaged = self.imaged.contains(&changed.page);
        if is_imaged || planted(Bug::GranulesWithoutFullImage) {
            changed.bitmap
        } else {
            WHOLE_PAGE
        }
    }

    /// Hashes the directly written pages, and makes them private. Where the tail is private
    /// already, writes them to their place first.
    fn take_tail(&mut self, changes: &Changes) -> Result<Vec<Run>> {
        let keeps_allocation = self.medium.keeps_allocation();
        let mut runs = Vec::with_capacity(changes.runs.len());
        let mut scratch = [0; PAGE_BYTES];
        for run in &changes.runs {
            let region = &self.regions[&run.region];
            let Some(view) = &region.view else { continue };
            let mut checksums = Vec::with_capacity(in_memory(run.pages));
            for index in 0..run.pages {
                let page = view.memory.page(in_memory(run.at + index * PAGE), &mut scratch);
                checksums.push(checksum(page));
                if !keeps_allocation {
                    let home = (run.page + index) * PAGE;
                    self.medium.write(home, page).map_err(|error| {
                        let attempt = "cannot write new rows; nothing was changed";
                        Error::from_io(&error, "pwrite", attempt)
                    })?;
                }
            }
            runs.push(Run { page: run.page, checksums });
        }
        if keeps_allocation && !self.is_live() {
            let system_page = self.medium.system_page_bytes() as u64;
            for (id, region) in &mut self.regions {
                let entry = &self.current.regions[id];
                let used = (region.length * entry.width()).next_multiple_of(system_page);
                if let Some(view) = &mut region.view {
                    let used = used.min(view.mapped_bytes);
                    if used > view.private_bytes {
                        view.make_private(entry, used)?;
                    } else if planted(Bug::BoundaryRetreats) && used < view.private_bytes {
                        let end = view.private_bytes;
                        view.map_role(entry, used, end, Role::Shared)?;
                        view.private_bytes = used;
                        region.direct_from = region.direct_from.min(used);
                    }
                }
            }
        }
        Ok(runs)
    }

    /// Queues a sync of what a live store has in the file.
    pub(crate) fn launch_sync(&mut self) -> u64 {
        let flight = self.queue(None, true, None);
        let ticket = flight.ticket;
        self.in_flight.push_back(InFlight::new(flight, Arc::clone(&self.captured)));
        ticket
    }

    /// Builds the record, queues it, and makes it what the next capture builds on.
    fn launch(
        &mut self,
        changes: Changes,
        directory: &[u8],
        runs: &[Run],
        planned: PlannedCheckpoint,
    ) -> u64 {
        let lengths = if directory.is_empty() { &changes.lengths[..] } else { &[] };
        let images: Vec<(u64, u64)> = changes
            .images
            .iter()
            .map(|changed| (changed.page, self.bitmap_to_record(changed)))
            .collect();
        let commit = self.plan.commit + 1;
        let record = RecordBuilder::new(
            (self.plan.epoch, self.plan.salt),
            commit,
            directory,
            lengths,
            runs,
            &images,
        );
        let mut write = Write {
            commit,
            record: Vec::new(),
            offset: self.plan.log.offset + self.plan.head,
            needs_full_sync: !runs.is_empty() || !directory.is_empty(),
            homes: Vec::with_capacity(images.len()),
            pages: Vec::new(),
            checksums: self.entries(run_sums(runs)),
        };
        let checksums = self.freeze_pages(&changes.images, &images, record, &mut write);

        self.plan.commit = commit;
        self.plan.head += write.record.len() as u64;
        self.imaged.extend(images.iter().map(|(page, _)| *page));
        if !directory.is_empty() {
            self.captured = Arc::new(self.current.clone());
            self.has_structural_changes = false;
            self.has_new_extents = false;
        }
        let direct_from = self.advance_captured();
        let dropped = std::mem::take(&mut self.dropped);
        let cut = std::mem::take(&mut self.cut);
        if planted(Bug::FreedExtentsReusedAtOnce) {
            let extents = dropped.iter().flat_map(|dropped| &dropped.entry.extents);
            extents.for_each(|extent| self.space.give_back(*extent));
        }
        let flight = self.queue(planned.checkpoint, self.is_live(), Some(write));
        let ticket = flight.ticket;
        self.in_flight.push_back(InFlight {
            lengths: changes.lengths,
            direct_from,
            images: changes.images,
            tail: changes.runs,
            checksums,
            dropped,
            cut,
            taken: planned.taken,
            replaced: planned.replaced,
            ..InFlight::new(flight, Arc::clone(&self.captured))
        });
        ticket
    }

    /// Copies the changed pages into the record, and what it holds only in part beside it. Gives
    /// the checksum of each.
    fn freeze_pages(
        &self,
        changed: &[ChangedPage],
        images: &[(u64, u64)],
        mut record: RecordBuilder,
        write: &mut Write,
    ) -> Vec<(u64, u64)> {
        let mut checksums = Vec::with_capacity(images.len());
        let mut scratch = [0; PAGE_BYTES];
        for (changed, (page, bitmap)) in changed.iter().zip(images) {
            let view = self.regions[&changed.region].view.as_ref();
            let memory = &view.expect("a changed page was found in memory").memory;
            let content = memory.page(in_memory(changed.at), &mut scratch);
            let at_in_record = record.put_image(*bitmap, content);
            let is_in_record = *bitmap == WHOLE_PAGE;
            let at = if is_in_record { at_in_record } else { write.pages.len() };
            if !is_in_record {
                write.pages.extend_from_slice(content);
            }
            write.homes.push(Home { page: *page, at, is_in_record, bitmap: changed.bitmap });
            checksums.push((*page, checksum(content)));
        }
        write.record = record.finish();
        checksums
    }

    /// What is captured now is what the next capture is compared with. Gives where the uncaptured
    /// pages of each region begin, where that moved.
    fn advance_captured(&mut self) -> Vec<(RegionId, u64)> {
        let mut moved = Vec::new();
        for (id, region) in &mut self.regions {
            let used = region.length * self.current.regions[id].width();
            region.captured_length = region.length;
            region.direct_from = region.direct_from.max(used.next_multiple_of(PAGE));
            if region.direct_from != region.durable_direct_from {
                moved.push((*id, region.direct_from));
            }
        }
        moved
    }

    /// Lengths of the regions of the newest capture or of now.
    pub(crate) fn lengths(&self, of: impl Fn(&Region<M::Memory>) -> u64) -> Lengths {
        let dropped = self.dropped.iter().map(|dropped| (dropped.id, of(&dropped.region)));
        self.regions.iter().map(|(id, region)| (*id, of(region))).chain(dropped).collect()
    }
}

/// The pages that runs name, each with its checksum.
fn run_sums(runs: &[Run]) -> Vec<(u64, u64)> {
    runs.iter().flat_map(|run| (run.page..).zip(run.checksums.iter().copied())).collect()
}
