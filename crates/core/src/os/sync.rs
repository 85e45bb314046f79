//! Writing, and making durable. One barrier a call, and no barrier is ever repeated: after a
//! failed one the kernel may have dropped what it could not write and answer the next with
//! success.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::baseline::SharedStretches;

/// Larger writes fill the page cache with large folios, and a later store to one mapped page of a
/// folio makes all of it dirty (measured on ext4: 215 times the bytes).
pub(super) const WRITE_BYTES: usize = 64 * 1024;

/// Reads until the buffer is full or the file ends.
pub(super) fn read(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while !buffer.is_empty() {
        match file.read_at(buffer, offset) {
            Ok(0) => break,
            Ok(bytes) => {
                done += bytes;
                offset += bytes as u64;
                buffer = &mut buffer[bytes..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Writes all of `bytes`, in pieces that keep folios small.
pub(super) fn write(file: &File, mut offset: u64, bytes: &[u8]) -> io::Result<()> {
    for piece in bytes.chunks(WRITE_BYTES) {
        file.write_all_at(piece, offset)?;
        offset += piece.len() as u64;
    }
    Ok(())
}

/// Writes all of `bytes` and waits until they, and perhaps more, are durable.
#[cfg(target_os = "linux")]
pub(super) fn write_durable(file: &File, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::io::{Errno, ReadWriteFlags, pwritev2};

    while !bytes.is_empty() {
        match pwritev2(file, &[io::IoSlice::new(bytes)], offset, ReadWriteFlags::DSYNC) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                offset += written as u64;
                bytes = &bytes[written..];
            }
            // The kernel or the file system does not know the flag, and wrote nothing.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
                write(file, offset, bytes)?;
                return barrier(file);
            }
            // An interrupted call is not repeated either: its sync may be what was interrupted.
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Writes all of `bytes` and waits until they, and perhaps more, are durable.
#[cfg(not(target_os = "linux"))]
pub(super) fn write_durable(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    write(file, offset, bytes)?;
    barrier(file)
}

/// Makes everything written to the file durable, through whichever mapping or call.
pub(super) fn sync(file: &File, shared: &SharedStretches) -> io::Result<()> {
    // Linux finds the dirty pages of every mapping by itself.
    if cfg!(not(target_os = "linux")) {
        return shared.flush_then(|| barrier(file));
    }
    barrier(file)
}

#[cfg(target_os = "linux")]
fn barrier(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fdatasync(file)?)
}

/// `fsync` of macOS leaves the bytes in the cache of the drive. Where the file system has no full
/// sync (a network share), `fsync` is the most there is.
#[cfg(target_os = "macos")]
fn barrier(file: &File) -> io::Result<()> {
    use rustix::io::Errno;

    match rustix::fs::fcntl_fullfsync(file) {
        Err(Errno::NOTSUP | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOTTY) => {
            Ok(rustix::fs::fsync(file)?)
        }
        answer => Ok(answer?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn barrier(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fsync(file)?)
}

/// Makes the names in a folder durable. Some file systems have no such call and need none.
pub(super) fn sync_folder(folder: &File) -> rustix::io::Result<()> {
    match rustix::fs::fsync(folder) {
        Err(rustix::io::Errno::INVAL) => Ok(()),
        answer => answer,
    }
}
