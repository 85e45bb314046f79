//! Blocks: promised before memory shows them.
//!
//! Through `rustix`, because `fs2::allocate` loses the error number: a full disk came out as an
//! invalid argument.

use std::fs::File;
use std::io;

use rustix::io::Errno;

use super::sync::{WRITE_BYTES, write};

/// A signal interrupts a long allocation on tmpfs, which then starts from nothing. More tries than
/// this are not worth the wait.
const TRIES: usize = 64;

/// How blocks were had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allocation {
    /// The file system promised them.
    Promised,
    /// It promises nothing, so zeros were written: the blocks are there now, but a file system
    /// that copies on write may need others later.
    Written,
}

/// Allocates `bytes` at `offset` and makes the file at least that long. After an error the file
/// has its old length.
pub(super) fn allocate(file: &File, offset: u64, bytes: u64) -> io::Result<Allocation> {
    allocate_by(promise, file, offset, bytes)
}

/// The same with the call that promises blocks as given.
pub(super) fn allocate_by(
    promise: impl Fn(&File, u64, u64, u64) -> rustix::io::Result<()>,
    file: &File,
    offset: u64,
    bytes: u64,
) -> io::Result<Allocation> {
    let end = offset.checked_add(bytes).ok_or(Errno::FBIG)?;
    let length = file.metadata()?.len();
    if bytes == 0 {
        return Ok(Allocation::Promised);
    }
    let answer = match retry_interrupted(|| promise(file, offset, end, length)) {
        // ZFS answers EINVAL on FreeBSD; both mean that there is no such promise.
        Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS) => {
            // Holes below the old end stay: what lies beside them may be mapped and written.
            write_zeros(file, length.max(offset), end).map(|()| Allocation::Written)
        }
        answer => answer.map(|()| Allocation::Promised).map_err(io::Error::from),
    };
    if answer.is_err() {
        // ext4 keeps the blocks, and perhaps the length, that it had when the disk ran full. Never
        // below the old length: a mapping shows those pages. A failure here changes nothing: the
        // file is only longer than it need be.
        let _ = rustix::fs::ftruncate(file, length);
    }
    answer
}

#[cfg(not(target_os = "macos"))]
fn promise(file: &File, offset: u64, end: u64, _length: u64) -> rustix::io::Result<()> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), offset, end - offset)
}

/// The call of `rustix` would ask for all blocks from the start once more, and cut a longer file.
#[cfg(target_os = "macos")]
fn promise(file: &File, _offset: u64, end: u64, length: u64) -> rustix::io::Result<()> {
    super::preallocate::preallocate(file, end, length)
}

fn retry_interrupted(mut call: impl FnMut() -> rustix::io::Result<()>) -> rustix::io::Result<()> {
    let mut answer = call();
    for _ in 1..TRIES {
        if answer != Err(Errno::INTR) {
            break;
        }
        answer = call();
    }
    answer
}

fn write_zeros(file: &File, mut offset: u64, end: u64) -> io::Result<()> {
    // Of the heap: as a constant they would be in every binary.
    let zeros = vec![0; WRITE_BYTES];
    while offset < end {
        let bytes = usize::try_from(end - offset).map_or(WRITE_BYTES, |left| left.min(WRITE_BYTES));
        write(file, offset, &zeros[..bytes])?;
        offset += bytes as u64;
    }
    Ok(())
}
