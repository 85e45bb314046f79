//! The calls that make and fill a reservation of address space.
#![expect(unsafe_code, reason = "mapping at a fixed address replaces memory")]

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};

use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

use crate::medium::Role;

/// What to show at a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// Zeros that belong to this process.
    Anonymous,
    /// The file from an offset on.
    File(&'a File, u64, Role),
}

/// A mapping that failed, and what it left where it was to show something.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: io::Error,
    pub(super) left: Left,
}

/// What a failed mapping left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// What was there before.
    All,
    /// Zeros that belong to this process.
    Zeros,
    /// Nothing, or what another thread mapped there since: the addresses are not ours any more.
    Nothing,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self { error, left: Left::All }
    }
}

/// Address space where nothing is mapped later, but by `place` and `release`.
///
/// # Errors
/// What the kernel says.
pub(super) fn reserve(bytes: usize) -> io::Result<NonNull<u8>> {
    let flags = MapFlags::PRIVATE | NO_RESERVE;
    // SAFETY: without a fixed address the kernel takes addresses that nothing uses.
    let base = unsafe { mmap_anonymous(ptr::null_mut(), bytes, ProtFlags::empty(), flags) }?;
    let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
    // SAFETY: the range was mapped above and is nobody else's yet.
    let kept = unsafe { keep_from_children(base.as_ptr().cast(), bytes) };
    if let Err(error) = kept {
        // SAFETY: as above; nothing has seen the address.
        unsafe { release(base, bytes) };
        return Err(error);
    }
    Ok(base)
}

/// Gives a reservation back.
///
/// # Safety
/// `base` and `bytes` are those of one `reserve` of this process, nothing refers to the memory,
/// and nothing will.
pub(super) unsafe fn release(base: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller's promise: the range is one reservation, which `place` only ever covered
    // with other mappings of ours.
    let answer = unsafe { munmap(base.as_ptr().cast(), bytes) };
    // The range is valid, so only a lack of kernel memory can fail this. The address space then
    // stays reserved, which harms nothing.
    let _ = answer;
}

/// Shows `source` at `target`, in place of what was there. The change is atomic to other threads.
///
/// # Safety
/// The range lies inside one reservation of this process; all numbers are multiples of the
/// system's page size; nothing refers to memory of the range that is not prepared to see it
/// change.
///
/// # Errors
/// What the kernel says, and what is there now.
#[cfg(target_os = "linux")]
pub(super) unsafe fn place(
    target: *mut u8,
    bytes: usize,
    source: Source<'_>,
) -> Result<(), Failed> {
    // First somewhere else, then moved. A fixed mapping that fails may leave a hole (before Linux
    // 6.12 the old mapping was removed before memory was accounted for), another thread's memory
    // may land in the hole, and `release` would unmap it.
    // SAFETY: a null address without MAP_FIXED: the kernel takes addresses that nothing uses.
    let staged = unsafe { map(ptr::null_mut(), bytes, MapFlags::empty(), source) }?;
    // SAFETY: the range was mapped above and is nobody else's.
    let moved = unsafe { keep_from_children(staged, bytes) }.and_then(|()| {
        // Not rustix's: where it calls the C library (s390x) it passes MAP_FIXED, which is invalid.
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        // SAFETY: the old range is the one mapped above, to which nothing refers; the new one lies
        // in a reservation, by the caller's promise.
        let address = unsafe { libc::mremap(staged, bytes, bytes, flags, target.cast::<c_void>()) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        debug_assert_eq!(address, target.cast());
        Ok(())
    });
    moved.map_err(|error| {
        // SAFETY: the staged range is still where it was, and nothing has seen its address.
        let _ = unsafe { munmap(staged, bytes) };
        // SAFETY: the range lies in a reservation, by the caller's promise.
        Failed { error, left: unsafe { close_gap(target, bytes) } }
    })
}

/// The kernel takes away what is at the target before it moves, and can fail after that: lays zeros
/// over the range if nothing is there, so that whoever looks does not die of it.
///
/// # Safety
/// The range lies inside one reservation of this process, in whole pages.
#[cfg(target_os = "linux")]
pub(super) unsafe fn close_gap(target: *mut u8, bytes: usize) -> Left {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::PRIVATE | NO_RESERVE | MapFlags::FIXED_NOREPLACE;
    // SAFETY: with this flag nothing that is mapped is replaced.
    match unsafe { mmap_anonymous(target.cast(), bytes, access, flags) } {
        Ok(address) if address == target.cast() => {
            // SAFETY: the range was mapped just now. A child that inherits zeros does no harm.
            let _ = unsafe { keep_from_children(address, bytes) };
            Left::Zeros
        }
        Ok(elsewhere) => {
            // A kernel before 4.17 takes the address for a hint.
            // SAFETY: the range was mapped just now, and nothing has seen its address.
            let _ = unsafe { munmap(elsewhere, bytes) };
            Left::All
        }
        Err(rustix::io::Errno::EXIST) => Left::All,
        Err(_) => Left::Nothing,
    }
}

/// Shows `source` at `target`, in place of what was there.
///
/// # Safety
/// The range lies inside one reservation of this process; all numbers are multiples of the
/// system's page size; nothing refers to memory of the range that is not prepared to see it
/// change.
///
/// # Errors
/// What the kernel says. What was there may be gone.
#[cfg(not(target_os = "linux"))]
pub(super) unsafe fn place(
    target: *mut u8,
    bytes: usize,
    source: Source<'_>,
) -> Result<(), Failed> {
    let failed = |error| Failed { error, left: Left::Nothing };
    // SAFETY: the range lies in a reservation, by the caller's promise.
    let address = unsafe { map(target.cast(), bytes, MapFlags::FIXED, source) }.map_err(failed)?;
    // SAFETY: the range was mapped above.
    unsafe { keep_from_children(address, bytes) }.map_err(failed)
}

/// # Safety
/// As for `mmap`: with `FIXED` in `flags` the caller owns the range.
unsafe fn map(
    address: *mut c_void,
    bytes: usize,
    flags: MapFlags,
    source: Source<'_>,
) -> io::Result<*mut c_void> {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    let address = match source {
        Source::Anonymous => {
            let flags = flags | MapFlags::PRIVATE | NO_RESERVE;
            // SAFETY: the caller's promise.
            unsafe { mmap_anonymous(address, bytes, access, flags) }
        }
        Source::File(file, offset, role) => {
            let role = match role {
                Role::Private => MapFlags::PRIVATE | NO_RESERVE,
                Role::Shared => MapFlags::SHARED,
            };
            // SAFETY: the caller's promise.
            unsafe { mmap(address, bytes, access, flags | role, file, offset) }
        }
    };
    Ok(address?)
}

/// Copies of pages in the making are not charged before they are made.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const NO_RESERVE: MapFlags = MapFlags::NORESERVE;
/// FreeBSD has no such flag: it charges nothing in advance unless told to.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
const NO_RESERVE: MapFlags = MapFlags::empty();

/// Keeps the range out of forked children: no page tables to copy, no second reference to the
/// copies in the making. Every mapping needs its own: the property is not the reservation's.
///
/// # Safety
/// The range is mapped, and the caller's own.
#[cfg(target_os = "linux")]
unsafe fn keep_from_children(address: *mut c_void, bytes: usize) -> io::Result<()> {
    use rustix::mm::{Advice, madvise};

    // SAFETY: the advice changes what a child sees and no byte of this process.
    Ok(unsafe { madvise(address, bytes, Advice::LinuxDontFork) }?)
}

/// Keeps the range out of forked children: no page tables to copy, no second reference to the
/// copies in the making. Every mapping needs its own: the property is not the reservation's.
///
/// # Safety
/// The range is mapped, and the caller's own.
#[cfg(not(target_os = "linux"))]
unsafe fn keep_from_children(address: *mut c_void, bytes: usize) -> io::Result<()> {
    #[cfg(target_os = "macos")]
    const NONE: libc::c_int = libc::VM_INHERIT_NONE;
    #[cfg(not(target_os = "macos"))]
    const NONE: libc::c_int = libc::INHERIT_NONE;
    // SAFETY: the call changes what a child sees and no byte of this process.
    if unsafe { libc::minherit(address, bytes, NONE) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
