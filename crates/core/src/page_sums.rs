//! What the pages of a file must be by their checksums: the log's, else the table's.

use crate::error::Result;
use crate::format::Extent;
use crate::format::table::{SECTOR_BYTES, entry, is_whole, place, sector_of};
use crate::found::read;
use crate::medium::Medium;
use crate::recovery::Recovered;
use crate::region::in_memory;
use std::collections::BTreeMap;

/// The checksums of the pages of a file at a commit.
#[derive(Debug)]
pub(crate) struct PageSums<'a, M> {
    medium: &'a M,
    table: &'a [Extent],
    /// Those that the log has. Newer than the table's.
    newest: BTreeMap<u64, u64>,
}

impl<'a, M: Medium> PageSums<'a, M> {
    pub(crate) fn of(medium: &'a M, found: &'a Recovered) -> Self {
        let newest = found.newest_sums().into_iter().collect();
        Self { medium, table: &found.structure.checksums, newest }
    }

    /// The pages that the log names.
    pub(crate) fn in_log(&self) -> impl Iterator<Item = u64> + '_ {
        self.newest.keys().copied()
    }

    /// The checksums that consecutive pages must have. `None`: nothing is known of a page.
    pub(crate) fn expected(&self, first: u64, count: u64) -> Result<Vec<Option<u64>>> {
        let mut expected = Vec::with_capacity(in_memory(count));
        let mut sector = None;
        for page in first..first + count {
            let number = sector_of(page);
            if sector.as_ref().is_none_or(|(known, _)| *known != number) {
                let at = place(self.table, number);
                let content = at.map(|Extent { offset, .. }| read_table(self.medium, offset, 1));
                let content = content.transpose()?.filter(|content| is_whole(content));
                sector = Some((number, content));
            }
            let in_table = || sector.as_ref()?.1.as_ref().and_then(|content| entry(content, page));
            expected.push(self.newest.get(&page).copied().or_else(in_table));
        }
        Ok(expected)
    }
}

/// Sectors of the table, with zeros behind the end of the file.
pub(crate) fn read_table<M: Medium>(medium: &M, offset: u64, sectors: u64) -> Result<Vec<u8>> {
    let bytes = in_memory(sectors) * SECTOR_BYTES;
    let mut found = read(medium, offset, bytes)?;
    found.resize(bytes, 0);
    Ok(found)
}
