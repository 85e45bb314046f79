//! Every committed page against its checksum: the one that the log has, else the table's.

use crate::error::Result;
use crate::examine::Known;
use crate::format::directory::{Entry, RegionId};
use crate::format::table::{SECTOR_BYTES, SECTOR_PAGES, is_whole, sector_of};
use crate::format::{PAGE, checksum};
use crate::found::cannot_read;
use crate::medium::{Medium, PAGE_BYTES};
use crate::page_sums::{PageSums, read_table};
use crate::recovery::Recovered;
use crate::region::pieces;
use crate::report::{Place, Verified};
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

/// Pages that are read at once at most.
const PAGES_AT_ONCE: u64 = 4 * SECTOR_PAGES;

/// Checks the checksum table, then the pages of all regions.
pub(crate) fn examine_pages<M: Medium>(
    medium: &M,
    found: &Recovered,
    known: &Known,
    report: &mut Verified,
) -> Result<()> {
    let sums = PageSums::of(medium, found);
    let pages = Pages { medium, found, sums, is_own: known.is_own() };
    pages.check_table(report)?;
    for (id, entry) in &found.structure.regions {
        let length = found.lengths.get(id).copied().unwrap_or(0);
        pages.check_region(*id, entry, length, report)?;
    }
    Ok(())
}

struct Pages<'a, M> {
    medium: &'a M,
    found: &'a Recovered,
    sums: PageSums<'a, M>,
    /// All that was committed is home. Else what the log names may not be, or be torn.
    is_own: bool,
}

impl<M: Medium> Pages<'_, M> {
    fn check_table(&self, report: &mut Verified) -> Result<()> {
        let in_doubt: BTreeSet<u64> = self.sums.in_log().map(sector_of).collect();
        let mut first = 0;
        for part in &self.found.structure.checksums {
            let sectors = part.bytes / SECTOR_BYTES as u64;
            let is_in_doubt = !self.is_own && !self.found.known_table.contains(part);
            let step = 1024;
            for from in (0..sectors).step_by(step) {
                let count = (sectors - from).min(step as u64);
                let bytes =
                    read_table(self.medium, part.offset + from * SECTOR_BYTES as u64, count)?;
                for (sector, content) in (first + from..).zip(bytes.chunks_exact(SECTOR_BYTES)) {
                    let may_be_torn = is_in_doubt || !self.is_own && in_doubt.contains(&sector);
                    if !may_be_torn && !is_whole(content) {
                        report.add(Place::ChecksumTable, torn(sector));
                    }
                }
                report.bytes_checked += count * SECTOR_BYTES as u64;
            }
            first += sectors;
        }
        Ok(())
    }

    fn check_region(
        &self,
        id: RegionId,
        entry: &Entry,
        length: u64,
        report: &mut Verified,
    ) -> Result<()> {
        let used = length * entry.width();
        let mut damage: Option<(Range<u64>, String)> = None;
        let tell = |damage: &mut Option<(Range<u64>, String)>, report: &mut Verified| {
            let Some((bytes, message)) = damage.take() else { return };
            let elements = bytes.start / entry.width()..bytes.end.min(used).div_ceil(entry.width());
            report.add(Place::Region { id, name: entry.name.clone(), elements }, message);
        };
        for (at, extent) in pieces(entry, 0, used.next_multiple_of(PAGE)) {
            let pages = extent.offset / PAGE..extent.end() / PAGE;
            let mut first = pages.start;
            while first < pages.end {
                let count = (pages.end - first).min(PAGES_AT_ONCE);
                let expected = self.expected(first, count, report)?;
                let wrong = self.wrong_pages(first, &expected)?;
                for (page, message) in wrong {
                    let from = at + (page - pages.start) * PAGE;
                    match &mut damage {
                        Some((bytes, told)) if bytes.end == from && *told == message => {
                            bytes.end += PAGE;
                        }
                        _ => {
                            tell(&mut damage, report);
                            damage = Some((from..from + PAGE, message));
                        }
                    }
                }
                first += count;
            }
        }
        tell(&mut damage, report);
        Ok(())
    }

    /// The checksums that pages must have. `None`: nothing is to be compared.
    fn expected(&self, first: u64, count: u64, report: &mut Verified) -> Result<Vec<Option<u64>>> {
        let mut expected = self.sums.expected(first, count)?;
        for (page, sum) in (first..).zip(&mut expected) {
            if sum.is_some() {
                report.bytes_checked += PAGE;
            } else {
                report.bytes_unknown += PAGE;
            }
            let is_in_log = !self.is_own && self.found.pages.contains_key(&page);
            if is_in_log {
                *sum = None;
            }
        }
        Ok(expected)
    }

    /// Those of consecutive pages that are not as they must be, and what is wrong with each.
    fn wrong_pages(&self, first: u64, expected: &[Option<u64>]) -> Result<Vec<(u64, String)>> {
        if expected.iter().all(Option::is_none) {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; expected.len() * PAGE_BYTES];
        let mut wrong = Vec::new();
        match self.medium.read(first * PAGE, &mut bytes) {
            Ok(count) if count == bytes.len() => {
                let pages = bytes.chunks_exact(PAGE_BYTES).zip(expected);
                for (page, (content, sum)) in (first..).zip(pages) {
                    if sum.is_some_and(|sum| checksum(content) != sum) {
                        wrong.push((page, CHANGED.to_owned()));
                    }
                }
            }
            // One page that cannot be read is not all of them.
            _ if expected.len() > 1 => {
                for (page, sum) in (first..).zip(expected) {
                    wrong.extend(self.wrong_pages(page, &[*sum])?);
                }
            }
            Ok(_) => wrong.push((first, "the file ends before them".to_owned())),
            Err(error) if is_of_the_disk(&error) => {
                wrong.push((first, format!("the disk cannot read them: {error}")));
            }
            Err(error) => return Err(cannot_read(&error)),
        }
        Ok(wrong)
    }
}

const CHANGED: &str = "they are not what was committed: their checksum is another";

fn torn(sector: u64) -> String {
    let first = sector * SECTOR_PAGES;
    format!(
        "it is not what was written, for pages {first} to {} of the file: these cannot be checked",
        first + SECTOR_PAGES - 1
    )
}

/// EIO: what a bad sector is told by.
fn is_of_the_disk(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EIO)
}
