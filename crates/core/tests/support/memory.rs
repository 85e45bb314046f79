//! Simulated address space: the memory of one region.
//!
//! Shared pages write to the cache of the disk at once. Private pages are copied at the first
//! write, in units of the system's page, and show the cache until then. Touching what is not
//! mapped, or the file behind its end, would be a signal in a real process: here it panics.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;

use stoa_core::{Memory, PAGE_BYTES, Page, Role};

use super::fault::{Failing, Operation};
use super::machine::{Machine, Search};
use super::simulated::Seat;
use super::state::{Shared, State};

/// One page of the system's size.
enum Slot {
    /// Reserved, not to be touched.
    None,
    Anonymous(Option<Box<[u8]>>),
    File {
        file_offset: u64,
        role: Role,
        /// The private copy, if it was written.
        copy: Option<Box<[u8]>>,
    },
}

/// The memory of one region.
pub(crate) struct SimulatedMemory {
    shared: Arc<Shared>,
    seat: Seat,
    /// Of which file.
    file: u64,
    number: u64,
    reserved_bytes: usize,
    page_bytes: usize,
    /// From the base on; what lies behind is not mapped.
    slots: Vec<Slot>,
    /// Somebody looked at it, and may have kept a view.
    is_seen: Cell<bool>,
    /// A failed call took away what showed the file.
    is_damaged: bool,
}

impl fmt::Debug for SimulatedMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatedMemory")
            .field("number", &self.number)
            .field("pages", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl SimulatedMemory {
    pub(crate) fn new(
        shared: Arc<Shared>,
        (seat, file): (Seat, u64),
        number: u64,
        reserved_bytes: usize,
        machine: &Machine,
    ) -> Self {
        let page_bytes = machine.system_page_bytes;
        assert!(reserved_bytes > 0, "a reservation of no bytes is refused by the kernel");
        Self {
            shared,
            seat,
            file,
            number,
            reserved_bytes,
            page_bytes,
            slots: Vec::new(),
            is_seen: Cell::new(false),
            is_damaged: false,
        }
    }

    /// Whether any of it still shows the file.
    pub(crate) fn shows_file(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot, Slot::File { .. }))
    }

    /// The pages of a stretch to be mapped anew, after the checks of the kernel.
    fn pages_to_map(&mut self, offset: usize, bytes: usize) -> std::ops::Range<usize> {
        let unit = self.page_bytes;
        assert!(
            offset.is_multiple_of(unit) && bytes.is_multiple_of(unit),
            "a mapping of {bytes} bytes at {offset} is not a multiple of the system's page {unit}"
        );
        assert!(
            offset + bytes <= self.reserved_bytes,
            "a mapping of {bytes} bytes at {offset} leaves the reservation of {}",
            self.reserved_bytes
        );
        let pages = offset / unit..(offset + bytes) / unit;
        if self.slots.len() < pages.end {
            self.slots.resize_with(pages.end, || Slot::None);
        }
        pages
    }

    /// Fails a mapping call if one is to fail now.
    fn fail(&mut self, operation: Operation, offset: usize, bytes: usize) -> io::Result<()> {
        let Some(failing) = self.shared.lock().call(self.seat, operation) else {
            return Ok(());
        };
        if failing == Failing::Lost {
            for index in self.pages_to_map(offset, bytes) {
                self.is_damaged |= matches!(self.slots[index], Slot::File { .. });
                self.set(index, Slot::Anonymous(None));
            }
        }
        Err(failing.error())
    }

    fn set(&mut self, index: usize, slot: Slot) {
        let old = std::mem::replace(&mut self.slots[index], slot);
        if self.seat == Seat::Reader {
            // What a reader shows, the writer shows too.
            return;
        }
        let mut state = self.shared.lock();
        if let Slot::File { file_offset, .. } = old {
            state.hide((self.file, file_offset), self.number);
        }
        if let Slot::File { file_offset, .. } = self.slots[index] {
            state.show((self.file, file_offset), self.number);
        }
    }

    /// The page that holds `offset`, and the place in it.
    fn slot(&self, offset: usize) -> (&Slot, usize) {
        match self.slots.get(offset / self.page_bytes) {
            None | Some(Slot::None) => panic!("byte {offset} of a region is not mapped"),
            Some(slot) => (slot, offset % self.page_bytes),
        }
    }
}

/// The rest of the system page that holds the file's end reads as zero; what follows is a signal.
fn check_end(state: &State, file: u64, page_bytes: usize, file_offset: u64) {
    let end = state.file(Some(file)).len().next_multiple_of(page_bytes as u64);
    assert!(file_offset < end, "byte {file_offset} is touched behind the end of the file");
}

impl Memory for SimulatedMemory {
    fn reserved_bytes(&self) -> usize {
        self.reserved_bytes
    }

    fn map_file(
        &mut self,
        offset: usize,
        bytes: usize,
        file_offset: u64,
        role: Role,
    ) -> io::Result<()> {
        let unit = self.page_bytes as u64;
        assert!(
            file_offset.is_multiple_of(unit),
            "a mapping of the file at {file_offset} is not a multiple of the system's page {unit}"
        );
        assert!(
            self.seat == Seat::Writer || role == Role::Private,
            "a reader maps the file shared"
        );
        if bytes == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.fail(Operation::MapFile, offset, bytes)?;
        let pages = self.pages_to_map(offset, bytes);
        for (index, file_offset) in pages.zip((file_offset..).step_by(self.page_bytes)) {
            self.set(index, Slot::File { file_offset, role, copy: None });
        }
        Ok(())
    }

    fn map_anonymous(&mut self, offset: usize, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.fail(Operation::MapAnonymous, offset, bytes)?;
        for index in self.pages_to_map(offset, bytes) {
            self.set(index, Slot::Anonymous(None));
        }
        Ok(())
    }

    fn find_copies(&self, offset: usize, bytes: usize, found: &mut Vec<usize>) -> io::Result<()> {
        assert!(
            offset.is_multiple_of(PAGE_BYTES) && bytes.is_multiple_of(PAGE_BYTES),
            "a search of {bytes} bytes at {offset} is not whole pages"
        );
        let mut state = self.shared.lock();
        if let Some(failing) = state.call(self.seat, Operation::FindCopies) {
            return Err(failing.error());
        }
        for at in (offset..offset + bytes).step_by(PAGE_BYTES) {
            let (Slot::File { file_offset, role: Role::Private, copy }, within) = self.slot(at)
            else {
                panic!("byte {at} of a region is searched for copies and is not private");
            };
            let is_found = match (state.machine.search, copy) {
                (Search::Differing, Some(copy)) => {
                    let mut page = [0; PAGE_BYTES];
                    state.file(Some(self.file)).read(file_offset + within as u64, &mut page);
                    page != copy[within..][..PAGE_BYTES]
                }
                (_, Some(_)) => true,
                (Search::Differing | Search::Copied, None) => false,
                (Search::Noisy, None) => state.is_by_chance(self.seat, 5),
            };
            if is_found {
                found.push(at);
            }
        }
        Ok(())
    }

    fn drop_copies(&mut self, pages: &[usize]) -> io::Result<()> {
        assert!(pages.is_sorted_by(|a, b| a < b), "the pages to drop are not ascending");
        let parts = self.page_bytes / PAGE_BYTES;
        if let Some(first) = pages.first() {
            self.fail(Operation::DropCopies, first - first % self.page_bytes, self.page_bytes)?;
        }
        for &page in pages {
            assert!(page.is_multiple_of(PAGE_BYTES), "{page} is not the offset of a page");
            let whole = page - page % self.page_bytes;
            let first = pages.partition_point(|&other| other < whole);
            let after = pages.partition_point(|&other| other < whole + self.page_bytes);
            match self.slots.get_mut(page / self.page_bytes) {
                Some(Slot::File { role: Role::Private, copy, .. }) => {
                    if after - first == parts {
                        *copy = None;
                    }
                }
                _ => panic!("the copy of page {page} is dropped, and it is not private"),
            }
        }
        Ok(())
    }

    fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    fn page<'a>(&'a self, offset: usize, scratch: &'a mut Page) -> &'a Page {
        assert!(offset.is_multiple_of(PAGE_BYTES), "{offset} is not the offset of a page");
        self.read(offset, scratch);
        scratch
    }

    fn file_page<'a>(&'a self, offset: usize, scratch: &'a mut Page) -> &'a Page {
        assert!(offset.is_multiple_of(PAGE_BYTES), "{offset} is not the offset of a page");
        let (Slot::File { file_offset, .. }, within) = self.slot(offset) else {
            panic!("byte {offset} of a region does not show the file");
        };
        let state = self.shared.lock();
        check_end(&state, self.file, self.page_bytes, *file_offset);
        state.file(Some(self.file)).read(file_offset + within as u64, scratch);
        scratch
    }

    fn load_u64(&self, offset: usize) -> u64 {
        // Only the engine looks, and keeps no view.
        let is_seen = self.is_seen.get();
        let mut bytes = [0; 8];
        self.read(offset, &mut bytes);
        self.is_seen.set(is_seen);
        u64::from_ne_bytes(bytes)
    }

    fn store_u64(&mut self, offset: usize, number: u64) {
        let is_seen = self.is_seen.get();
        self.write(offset, &number.to_ne_bytes());
        self.is_seen.set(is_seen);
    }

    fn read(&self, offset: usize, buffer: &mut [u8]) {
        self.is_seen.set(true);
        let mut done = 0;
        while done < buffer.len() {
            let (slot, within) = self.slot(offset + done);
            let count = (self.page_bytes - within).min(buffer.len() - done);
            let into = &mut buffer[done..done + count];
            match slot {
                Slot::Anonymous(Some(bytes)) | Slot::File { copy: Some(bytes), .. } => {
                    into.copy_from_slice(&bytes[within..][..count]);
                }
                Slot::Anonymous(None) => into.fill(0),
                Slot::File { file_offset, copy: None, .. } => {
                    let state = self.shared.lock();
                    check_end(&state, self.file, self.page_bytes, *file_offset);
                    state.file(Some(self.file)).read(file_offset + within as u64, into);
                }
                Slot::None => unreachable!("`slot` gives mapped pages"),
            }
            done += count;
        }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.is_seen.set(true);
        let (unit, file) = (self.page_bytes, self.file);
        let mut done = 0;
        while done < bytes.len() {
            let within = self.slot(offset + done).1;
            let count = (unit - within).min(bytes.len() - done);
            let from = &bytes[done..done + count];
            let zeros = || vec![0; unit].into_boxed_slice();
            match &mut self.slots[(offset + done) / unit] {
                Slot::Anonymous(page) => {
                    page.get_or_insert_with(zeros)[within..][..count].copy_from_slice(from);
                }
                Slot::File { file_offset, role: Role::Private, copy } => {
                    let copy = copy.get_or_insert_with(|| {
                        let state = self.shared.lock();
                        check_end(&state, file, unit, *file_offset);
                        let mut page = zeros();
                        state.file(Some(file)).read(*file_offset, &mut page);
                        page
                    });
                    copy[within..][..count].copy_from_slice(from);
                }
                Slot::File { file_offset, role: Role::Shared, .. } => {
                    let mut state = self.shared.lock();
                    let start = *file_offset + within as u64;
                    assert!(
                        start + count as u64 <= state.file(Some(file)).len(),
                        "{count} bytes at {start} are written behind the end of the file"
                    );
                    // After the power is out nothing reaches the disk. A store through memory makes
                    // all of its page dirty.
                    if !state.is_out() {
                        let mut page =
                            vec![
                                0;
                                unit.min((state.file(Some(file)).len() - *file_offset) as usize)
                            ];
                        state.file(Some(file)).read(*file_offset, &mut page);
                        page[within..][..count].copy_from_slice(from);
                        state.file_mut(Some(file)).write(*file_offset, &page);
                    }
                }
                Slot::None => unreachable!("`slot` gives mapped pages"),
            }
            done += count;
        }
    }
}

impl Drop for SimulatedMemory {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        // A reader's memory goes with its process, at any moment.
        let is_orderly = self.seat == Seat::Reader
            || state.is_ending
            || !self.is_seen.get()
            || !self.shows_file();
        for slot in &self.slots {
            if let Slot::File { file_offset, .. } = slot
                && self.seat == Seat::Writer
            {
                state.hide((self.file, *file_offset), self.number);
            }
        }
        drop(state);
        // A view of it may live on: the region must retire it, with zeros over it.
        assert!(
            is_orderly || std::thread::panicking(),
            "memory that shows the file is given back while the process goes on"
        );
    }
}
