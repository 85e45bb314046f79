//! Advice on memory that is about to be written: fewer faults. Where the kernel knows none of it,
//! or refuses it, nothing is lost but time.
#![cfg_attr(target_os = "linux", expect(unsafe_code, reason = "advice is given by address"))]

use std::mem::MaybeUninit;

/// What has fewer bytes is not worth a call.
const POPULATE_BYTES_MIN: usize = 64 * 1024;
/// The same for large pages, which have 2 MiB.
const LARGE_BYTES_MIN: usize = 4 * 1024 * 1024;

/// Makes memory present for writing in one call, instead of in a fault a page. Of mapped memory all
/// pages become private copies: for what is overwritten as a whole.
pub(crate) fn populate<T>(memory: &mut [T]) {
    if size_of_val(memory) >= POPULATE_BYTES_MIN {
        #[cfg(target_os = "linux")]
        advise(memory, rustix::mm::Advice::LinuxPopulateWrite);
    }
}

/// Asks for large pages, for room that is given back soon.
pub(crate) fn prefer_large_pages<T>(room: &mut [MaybeUninit<T>]) {
    if size_of_val(room) >= LARGE_BYTES_MIN {
        #[cfg(target_os = "linux")]
        advise(room, rustix::mm::Advice::LinuxHugepage);
    }
}

#[cfg(target_os = "linux")]
fn advise<T>(memory: &mut [T], advice: rustix::mm::Advice) {
    let page_bytes = rustix::param::page_size();
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(page_bytes);
    let bytes = size_of_val(memory).saturating_sub(skipped) / page_bytes * page_bytes;
    // SAFETY: whole pages within memory that is borrowed to be changed. Neither advice changes a
    // byte of it.
    let _ = unsafe { rustix::mm::madvise(start.wrapping_add(skipped).cast(), bytes, advice) };
}
