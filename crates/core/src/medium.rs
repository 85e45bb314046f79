//! The seam between the engine and the kernel: a file, and address space that shows parts of it.
//!
//! The engine (commit, recovery, growth) talks to these two traits only. `os` implements them for
//! a real file; the tests implement them for a simulated one that loses power, tears sectors,
//! fails and runs full. Errors are plain `io::Error`s but where the medium alone knows what they mean; the engine gives them
//! their meaning.

use crate::error::{Error, ErrorKind, Result};
use std::io;

/// The unit of a commit: of page images, checksums and the dirty search. 4 KiB on every machine,
/// whatever the size of the machine's own pages.
pub const PAGE_BYTES: usize = 4096;

/// The bytes of one page.
pub type Page = [u8; PAGE_BYTES];

/// How a stretch of file is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Writes stay in this process, as copies of pages, until a commit writes them home. Pages
    /// that have no copy show the file as it is now.
    Private,
    /// Writes go to the file at once and reach the disk at any time.
    Shared,
}

/// A file that the engine owns. Implementations are used from several threads at once.
#[expect(clippy::len_without_is_empty, reason = "a file is not a collection")]
pub trait Medium: Send + Sync + 'static {
    /// The address space that shows parts of this file.
    type Memory: Memory;

    /// The length of the file, in bytes.
    ///
    /// # Errors
    /// What the kernel says.
    fn len(&self) -> io::Result<u64>;

    /// Reads up to `buffer.len()` bytes at `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// What the kernel says.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`. They reach the disk at any time until the next
    /// successful `sync`, sector by sector, in any order.
    ///
    /// # Errors
    /// What the kernel says; some of the bytes may be written then.
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`, a place that was allocated and written before, and
    /// returns when exactly these bytes are durable. Says nothing of earlier writes.
    ///
    /// # Errors
    /// What the kernel says. The bytes may then be durable or not, whatever a later call says.
    fn write_durable(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns when all earlier writes are durable: of `write`, of shared memory, of the length.
    ///
    /// # Errors
    /// What the kernel says. What was to be synced may then be lost, and a later call may
    /// succeed without it: never retry.
    fn sync(&self) -> io::Result<()>;

    /// Promises blocks for `bytes` at `offset`, and makes the file at least that long. New bytes
    /// read as zero; what was there stays. Cheap where the blocks are there.
    ///
    /// # Errors
    /// `StorageFull` or `QuotaExceeded` when there is no room. The length is then as before.
    fn allocate(&self, offset: u64, bytes: u64) -> io::Result<()>;

    /// Cuts the file to `bytes`.
    ///
    /// # Errors
    /// What the kernel says.
    fn truncate(&self, bytes: u64) -> io::Result<()>;

    /// Reserves address space. It costs no memory, and nothing may touch it until it is mapped.
    ///
    /// # Errors
    /// What the kernel says.
    fn reserve(&self, bytes: usize) -> io::Result<Self::Memory>;

    /// Whether `allocate` promises that a later write to shared memory finds its block. False on
    /// copy-on-write file systems; the engine then maps nothing shared.
    fn keeps_allocation(&self) -> bool;

    /// The size of the machine's pages: what mappings are a multiple of. At least `PAGE_BYTES`.
    fn system_page_bytes(&self) -> usize;

    /// A number that is another after each start of the machine; 0 where the system has none.
    /// Within one boot the page cache may show what a failed sync never brought to the disk.
    fn boot_id(&self) -> u64;

    /// A number that nobody can foresee.
    fn random(&self) -> u64;

    /// Whether somebody holds the writer's lock. Whoever asks does not.
    ///
    /// # Errors
    /// What the kernel says.
    fn has_writer(&self) -> io::Result<bool> {
        Ok(false)
    }

    /// Makes an empty file show what this one holds, at once, where the two can share it until either
    /// is written. False where they cannot, and then nothing was done.
    ///
    /// # Errors
    /// What the kernel says.
    fn clone_to(&self, target: &Self) -> io::Result<bool>
    where
        Self: Sized,
    {
        let _ = target;
        Ok(false)
    }

    /// An empty file beside this one, with its permissions and the writer's lock, for
    /// [`replace`](Self::replace). What a killed process left of such a file is removed, and so is the
    /// file itself when it is dropped without having got the name.
    ///
    /// # Errors
    /// `Unsupported` where the file cannot be replaced, `NoSpace`, `Io`.
    fn create_beside(&self) -> Result<Self>
    where
        Self: Sized,
    {
        Err(Error::new(ErrorKind::Unsupported, "this file has no name, and cannot be replaced"))
    }

    /// Gives the name of this file to `next`, made by [`create_beside`](Self::create_beside), in one
    /// step: whoever opens the name finds the one or the other. After a power cut it may be either,
    /// until the next successful [`sync_name`](Self::sync_name) of `next`.
    ///
    /// # Errors
    /// What the kernel says. The name is this file's still.
    fn replace(&self, next: &Self) -> io::Result<()>
    where
        Self: Sized,
    {
        let _ = next;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns when it is durable that the file has its name.
    ///
    /// # Errors
    /// What the kernel says. The name may then be another file's after a power cut.
    fn sync_name(&self) -> io::Result<()> {
        Ok(())
    }

    /// The file that has the name of this one by now, opened for reading. `None`: it is this one, or
    /// there is none.
    ///
    /// # Errors
    /// What opening it fails with.
    fn successor(&self) -> Result<Option<Self>>
    where
        Self: Sized,
    {
        Ok(None)
    }

    /// Whether memory lost what it showed of the file, because the file was cut short or the disk
    /// cannot read it: some of it is zeros now, and tells nothing.
    fn has_lost(&self) -> bool {
        false
    }

    /// The store is closed: gives up the writer's lock, where there is one.
    fn unlock(&self) {}
}

/// One reservation of address space: the memory of one region. Offsets are bytes from its base;
/// those of the mapping calls are multiples of the system's page size. The base never moves.
pub trait Memory: Send {
    /// Bytes of address space.
    fn reserved_bytes(&self) -> usize;

    /// Shows `bytes` of the file from `file_offset` on at `offset`, in place of what was there;
    /// private copies there are dropped.
    ///
    /// # Errors
    /// What the kernel says. What was there stays, unless `is_damaged` says otherwise.
    fn map_file(
        &mut self,
        offset: usize,
        bytes: usize,
        file_offset: u64,
        role: Role,
    ) -> io::Result<()>;

    /// Shows zeros that belong to this process alone, in place of what was there.
    ///
    /// # Errors
    /// What the kernel says. What was there stays, unless `is_damaged` says otherwise.
    fn map_anonymous(&mut self, offset: usize, bytes: usize) -> io::Result<()>;

    /// Shows zeros that belong to this process alone in the first `bytes`, for good: nothing else
    /// is mapped any more. Lets go of the file, and of the address space behind them, of which
    /// nothing is mapped.
    ///
    /// # Errors
    /// What the kernel says; what was there stays.
    fn retire(&mut self, bytes: usize) -> io::Result<()> {
        self.map_anonymous(0, bytes)
    }

    /// Shows the first `bytes` as they are, for good: nothing is mapped any more, and no copy
    /// searched or dropped. Lets go of the address space behind them, of which nothing is mapped.
    ///
    /// # Errors
    /// What the kernel says; all is as it was.
    fn keep_only(&mut self, bytes: usize) -> io::Result<()> {
        let _ = bytes;
        Ok(())
    }

    /// Appends to `found`, ascending and once each, the offset of every `PAGE_BYTES` page of the
    /// given stretch, all of it `Role::Private`, that may be a copy which differs from the file.
    /// It never misses one; it may name one that is equal.
    ///
    /// # Errors
    /// What the kernel says, when no way of searching is left.
    fn find_copies(&self, offset: usize, bytes: usize, found: &mut Vec<usize>) -> io::Result<()>;

    /// Drops the private copies of the given pages (offsets, ascending): the memory shows the
    /// file again. Where the machine's pages are larger, a page is dropped only if all of its
    /// `PAGE_BYTES` parts are named.
    ///
    /// # Errors
    /// What the kernel says; some may be dropped.
    fn drop_copies(&mut self, pages: &[usize]) -> io::Result<()>;

    /// Whether a mapping call that failed took away what was shown of the file, at any time since
    /// the reservation: then some of the memory is zeros, and tells nothing.
    fn is_damaged(&self) -> bool {
        false
    }

    /// The page at `offset` as the program sees it. Uses `scratch` where it cannot lend memory.
    fn page<'a>(&'a self, offset: usize, scratch: &'a mut Page) -> &'a Page;

    /// The page at `offset` as the file has it now, whatever copy lies over it.
    fn file_page<'a>(&'a self, offset: usize, scratch: &'a mut Page) -> &'a Page;

    /// The number at `offset`, a multiple of 8. What its writer wrote before it is seen by whoever
    /// sees the number.
    fn load_u64(&self, offset: usize) -> u64;

    /// Writes a number at `offset`, a multiple of 8, after everything that was written before.
    fn store_u64(&mut self, offset: usize, number: u64);

    /// Copies bytes out, as the program sees them.
    fn read(&self, offset: usize, buffer: &mut [u8]);

    /// Copies bytes in, as the program writes them.
    fn write(&mut self, offset: usize, bytes: &[u8]);
}
