//! Dropping private copies on Linux, many at once.
#![expect(unsafe_code, reason = "dropping copies changes memory")]

use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;

use rustix::mm::{Advice, madvise};
use rustix::process::{PidfdFlags, getpid, pidfd_open};

/// Fewer runs than this are dropped one by one: opening the descriptor costs as much.
const BATCH: usize = 8;

/// The kernel's limit of ranges a call.
const RANGES: usize = 1024;

/// Drops the private copies of runs of whole pages.
///
/// # Safety
/// `base` is that of a live reservation, the runs lie in pieces of it that show a file, and
/// nothing refers to that memory that is not prepared to see it change.
///
/// # Errors
/// What the kernel says: `EINVAL` for memory that is locked. Some may be dropped.
pub(super) unsafe fn discard(base: *mut u8, runs: &[Range<usize>]) -> io::Result<()> {
    let mut done = 0;
    if runs.len() >= BATCH {
        // SAFETY: the caller's promise.
        done = unsafe { discard_batches(base, runs) };
    }
    for run in &runs[done..] {
        let address = base.wrapping_add(run.start);
        // SAFETY: the caller's promise: the range is mapped from a file, so what is dropped are
        // copies of its pages, and nothing borrows them.
        unsafe { madvise(address.cast(), run.len(), Advice::LinuxDontNeed) }?;
    }
    Ok(())
}

/// Drops in batches (2 to 8 times cheaper) as far as the kernel does that: on oneself since Linux
/// 6.13. Gives the number of runs that are done for certain.
///
/// # Safety
/// As for `discard`.
unsafe fn discard_batches(base: *mut u8, runs: &[Range<usize>]) -> usize {
    // Opened for each use: one that a forked child inherited would mean its parent.
    let Ok(process) = pidfd_open(getpid(), PidfdFlags::empty()) else {
        return 0;
    };
    let mut done = 0;
    for batch in runs.chunks(RANGES) {
        let ranges: Vec<libc::iovec> = batch
            .iter()
            .map(|run| libc::iovec {
                iov_base: base.wrapping_add(run.start).cast(),
                iov_len: run.len(),
            })
            .collect();
        let bytes: usize = batch.iter().map(ExactSizeIterator::len).sum();
        // SAFETY: the ranges are ours to drop, by the caller's promise; the descriptor means this
        // process; `ranges` holds as many entries as are named, and the kernel only reads them.
        let advised = unsafe {
            libc::syscall(
                libc::SYS_process_madvise,
                process.as_raw_fd(),
                ranges.as_ptr(),
                ranges.len(),
                libc::MADV_DONTNEED,
                0_u32,
            )
        };
        // Less than all: which ones, only trying them one by one tells.
        if usize::try_from(advised) != Ok(bytes) {
            break;
        }
        done += batch.len();
    }
    done
}
