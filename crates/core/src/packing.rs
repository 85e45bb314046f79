//! The strings of a column without the garbage between them: what the heap holds moves together, and
//! the views are told.
//!
//! Strings keep their order in the heap, and those that share bytes go on sharing them.

use crate::compacted::{Compacted, PAGES_AT_ONCE, Packed, damaged, write_region};
use crate::error::{Error, ErrorKind, Result};
use crate::format::directory::{Entry, RegionId};
use crate::format::{PAGE, checksum};
use crate::found::{corrupt, read};
use crate::kernels::text::{BLOCK_BYTES, astray, place, put_start};
use crate::medium::{Medium, PAGE_BYTES};
use crate::page_sums::PageSums;
use crate::planted::{Bug, planted};
use crate::region::{in_memory, pieces};

/// A region of a column, as it is committed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) id: RegionId,
    pub(crate) entry: &'a Entry,
    pub(crate) length: u64,
}

/// A stretch of a heap that strings refer to, and where it begins then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moved {
    from: u64,
    end: u64,
    to: u64,
}

/// Writes the strings of a column to their new places. False: the heap has no garbage, and nothing
/// was written.
pub(crate) fn pack<M: Medium>(
    file: &mut Compacted<M>,
    medium: &M,
    sums: &PageSums<'_, M>,
    views: Source<'_>,
    heap: Source<'_>,
) -> Result<bool> {
    let (moved, length) = find_moved(&mut Window::new(medium, sums, views), heap.length)?;
    if length == heap.length {
        return Ok(false);
    }
    let source = [views, heap].map(|it| (it.entry.clone(), it.length));
    let own = file.begin_packed(heap.id, heap.entry, length)?;
    let mut writer = Writer::new(&*file.target, own);
    let mut window = Window::new(medium, sums, heap);
    for Moved { from, end, to } in &moved {
        writer.skip_to(*to)?;
        let mut at = *from;
        while at < *end {
            let bytes = window.at(at)?;
            let bytes = &bytes[..bytes.len().min(in_memory(end - at))];
            writer.put(bytes)?;
            at += bytes.len() as u64;
        }
    }
    let written = writer.end()?;
    file.end_packed(heap.id, written, Packed { source: source.clone(), length });

    let own = file.begin_packed(views.id, views.entry, views.length * 16)?;
    let mut writer = Writer::new(&*file.target, own);
    let mut window = Window::new(medium, sums, views);
    let mut at = 0;
    while at < views.length * 16 {
        let mut bytes = window.at(at)?.to_vec();
        for view in bytes.as_chunks_mut().0 {
            let start = place(view).and_then(|place| place.start());
            if let Some(start) = start.filter(|_| !planted(Bug::ViewsNotMoved)) {
                put_start(view, new_start(&moved, start));
            }
        }
        writer.put(&bytes)?;
        at += bytes.len() as u64;
    }
    let written = writer.end()?;
    file.end_packed(views.id, written, Packed { source, length: views.length });
    Ok(true)
}

fn new_start(moved: &[Moved], start: u64) -> u64 {
    let index = moved.partition_point(|it| it.from <= start).saturating_sub(1);
    moved[index].to + (start - moved[index].from)
}

/// Which stretches of a heap strings refer to, ascending, and how long it is with these alone.
fn find_moved<M: Medium>(views: &mut Window<'_, M>, heap_bytes: u64) -> Result<(Vec<Moved>, u64)> {
    let mut stretches: Vec<Moved> = Vec::new();
    // In one block neighbours can move as one. Elsewhere a string may have to begin the next block.
    let joins = heap_bytes <= BLOCK_BYTES;
    let views_bytes = views.source.length * 16;
    let mut at = 0;
    while at < views_bytes {
        let bytes = views.at(at)?;
        for (row, view) in (at / 16..).zip(bytes.as_chunks().0) {
            let Some(place) = place(view) else { continue };
            let start = place.start();
            let end = start.map(|start| start + place.bytes as u64);
            let Some((from, end)) = start.zip(end.filter(|end| *end <= heap_bytes)) else {
                return Err(astray(in_memory(row), view, in_memory(heap_bytes)));
            };
            match stretches.last_mut() {
                Some(last) if joins && last.end == from => last.end = end,
                _ => {
                    stretches.try_reserve(1).map_err(|_| no_memory(stretches.len()))?;
                    stretches.push(Moved { from, end, to: 0 });
                }
            }
        }
        at += bytes.len() as u64;
    }
    if !stretches.is_sorted() {
        stretches.sort_unstable();
    }
    let mut moved: Vec<Moved> = Vec::new();
    for stretch in stretches {
        match moved.last_mut() {
            Some(last) if stretch.from < last.end + u64::from(joins) => {
                last.end = last.end.max(stretch.end);
            }
            _ => {
                moved.try_reserve(1).map_err(|_| no_memory(moved.len()))?;
                moved.push(stretch);
            }
        }
    }
    // Nothing moves up: a string that would cross into the next block came from there.
    let mut length = 0;
    for stretch in &mut moved {
        let bytes = stretch.end - stretch.from;
        let next = u64::next_multiple_of(length, BLOCK_BYTES);
        stretch.to = if length < next && length + bytes > next { next } else { length };
        length = stretch.to + bytes;
        if stretch.from / BLOCK_BYTES != (stretch.end - 1) / BLOCK_BYTES {
            return Err(corrupt("strings of a column share bytes across blocks of its heap"));
        }
    }
    Ok((moved, length))
}

fn no_memory(count: usize) -> Error {
    let message = format!("cannot remember more than {count} stretches of a heap: memory is short");
    Error::new(ErrorKind::Limit, message)
}

/// Reads a region from its start to its end, page by page compared with the checksums.
struct Window<'a, M> {
    medium: &'a M,
    sums: &'a PageSums<'a, M>,
    source: Source<'a>,
    /// The region's bytes from `start` on.
    start: u64,
    bytes: Vec<u8>,
}

impl<'a, M: Medium> Window<'a, M> {
    fn new(medium: &'a M, sums: &'a PageSums<'a, M>, source: Source<'a>) -> Self {
        Self { medium, sums, source, start: 0, bytes: Vec::new() }
    }

    /// Some of the region's bytes from `at` on, at least one: below its length.
    fn at(&mut self, at: u64) -> Result<&[u8]> {
        let unit = PAGES_AT_ONCE * PAGE;
        let used = self.source.length * self.source.entry.width();
        if at < self.start || at >= self.start + self.bytes.len() as u64 {
            self.start = at - at % unit;
            self.bytes.clear();
            let end = used.next_multiple_of(PAGE).min(self.start + unit);
            for (_, extent) in pieces(self.source.entry, self.start, end) {
                let pages = read(self.medium, extent.offset, in_memory(extent.bytes))?;
                let expected = self.sums.expected(extent.offset / PAGE, extent.bytes / PAGE)?;
                let mut pages_and_sums = pages.chunks(PAGE_BYTES).zip(&expected);
                let is_whole = pages.len() as u64 == extent.bytes
                    && pages_and_sums.all(|(page, sum)| sum.is_none_or(|it| it == checksum(page)));
                if !is_whole {
                    return Err(damaged(self.source.entry));
                }
                self.bytes.extend(pages);
            }
        }
        let end = in_memory(used.min(self.start + self.bytes.len() as u64) - self.start);
        Ok(&self.bytes[in_memory(at - self.start)..end])
    }
}

/// Writes a region from its start to its end, and tells the checksums of its pages.
struct Writer<'a, M> {
    target: &'a M,
    entry: Entry,
    /// Bytes that were written.
    done: u64,
    buffer: Vec<u8>,
    sums: Vec<u64>,
}

impl<'a, M: Medium> Writer<'a, M> {
    fn new(target: &'a M, entry: Entry) -> Self {
        Self { target, entry, done: 0, buffer: Vec::new(), sums: Vec::new() }
    }

    fn put(&mut self, mut bytes: &[u8]) -> Result<()> {
        let most = in_memory(PAGES_AT_ONCE * PAGE);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(most - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == most {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Puts zeros up to a byte of the region.
    fn skip_to(&mut self, at: u64) -> Result<()> {
        let zeros = [0; PAGE_BYTES];
        loop {
            let left = at - (self.done + self.buffer.len() as u64);
            if left == 0 {
                return Ok(());
            }
            self.put(&zeros[..in_memory(left.min(PAGE))])?;
        }
    }

    fn flush(&mut self) -> Result<()> {
        self.buffer.resize(self.buffer.len().next_multiple_of(PAGE_BYTES), 0);
        self.sums.extend(self.buffer.chunks(PAGE_BYTES).map(checksum));
        write_region(self.target, &self.entry, self.done, &self.buffer)?;
        self.done += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn end(mut self) -> Result<Vec<u64>> {
        self.flush()?;
        Ok(self.sums)
    }
}
