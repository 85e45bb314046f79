//! Writing the checksum table. It is not logged, so all writes of it go this way: whole sectors,
//! only those that get an entry, under the committer's lock or before there is one. What a power cut
//! tears is then a sector of which the log names a page, or of an extent that no header refers to.

use crate::checkpoint::fill_with_zeros;
use crate::error::{Error, Result};
use crate::format::checksum;
use crate::format::table::{SECTOR_BYTES, is_whole, place, seal, sector_of, set_entry};
use crate::format::{Extent, UNIT_BYTES};
use crate::medium::Medium;
use crate::planted::{Bug, planted};
use crate::recovery::Recovered;
use crate::store::Store;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Sectors that are read and written at once at most.
const SECTORS_AT_ONCE: u64 = 1024;

/// Entries that the checksum table is to get.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    /// The table's extents.
    pub(crate) table: Vec<Extent>,
    /// Page and checksum, ascending by page.
    pub(crate) sums: Vec<(u64, u64)>,
}

impl Entries {
    /// Brings them into the table. A sector that was torn begins anew: what else it said is unknown.
    pub(crate) fn write<M: Medium>(&self, medium: &M) -> io::Result<()> {
        let mut sums = self.sums.iter().peekable();
        let mut bytes = Vec::new();
        while let Some((page, _)) = sums.peek() {
            let first = sector_of(*page);
            let Some(extent) = place(&self.table, first) else { return Ok(()) };
            let end = first + (extent.bytes / SECTOR_BYTES as u64).min(SECTORS_AT_ONCE);
            let mut next = first;
            // Only sectors that get an entry: any other must stay as it is.
            let batch: Vec<&(u64, u64)> = std::iter::from_fn(|| {
                let entry = sums.next_if(|(page, _)| sector_of(*page) <= next.min(end - 1))?;
                next = sector_of(entry.0) + 1;
                Some(entry)
            })
            .collect();
            let count = usize::try_from(next - first).expect("a few sectors");
            bytes.clear();
            bytes.resize(count * SECTOR_BYTES, 0);
            medium.read(extent.offset, &mut bytes)?;
            for sector in bytes.chunks_exact_mut(SECTOR_BYTES) {
                if !is_whole(sector) && !planted(Bug::TornSectorTrusted) {
                    sector.fill(0);
                }
            }
            for (page, sum) in batch {
                let at = usize::try_from(sector_of(*page) - first).expect("a few sectors");
                set_entry(&mut bytes[at * SECTOR_BYTES..][..SECTOR_BYTES], *page, *sum);
            }
            bytes.chunks_exact_mut(SECTOR_BYTES).for_each(seal);
            medium.write(extent.offset, &bytes)?;
        }
        Ok(())
    }
}

/// Says of the pages of a new part of the table that nothing is known of them: its place may have
/// been another's.
pub(crate) fn clear<M: Medium>(medium: &M, part: Extent) -> io::Result<()> {
    if planted(Bug::TableNotCleared) { Ok(()) } else { fill_with_zeros(medium, part) }
}

impl<M: Medium> Store<M> {
    /// Entries for the table as it is now.
    pub(crate) fn entries(&self, mut sums: Vec<(u64, u64)>) -> Entries {
        if sums.is_empty() {
            return Entries::default();
        }
        sums.sort_unstable();
        Entries { table: self.current.checksums.clone(), sums }
    }

    /// Takes room for more of the table, and clears it before anything refers to it.
    pub(crate) fn allocate_table(&mut self, bytes: u64) -> Result<Extent> {
        let table = self.allocate(bytes.next_multiple_of(UNIT_BYTES), None)?;
        clear(&*self.medium, table).map_err(|error| {
            self.space.give_back(table);
            let attempt = "cannot write checksums; nothing was changed";
            Error::from_io(&error, "pwrite", attempt)
        })?;
        Ok(table)
    }

    /// Takes a table in which nothing is known, in place of the one that there is, and makes it the
    /// base of an empty log. Not in its place: a sector torn meanwhile would be one that no log
    /// names. Nothing may be in flight or changed.
    pub(crate) fn forget_checksums(&mut self) -> Result<()> {
        let bytes = self.current.checksums.iter().map(|extent| extent.bytes).sum();
        let table = self.allocate_table(bytes)?;
        let former = std::mem::replace(&mut self.current.checksums, vec![table]);
        self.captured = Arc::new(self.current.clone());
        let unwritten = std::mem::take(&mut self.unwritten_checksums);
        let ticket = self.queue_checkpoint(vec![table], former.clone());
        let result = ticket.and_then(|ticket| self.committer.complete(ticket));
        if let Err(error) = result {
            self.current.checksums = former;
            self.settle();
            self.begin_anew();
            self.unwritten_checksums = unwritten;
            return Err(error);
        }
        self.settle();
        self.has_new_extents = false;
        Ok(())
    }
}

impl Recovered {
    /// Everything of the table that a cut may have torn: the sectors with a page that the log names,
    /// and what came to it since the header. An entry is only ever what a commit says.
    pub(crate) fn repair_table<M: Medium>(&self, medium: &M) -> io::Result<()> {
        let table = self.structure.checksums.clone();
        for part in table.iter().filter(|part| !self.known_table.contains(part)) {
            if !planted(Bug::TableNotClearedAgain) {
                clear(medium, *part)?;
            }
        }
        Entries { table, sums: self.newest_sums() }.write(medium)
    }

    /// The checksums of all pages that the log names, the newest of each.
    pub(crate) fn newest_sums(&self) -> Vec<(u64, u64)> {
        let mut newest = BTreeMap::new();
        for run in &self.runs {
            newest.extend((run.page..).zip(run.checksums.iter().copied()));
        }
        newest.extend(self.pages.iter().map(|(page, content)| (*page, checksum(&content[..]))));
        newest.into_iter().collect()
    }
}
