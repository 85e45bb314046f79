//! What lies over the file in a reader's memory: the pages of the log that a killed writer left
//! unwritten, and whatever the program wrote. Both are private copies of pages, and go by being
//! dropped.

use crate::error::{Error, Result};
use crate::format::PAGE;
use crate::format::directory::{Entry, RegionId};
use crate::medium::{Medium, Memory, Page};
use crate::planted::{Bug, planted};
use crate::region::{View, in_memory, pieces};
use crate::rollback::whole_system_pages;
use crate::store::Store;
use std::collections::BTreeMap;
use std::io;

impl<M: Medium> Store<M> {
    /// Lays the pages of the log over the memory of a region, or of all.
    pub(crate) fn lay_pages(&mut self, only: Option<RegionId>) {
        let Some(reading) = &self.reading else { return };
        let pages = &reading.committed.pages;
        if pages.is_empty() || planted(Bug::ReaderWithoutLog) {
            return;
        }
        for (id, region) in &mut self.regions {
            let Some(view) = &mut region.view else { continue };
            if only.is_some_and(|only| only != *id) {
                continue;
            }
            for (at, content) in pages_of(&self.current.regions[id], pages) {
                view.memory.write(in_memory(at), &content[..]);
            }
        }
    }

    /// Takes the pages of the log away again. A search for copies may pass over those that equal the
    /// file by now, and they would stay when it changes.
    pub(crate) fn lift_pages(&mut self) -> Result<()> {
        let Some(reading) = &self.reading else { return Ok(()) };
        let system_page = self.medium.system_page_bytes();
        for (id, region) in &mut self.regions {
            let Some(view) = &mut region.view else { continue };
            let laid = pages_of(&self.current.regions[id], &reading.committed.pages);
            let mut laid: Vec<usize> = laid.map(|(at, _)| in_memory(at)).collect();
            laid.sort_unstable();
            view.drop_copies(&whole_system_pages(&laid, system_page))?;
        }
        Ok(())
    }

    /// Drops what this process wrote, everywhere.
    pub(crate) fn forget_copies(&mut self) -> Result<()> {
        if self.reading.as_ref().is_some_and(|reading| reading.shares) {
            return Ok(());
        }
        let system_page = self.medium.system_page_bytes();
        for view in self.regions.values_mut().filter_map(|region| region.view.as_mut()) {
            view.forget_copies(0, view.mapped_bytes, system_page)?;
        }
        self.lay_pages(None);
        Ok(())
    }
}

impl<A: Memory> View<A> {
    /// Drops what this process wrote to a part of the region.
    pub(crate) fn forget_copies(&mut self, from: u64, to: u64, system_page: usize) -> Result<()> {
        if from >= to {
            return Ok(());
        }
        let mut copies = Vec::new();
        let found = self.memory.find_copies(in_memory(from), in_memory(to - from), &mut copies);
        found.map_err(|error| cannot_show(&error))?;
        self.drop_copies(&whole_system_pages(&copies, system_page))
    }

    fn drop_copies(&mut self, pages: &[usize]) -> Result<()> {
        self.memory.drop_copies(pages).map_err(|error| cannot_show(&error))
    }
}

/// Those of the pages that are a region's, each with its place in it.
fn pages_of<'a>(
    entry: &'a Entry,
    pages: &'a BTreeMap<u64, Box<Page>>,
) -> impl Iterator<Item = (u64, &'a Page)> {
    pieces(entry, 0, entry.capacity_bytes()).into_iter().flat_map(move |(at, extent)| {
        let first = extent.offset / PAGE;
        let within = pages.range(first..extent.end() / PAGE);
        within.map(move |(page, content)| (at + (page - first) * PAGE, &**content))
    })
}

fn cannot_show(error: &io::Error) -> Error {
    Error::from_io(error, "madvise", "cannot show the file anew")
}
