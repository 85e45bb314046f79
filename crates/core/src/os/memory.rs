//! A reservation as the engine's memory.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::map::Reservation;
use super::piece::{Content, FileContent, Piece};
use super::place::Source;
use super::runs::runs;
use crate::medium::{Memory, PAGE_BYTES, Page, Role};

impl Memory for Reservation {
    fn reserved_bytes(&self) -> usize {
        self.bytes
    }

    fn map_file(
        &mut self,
        offset: usize,
        bytes: usize,
        file_offset: u64,
        role: Role,
    ) -> io::Result<()> {
        let range = self.range(offset, bytes);
        let page_bytes = self.system_page_bytes as u64;
        assert!(file_offset.is_multiple_of(page_bytes), "mapping of parts of pages");
        self.require_own_process()?;
        if range.is_empty() {
            return Ok(());
        }
        let stretch = file_offset..file_offset.saturating_add(bytes as u64);
        let length = self.origin()?.file.metadata()?.len();
        if stretch.end.div_ceil(page_bytes) > length.div_ceil(page_bytes) {
            // Touching a page behind the end of a file kills the process.
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("cannot map to byte {} of a file of {length} bytes", stretch.end),
            ));
        }
        let baseline = self.baseline(&range, &stretch)?;
        // Only there a barrier must be told what was written through memory.
        let told = role == Role::Shared && cfg!(not(target_os = "linux"));
        let origin = self.origin()?;
        let shared = told.then(|| origin.shared.add(Arc::clone(&baseline), file_offset, bytes));
        let file = Arc::clone(&origin.file);
        self.place(&range, Source::File(&file, file_offset, role))?;
        let content = Content::File(FileContent { file_offset, role, baseline, shared });
        self.pieces.put(Piece { offset, bytes, content });
        Ok(())
    }

    fn map_anonymous(&mut self, offset: usize, bytes: usize) -> io::Result<()> {
        let range = self.range(offset, bytes);
        self.require_own_process()?;
        if range.is_empty() {
            return Ok(());
        }
        self.place(&range, Source::Anonymous)?;
        self.pieces.put(Piece { offset, bytes, content: Content::Anonymous });
        Ok(())
    }

    fn retire(&mut self, bytes: usize) -> io::Result<()> {
        self.map_anonymous(0, bytes)?;
        self.let_go(bytes);
        Ok(())
    }

    fn keep_only(&mut self, bytes: usize) -> io::Result<()> {
        self.require_own_process()?;
        self.keep_only(bytes)
    }

    fn find_copies(&self, offset: usize, bytes: usize, found: &mut Vec<usize>) -> io::Result<()> {
        assert!(
            offset.is_multiple_of(PAGE_BYTES) && bytes.is_multiple_of(PAGE_BYTES),
            "search in parts of pages"
        );
        let is_private = |piece: &Piece| match &piece.content {
            Content::File(content) => content.role == Role::Private,
            Content::Anonymous => false,
        };
        let pieces = self.covering(offset, bytes).expect("memory that is not mapped");
        assert!(pieces.iter().all(is_private), "search in memory that is not private");
        self.require_own_process()?;
        if bytes > 0 {
            let differs = |at| self.bytes(at, PAGE_BYTES) != self.file_bytes(at, PAGE_BYTES);
            self.origin()?.search.find(
                self.base.addr().get(),
                &(offset..offset + bytes),
                differs,
                found,
            );
        }
        Ok(())
    }

    fn drop_copies(&mut self, pages: &[usize]) -> io::Result<()> {
        self.require_own_process()?;
        self.discard(&runs(pages, self.system_page_bytes))
    }

    fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    fn page<'a>(&'a self, offset: usize, _scratch: &'a mut Page) -> &'a Page {
        assert!(offset.is_multiple_of(PAGE_BYTES), "page at no multiple of its size");
        self.bytes(offset, PAGE_BYTES).try_into().expect("the bytes of a page")
    }

    fn file_page<'a>(&'a self, offset: usize, _scratch: &'a mut Page) -> &'a Page {
        assert!(offset.is_multiple_of(PAGE_BYTES), "page at no multiple of its size");
        self.file_bytes(offset, PAGE_BYTES).try_into().expect("the bytes of a page")
    }

    fn load_u64(&self, offset: usize) -> u64 {
        self.number(offset).load(Ordering::Acquire)
    }

    fn store_u64(&mut self, offset: usize, number: u64) {
        self.number(offset).store(number, Ordering::Release);
    }

    fn read(&self, offset: usize, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.bytes(offset, buffer.len()));
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.bytes_mut(offset, bytes.len()).copy_from_slice(bytes);
    }
}
