//! What the kernel knows of the pages of this process: `/proc/self/pagemap`, of Linux.
//!
//! A page of a private file mapping is a copy if and only if it is present or swapped out and is
//! not a page of a file. Exact, and needs no privilege. `mlock` and populating make copies of
//! pages that nobody wrote.
#![expect(unsafe_code, reason = "no crate has the ioctl")]

use std::fs::File;
use std::io;
use std::mem;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::process;

/// From `linux/fs.h`, as are the structures below.
const PAGEMAP_SCAN: libc::Ioctl = libc::_IOWR::<PmScanArg>(0x66, 16);
const PAGE_IS_FILE: u64 = 1 << 2;
const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;

/// Ranges that the first call has room for: enough for most commits. The kernel allocates as much
/// for each call, and room for 512 takes it as long as the search.
const FIRST_REGIONS: usize = 16;

/// More than this and Linux 6.18 names ranges twice: `walk_end` then stands at the 512th.
const REGIONS_MAX: usize = 512;

/// The bits of one entry of the file itself.
const ENTRY_FILE: u64 = 1 << 61;
const ENTRY_PRESENT_OR_SWAPPED: u64 = 3 << 62;
const ENTRY_BYTES: usize = mem::size_of::<u64>();

/// Entries read by one call: those of 32 MiB.
const ENTRIES: usize = 8192;

#[repr(C)]
#[derive(Default)]
struct PmScanArg {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct PageRegion {
    start: u64,
    end: u64,
    categories: u64,
}

/// The kernel names addresses of this process: they fit.
fn address(number: u64) -> io::Result<usize> {
    usize::try_from(number).map_err(io::Error::other)
}

/// The pagemap of this process. A forked child that used the one of its parent would be told of
/// the parent's pages and miss its own.
#[derive(Debug)]
pub(super) struct Pagemap {
    file: File,
    process: u32,
}

impl Pagemap {
    /// Opens it. Fails with `EACCES` in a process that must not be dumped.
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { file: File::open("/proc/self/pagemap")?, process: process::id() })
    }

    /// One that a test made up.
    #[cfg(test)]
    pub(super) fn of(file: File, process: u32) -> Self {
        Self { file, process }
    }

    /// Whether it is that of the process that asks.
    pub(super) fn is_ours(&self) -> bool {
        self.process == process::id()
    }

    /// Calls `emit` with ascending, disjoint ranges of addresses: all private copies.
    /// Cost: what is resident, 2 to 5 ms a GiB. Linux 6.7.
    pub(super) fn scan(
        &self,
        addresses: Range<usize>,
        emit: &mut dyn FnMut(Range<usize>),
    ) -> io::Result<()> {
        let mut regions = vec![PageRegion::default(); FIRST_REGIONS];
        let mut emitted_to = addresses.start;
        let mut argument = PmScanArg {
            size: mem::size_of::<PmScanArg>() as u64,
            start: addresses.start as u64,
            end: addresses.end as u64,
            category_inverted: PAGE_IS_FILE,
            category_mask: PAGE_IS_FILE,
            category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
            return_mask: PAGE_IS_FILE,
            ..PmScanArg::default()
        };
        while argument.start < argument.end {
            argument.vec = regions.as_mut_ptr().expose_provenance() as u64;
            argument.vec_len = regions.len() as u64;
            // SAFETY: the call reads and writes one `pm_scan_arg`, whose `size` says how long it
            // is, and writes at most `vec_len` regions of plain numbers to `vec`: both are ours,
            // outlive it, and were handed over by pointers that may write.
            // It changes no memory of the range: no flag asks for that.
            let count =
                unsafe { libc::ioctl(self.file.as_raw_fd(), PAGEMAP_SCAN, &raw mut argument) };
            let Ok(count) = usize::try_from(count) else {
                return Err(io::Error::last_os_error());
            };
            for region in &regions[..count] {
                let start = address(region.start)?.max(emitted_to);
                let end = address(region.end)?;
                // A range named twice ends before the end of the one before it.
                if start < end {
                    emit(start..end);
                    emitted_to = end;
                }
            }
            if count == regions.len() {
                regions.resize(REGIONS_MAX, PageRegion::default());
            }
            if argument.walk_end <= argument.start {
                // Neither further nor done: the rest would go unsearched.
                return Err(io::Error::other("PAGEMAP_SCAN made no progress"));
            }
            argument.start = argument.walk_end;
        }
        Ok(())
    }

    /// The same, entry by entry. Cost: the length of the range, 1 to 5 ms a GiB.
    pub(super) fn read(
        &self,
        addresses: Range<usize>,
        page_bytes: usize,
        emit: &mut dyn FnMut(Range<usize>),
    ) -> io::Result<()> {
        let mut entries = vec![0; ENTRIES * ENTRY_BYTES];
        let mut page = addresses.start / page_bytes;
        let end = addresses.end / page_bytes;
        while page < end {
            let wanted = (end - page).min(ENTRIES) * ENTRY_BYTES;
            let buffer = &mut entries[..wanted];
            self.file.read_exact_at(buffer, (page * ENTRY_BYTES) as u64)?;
            let (chunks, _) = buffer.as_chunks::<ENTRY_BYTES>();
            for chunk in chunks {
                let entry = u64::from_ne_bytes(*chunk);
                if entry & ENTRY_PRESENT_OR_SWAPPED != 0 && entry & ENTRY_FILE == 0 {
                    emit(page * page_bytes..(page + 1) * page_bytes);
                }
                page += 1;
            }
        }
        Ok(())
    }
}

/// An empty file in memory, to try a search on.
pub(super) fn trial_file() -> io::Result<File> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    Ok(rustix::fs::memfd_create("stoa", flags)?.into())
}
