//! The file that a compaction writes: where each region lies in it, and which of its pages are as
//! the store has them.

use crate::checkpoint::fill_with_zeros;
use crate::checksums::Entries;
use crate::error::{Error, Result};
use crate::format::directory::{Entry, RegionId};
use crate::format::table::table_bytes_for;
use crate::format::{
    DIRECTORY_AREAS, Extent, FIRST_BYTES, FIRST_CHECKSUMS, FIRST_LOG, PAGE, UNIT_BYTES, checksum,
};
use crate::found::{corrupt, read};
use crate::fresh::Fresh;
use crate::medium::{Medium, PAGE_BYTES};
use crate::page_sums::PageSums;
use crate::recovery::Recovered;
use crate::region::{in_memory, pieces, place};
use crate::space::Space;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

/// Pages that are read and written at once.
pub(crate) const PAGES_AT_ONCE: u64 = 256;

/// A store under way to a file of its own.
#[derive(Debug)]
pub(crate) struct Compacted<M> {
    pub(crate) target: Arc<M>,
    space: Space,
    regions: BTreeMap<RegionId, Laid>,
}

/// A region in the new file.
#[derive(Debug, Default)]
struct Laid {
    extents: Vec<Extent>,
    /// The checksum of each page, as it was written.
    sums: Vec<u64>,
    content: Content,
}

/// What was written of a region.
#[derive(Debug, Default)]
enum Content {
    #[default]
    Nothing,
    /// The pages of a region that lay so.
    Pages(Entry),
    /// Strings, packed, of a column that was so.
    Packed(Packed),
}

/// A column of strings that was packed.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// Views and heap, each as it lay, and its elements.
    pub(crate) source: [(Entry, u64); 2],
    /// The elements that the region has now.
    pub(crate) length: u64,
}

impl Laid {
    /// Whether page `at` (a byte of the region) is the one at `source` in the store as it is now.
    fn has(&self, at: u64, source: u64, touched: &BTreeSet<u64>) -> bool {
        let Content::Pages(entry) = &self.content else { return false };
        at / PAGE < self.sums.len() as u64
            && place(entry, at).is_some_and(|(offset, _)| offset == source)
            && !touched.contains(&(source / PAGE))
    }

    fn put_sums(&mut self, at: u64, bytes: &[u8]) {
        let first = in_memory(at / PAGE);
        for (index, page) in (first..).zip(bytes.chunks(PAGE_BYTES)) {
            let sum = checksum(page);
            match self.sums.get_mut(index) {
                Some(known) => *known = sum,
                None => self.sums.push(sum),
            }
        }
    }
}

impl<M: Medium> Compacted<M> {
    /// Begins with an empty file: with room for what every store has.
    pub(crate) fn new(target: Arc<M>) -> Result<Self> {
        let begin = || {
            target.allocate(0, FIRST_BYTES)?;
            fill_with_zeros(&*target, Extent { offset: 0, bytes: FIRST_BYTES })
        };
        begin().map_err(|error| cannot_compact(&error))?;
        let space = Space::new(vec![FIRST_LOG, FIRST_CHECKSUMS], FIRST_LOG.offset);
        Ok(Self { target, space, regions: BTreeMap::new() })
    }

    fn allocate(&mut self, bytes: u64) -> Result<Extent> {
        if let Some(extent) = self.space.take(bytes, None) {
            return Ok(extent);
        }
        let allocated = self.target.allocate(self.space.end(), bytes);
        allocated.map_err(|error| cannot_compact(&error))?;
        Ok(self.space.take_at_end(bytes))
    }

    /// Gives a region room for `bytes`, and no more than whole units.
    fn fit(&mut self, id: RegionId, bytes: u64) -> Result<()> {
        let needed = bytes.next_multiple_of(UNIT_BYTES);
        let mut extents = std::mem::take(&mut self.regions.entry(id).or_default().extents);
        let mut has: u64 = extents.iter().map(|extent| extent.bytes).sum();
        while has > needed {
            let Some(last) = extents.last_mut() else { break };
            let less = last.bytes.min(has - needed);
            last.bytes -= less;
            has -= less;
            let free = Extent { offset: last.end(), bytes: less };
            if last.bytes == 0 {
                extents.pop();
            }
            self.space.give_back(free);
        }
        if has < needed {
            let more = self.allocate(needed - has)?;
            match extents.last_mut() {
                Some(last) if last.end() == more.offset => last.bytes += more.bytes,
                _ => extents.push(more),
            }
        }
        self.regions.entry(id).or_default().extents = extents;
        Ok(())
    }

    /// Copies those pages of a region that are not here as they are now.
    pub(crate) fn copy(
        &mut self,
        medium: &M,
        id: RegionId,
        entry: &Entry,
        length: u64,
        touched: &BTreeSet<u64>,
    ) -> Result<()> {
        let used = (length * entry.width()).next_multiple_of(PAGE);
        self.fit(id, used)?;
        let laid = self.regions.entry(id).or_default();
        if !matches!(laid.content, Content::Pages(_)) {
            laid.sums.clear();
        }
        laid.sums.truncate(in_memory(used / PAGE));
        let own = Entry { extents: laid.extents.clone(), ..entry.clone() };
        for (start, extent) in pieces(entry, 0, used) {
            let source = |at: u64| extent.offset + (at - start);
            let end = start + extent.bytes;
            let mut at = start;
            while at < end {
                if laid.has(at, source(at), touched) {
                    at += PAGE;
                    continue;
                }
                let most = end.min(at + PAGES_AT_ONCE * PAGE);
                let mut until = at + PAGE;
                while until < most && !laid.has(until, source(until), touched) {
                    until += PAGE;
                }
                let bytes = read(medium, source(at), in_memory(until - at))?;
                if bytes.len() as u64 != until - at {
                    return Err(corrupt("the file ends before what it should hold"));
                }
                write_region(&*self.target, &own, at, &bytes)?;
                laid.put_sums(at, &bytes);
                at = until;
            }
        }
        laid.content = Content::Pages(entry.clone());
        Ok(())
    }

    /// Whether a region holds the strings of a column that lies so and has not changed since.
    pub(crate) fn has_packed(&self, id: RegionId, source: &[(&Entry, u64); 2]) -> bool {
        let Some(Laid { content: Content::Packed(packed), .. }) = self.regions.get(&id) else {
            return false;
        };
        packed.source.iter().zip(source).all(|(was, is)| was.0 == *is.0 && was.1 == is.1)
    }

    /// Gives a region room for other content than it had.
    pub(crate) fn begin_packed(
        &mut self,
        id: RegionId,
        entry: &Entry,
        bytes: u64,
    ) -> Result<Entry> {
        let laid = self.regions.entry(id).or_default();
        laid.content = Content::Nothing;
        laid.sums.clear();
        self.fit(id, bytes)?;
        Ok(Entry { extents: self.regions[&id].extents.clone(), ..entry.clone() })
    }

    pub(crate) fn end_packed(&mut self, id: RegionId, sums: Vec<u64>, packed: Packed) {
        let laid = self.regions.entry(id).or_default();
        laid.sums = sums;
        laid.content = Content::Packed(packed);
    }

    /// Compares what was copied with what was committed, and writes everything that leads to it.
    /// Durable on return.
    ///
    /// # Errors
    /// `Corrupt` where a page is not what was committed; `NoSpace`, `Io`.
    pub(crate) fn finish(&mut self, medium: &M, found: &Recovered) -> Result<()> {
        let gone: Vec<RegionId> = self
            .regions
            .keys()
            .filter(|id| !found.structure.regions.contains_key(id))
            .copied()
            .collect();
        for id in gone {
            for extent in self.regions.remove(&id).map(|laid| laid.extents).unwrap_or_default() {
                self.space.give_back(extent);
            }
        }
        let sums = PageSums::of(medium, found);
        let mut structure = found.structure.clone();
        let mut lengths = found.lengths.clone();
        let mut known = Vec::new();
        for (id, entry) in &mut structure.regions {
            let laid = self.regions.get(id).ok_or_else(|| corrupt("a region was not copied"))?;
            let source = std::mem::replace(&mut entry.extents, laid.extents.clone());
            let source = Entry { extents: source, ..entry.clone() };
            match &laid.content {
                Content::Packed(packed) => {
                    lengths.insert(*id, packed.length);
                    known.extend(pages_of(entry).zip(&laid.sums).map(|(page, sum)| (page, *sum)));
                }
                _ => check_pages(&sums, &source, entry, &laid.sums, &mut known)?,
            }
        }
        structure.checksums = vec![FIRST_CHECKSUMS];
        let end = structure.regions.values().flat_map(|entry| &entry.extents);
        let end = end.map(|extent| extent.end()).max().unwrap_or(0);
        if end > structure.covered_bytes() {
            let more = (table_bytes_for(end) - FIRST_CHECKSUMS.bytes).next_multiple_of(UNIT_BYTES);
            let more = self.allocate(more)?;
            fill_with_zeros(&*self.target, more).map_err(|error| cannot_compact(&error))?;
            structure.checksums.push(more);
        }
        let directory = structure.encode(&lengths);
        let mut offset = DIRECTORY_AREAS[0].offset;
        if directory.len() as u64 > DIRECTORY_AREAS[0].bytes {
            offset = self.allocate((directory.len() as u64).next_multiple_of(UNIT_BYTES))?.offset;
        }
        known.sort_unstable();
        let write = || {
            Entries { table: structure.checksums.clone(), sums: known }.write(&*self.target)?;
            // As one that was not closed: who opens it after a kill must make sure of its name.
            Fresh { structure: &structure, commit: found.commit, is_open: true }.write(
                &*self.target,
                &directory,
                offset,
            )
        };
        write().map_err(|error| cannot_compact(&error))
    }
}

/// The pages of the file that a region has, from its start.
fn pages_of(entry: &Entry) -> impl Iterator<Item = u64> + '_ {
    entry.extents.iter().flat_map(|extent| extent.offset / PAGE..extent.end() / PAGE)
}

/// Compares the pages that were copied with the checksums that they must have, and gives these to
/// their new places. A page of which nothing is known stays one.
fn check_pages<M: Medium>(
    sums: &PageSums<'_, M>,
    source: &Entry,
    own: &Entry,
    copied: &[u64],
    known: &mut Vec<(u64, u64)>,
) -> Result<()> {
    let mut places = pages_of(own).zip(copied);
    for (_, extent) in pieces(source, 0, copied.len() as u64 * PAGE) {
        let (mut first, end) = (extent.offset / PAGE, extent.end() / PAGE);
        while first < end {
            let count = (end - first).min(PAGES_AT_ONCE);
            for (expected, (page, sum)) in sums.expected(first, count)?.into_iter().zip(&mut places)
            {
                match expected {
                    Some(expected) if expected != *sum => return Err(damaged(source)),
                    Some(_) => known.push((page, *sum)),
                    None => {}
                }
            }
            first += count;
        }
    }
    Ok(())
}

/// Writes bytes of a region from its byte `at` on.
pub(crate) fn write_region<M: Medium>(
    target: &M,
    entry: &Entry,
    at: u64,
    bytes: &[u8],
) -> Result<()> {
    for (from, extent) in pieces(entry, at, at + bytes.len() as u64) {
        let start = in_memory(from - at);
        let part = &bytes[start..start + in_memory(extent.bytes)];
        target.write(extent.offset, part).map_err(|error| cannot_compact(&error))?;
    }
    Ok(())
}

pub(crate) fn damaged(entry: &Entry) -> Error {
    corrupt(&format!(
        "pages of '{}' are not what was committed, as verify tells; nothing was changed",
        entry.name
    ))
}

pub(crate) fn cannot_compact(error: &io::Error) -> Error {
    let attempt = "cannot write the compacted file; nothing was changed, the store goes on";
    Error::from_io(error, "pwrite", attempt)
}
