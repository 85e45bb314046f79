//! Allocating blocks on macOS.
#![expect(unsafe_code, reason = "no crate has this call with the length it needs")]

use std::fs::File;
use std::os::fd::AsRawFd;

use rustix::io::Errno;

/// Allocates from the end of the file, at `length`, to `end`, and moves the end there.
pub(super) fn preallocate(file: &File, end: u64, length: u64) -> rustix::io::Result<()> {
    if end <= length {
        return Ok(());
    }
    let mut store = libc::fstore_t {
        fst_flags: libc::F_ALLOCATEALL,
        fst_posmode: libc::F_PEOFPOSMODE,
        fst_offset: 0,
        fst_length: libc::off_t::try_from(end - length).map_err(|_| Errno::FBIG)?,
        fst_bytesalloc: 0,
    };
    // SAFETY: the descriptor is open as long as `file`, and F_PREALLOCATE reads and writes one
    // `fstore_t`, which `store` is.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_PREALLOCATE, &raw mut store) };
    if answer == -1 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    rustix::fs::ftruncate(file, end)
}
