//! A reader beside a live store: another process with mappings of its own of the same disk.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use stoa_core::{Copies, Medium, Memory, PAGE_BYTES, Page, Role, Store};

use super::claim::{LiveState, read_all};
use crate::support::run::{Step, options, wrong};
use crate::support::simulated::SimulatedMedium;

/// What happens when a reader looks at a length, once.
pub(crate) type Hook = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// The same file, seen from another process, which never writes to it.
pub(crate) struct OtherSide(pub(crate) SimulatedMedium, pub(crate) Hook);

impl fmt::Debug for OtherSide {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("OtherSide").field(&self.0).finish_non_exhaustive()
    }
}

fn never() -> ! {
    panic!("a reader changes the file")
}

impl Medium for OtherSide {
    type Memory = OtherMemory;

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(offset, buffer)
    }
    fn write(&self, _: u64, _: &[u8]) -> io::Result<()> {
        never()
    }
    fn write_durable(&self, _: u64, _: &[u8]) -> io::Result<()> {
        never()
    }
    fn sync(&self) -> io::Result<()> {
        never()
    }
    fn allocate(&self, _: u64, _: u64) -> io::Result<()> {
        never()
    }
    fn truncate(&self, _: u64) -> io::Result<()> {
        never()
    }
    fn reserve(&self, bytes: usize) -> io::Result<OtherMemory> {
        let page_bytes = self.system_page_bytes();
        Ok(OtherMemory {
            medium: self.0.clone(),
            hook: Arc::clone(&self.1),
            reserved: bytes,
            page_bytes,
            slots: Vec::new(),
        })
    }
    fn keeps_allocation(&self) -> bool {
        self.0.keeps_allocation()
    }
    fn system_page_bytes(&self) -> usize {
        self.0.system_page_bytes()
    }
    fn boot_id(&self) -> u64 {
        self.0.boot_id()
    }
    fn random(&self) -> u64 {
        7
    }
    fn has_writer(&self) -> io::Result<bool> {
        Ok(true)
    }
}

/// Where a page of memory is, and this process' copy of it.
struct Slot {
    file_offset: Option<u64>,
    copy: Option<Box<[u8]>>,
}

pub(crate) struct OtherMemory {
    medium: SimulatedMedium,
    hook: Hook,
    reserved: usize,
    page_bytes: usize,
    slots: Vec<Option<Slot>>,
}

impl fmt::Debug for OtherMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OtherMemory").finish_non_exhaustive()
    }
}

impl OtherMemory {
    fn set(&mut self, offset: usize, bytes: usize, file_offset: Option<u64>) {
        assert!(offset.is_multiple_of(self.page_bytes) && bytes.is_multiple_of(self.page_bytes));
        assert!(bytes > 0 && offset + bytes <= self.reserved, "outside of the reservation");
        let unit = self.page_bytes;
        let pages = offset / unit..(offset + bytes) / unit;
        if self.slots.len() < pages.end {
            self.slots.resize_with(pages.end, || None);
        }
        for (index, page) in pages.enumerate() {
            let file_offset = file_offset.map(|offset| offset + (index * unit) as u64);
            self.slots[page] = Some(Slot { file_offset, copy: None });
        }
    }

    /// What the page shows, whatever is mapped there. Behind the file's end it is a signal.
    fn shown(&self, page: usize, with_copy: bool) -> Vec<u8> {
        let slot = self.slots.get(page).and_then(Option::as_ref).expect("a page that is mapped");
        if let (Some(copy), true) = (&slot.copy, with_copy) {
            return copy.to_vec();
        }
        let mut bytes = vec![0; self.page_bytes];
        if let Some(offset) = slot.file_offset {
            let state = self.medium.lock();
            let end = state.disk.len().next_multiple_of(self.page_bytes as u64);
            assert!(offset < end, "a reader touches byte {offset} behind the file's end");
            state.disk.read(offset, &mut bytes);
        }
        bytes
    }
}

impl Memory for OtherMemory {
    fn reserved_bytes(&self) -> usize {
        self.reserved
    }
    fn map_file(&mut self, offset: usize, bytes: usize, at: u64, role: Role) -> io::Result<()> {
        if bytes == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        assert_eq!(role, Role::Private, "a reader keeps to itself");
        self.set(offset, bytes, Some(at));
        Ok(())
    }
    fn map_anonymous(&mut self, offset: usize, bytes: usize) -> io::Result<()> {
        if bytes == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.set(offset, bytes, None);
        Ok(())
    }
    fn find_copies(&self, offset: usize, bytes: usize, found: &mut Vec<usize>) -> io::Result<()> {
        for at in (offset..offset + bytes).step_by(PAGE_BYTES) {
            let slot = self.slots[at / self.page_bytes].as_ref().expect("a page that is mapped");
            if slot.copy.is_some() {
                found.push(at);
            }
        }
        Ok(())
    }
    fn drop_copies(&mut self, pages: &[usize]) -> io::Result<()> {
        for page in pages {
            if let Some(slot) = &mut self.slots[page / self.page_bytes] {
                slot.copy = None;
            }
        }
        Ok(())
    }
    fn page<'a>(&'a self, offset: usize, scratch: &'a mut Page) -> &'a Page {
        self.read(offset, scratch);
        scratch
    }
    fn file_page<'a>(&'a self, offset: usize, scratch: &'a mut Page) -> &'a Page {
        let page = self.shown(offset / self.page_bytes, false);
        scratch.copy_from_slice(&page[offset % self.page_bytes..][..PAGE_BYTES]);
        scratch
    }
    fn load_u64(&self, offset: usize) -> u64 {
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(hook) = hook {
            hook();
        }
        let mut bytes = [0; 8];
        self.read(offset, &mut bytes);
        u64::from_ne_bytes(bytes)
    }
    fn store_u64(&mut self, _: usize, _: u64) {
        never()
    }
    fn read(&self, offset: usize, buffer: &mut [u8]) {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done;
            let within = at % self.page_bytes;
            let count = (self.page_bytes - within).min(buffer.len() - done);
            let page = self.shown(at / self.page_bytes, true);
            buffer[done..done + count].copy_from_slice(&page[within..][..count]);
            done += count;
        }
    }
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done;
            let (page, within) = (at / self.page_bytes, at % self.page_bytes);
            let count = (self.page_bytes - within).min(bytes.len() - done);
            let mut shown = self.shown(page, true);
            shown[within..][..count].copy_from_slice(&bytes[done..done + count]);
            if let Some(slot) = &mut self.slots[page] {
                slot.copy = Some(shown.into_boxed_slice());
            }
            done += count;
        }
    }
}

/// A store that reads, and goes on to what is new at every look.
#[derive(Debug)]
pub(crate) struct Onlooker(Store<OtherSide>);

impl Onlooker {
    pub(crate) fn open(medium: &SimulatedMedium) -> Step<Self> {
        let side = Arc::new(OtherSide(medium.clone(), Hook::default()));
        match Store::read_on(side, &options()) {
            Ok(store) => Ok(Self(store)),
            Err(error) => wrong(format!("a reader cannot open: {error}")),
        }
    }

    /// It sees exactly this, if anything is told.
    pub(crate) fn look(&mut self, told: Option<&LiveState>) -> Step {
        // Whatever the writer did meanwhile, what it showed before can still be touched.
        if let Err(error) = read_all(&mut self.0) {
            return wrong(format!("a reader cannot read again: {error}"));
        }
        if let Err(error) = self.0.refresh(Copies::Forgotten) {
            return wrong(format!("a reader cannot go on: {error}"));
        }
        let found = match read_all(&mut self.0) {
            Ok(found) => found,
            Err(error) => return wrong(format!("a reader cannot read: {error}")),
        };
        match told.and_then(|told| told.difference(&found, &[], false)) {
            None => Ok(()),
            Some(what) => wrong(format!("a reader sees: {what}")),
        }
    }
}
