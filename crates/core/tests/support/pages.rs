//! The bytes of a file, in pages that clones share.

use std::sync::{Arc, LazyLock};

use stoa_core::{PAGE_BYTES, Page};

/// What a disk writes whole, except when it tears one.
pub(crate) const SECTOR_BYTES: usize = 512;

pub(crate) type Sector = [u8; SECTOR_BYTES];

static ZERO_PAGE: LazyLock<Arc<Page>> = LazyLock::new(|| Arc::new([0; PAGE_BYTES]));

/// The bytes of a file, shared page by page between clones. Bytes never written are zero.
#[derive(Clone, Default)]
pub(crate) struct Pages(Vec<Arc<Page>>);

impl Pages {
    fn page(&self, index: usize) -> &Page {
        self.0.get(index).unwrap_or(&ZERO_PAGE)
    }

    pub(crate) fn sector(&self, sector: u64) -> &Sector {
        let start = sector as usize * SECTOR_BYTES;
        let page = self.page(start / PAGE_BYTES);
        page[start % PAGE_BYTES..][..SECTOR_BYTES].try_into().expect("a page is whole sectors")
    }

    fn page_mut(&mut self, index: usize) -> &mut Page {
        if index >= self.0.len() {
            self.0.resize(index + 1, Arc::clone(&ZERO_PAGE));
        }
        Arc::make_mut(&mut self.0[index])
    }

    pub(crate) fn set_sector(&mut self, sector: u64, bytes: &Sector) {
        let start = sector as usize * SECTOR_BYTES;
        self.page_mut(start / PAGE_BYTES)[start % PAGE_BYTES..][..SECTOR_BYTES]
            .copy_from_slice(bytes);
    }

    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset as usize + done;
            let count = (PAGE_BYTES - at % PAGE_BYTES).min(buffer.len() - done);
            let page = self.page(at / PAGE_BYTES);
            buffer[done..done + count].copy_from_slice(&page[at % PAGE_BYTES..][..count]);
            done += count;
        }
    }

    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let at = offset as usize + done;
            let count = (PAGE_BYTES - at % PAGE_BYTES).min(bytes.len() - done);
            self.page_mut(at / PAGE_BYTES)[at % PAGE_BYTES..][..count]
                .copy_from_slice(&bytes[done..done + count]);
            done += count;
        }
    }

    /// Pages that were ever written.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Makes one page that of another file.
    pub(crate) fn copy_page(&mut self, index: usize, from: &Self) {
        *self.page_mut(index) = *from.page(index);
    }

    /// Makes all from `bytes` on read as zero.
    pub(crate) fn cut(&mut self, bytes: u64) {
        let whole = (bytes as usize).div_ceil(PAGE_BYTES);
        self.0.truncate(whole);
        let rest = bytes as usize % PAGE_BYTES;
        if rest != 0 && self.0.len() == whole {
            self.page_mut(whole - 1)[rest..].fill(0);
        }
    }
}
