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
/// What the kernel says. On Linux what was there stays.
#[cfg(target_os = "linux")]
pub(super) unsafe fn place(target: *mut u8, bytes: usize, source: Source<'_>) -> io::Result<()> {
    use rustix::mm::{MremapFlags, mremap_fixed};

    // First somewhere else, then moved. A fixed mapping that fails may leave a hole (before Linux
    // 6.12 the old mapping was removed before memory was accounted for), another thread's memory
    // may land in the hole, and `release` would unmap it.
    // SAFETY: a null address without MAP_FIXED: the kernel takes addresses that nothing uses.
    let staged = unsafe { map(ptr::null_mut(), bytes, MapFlags::empty(), source) }?;
    // SAFETY: the range was mapped above and is nobody else's.
    let moved = unsafe { keep_from_children(staged, bytes) }.and_then(|()| {
        // SAFETY: the old range is the one mapped above, to which nothing refers; the new one lies
        // in a reservation, by the caller's promise.
        let address = unsafe {
            mremap_fixed(staged, bytes, bytes, MremapFlags::MAYMOVE, target.cast::<c_void>())
        }?;
        debug_assert_eq!(address, target.cast());
        Ok(())
    });
    if moved.is_err() {
        // SAFETY: the staged range is still where it was, and nothing has seen its address.
        let _ = unsafe { munmap(staged, bytes) };
    }
    moved
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
pub(super) unsafe fn place(target: *mut u8, bytes: usize, source: Source<'_>) -> io::Result<()> {
    // SAFETY: the range lies in a reservation, by the caller's promise.
    let address = unsafe { map(target.cast(), bytes, MapFlags::FIXED, source) }?;
    // SAFETY: the range was mapped above.
    unsafe { keep_from_children(address, bytes) }
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
