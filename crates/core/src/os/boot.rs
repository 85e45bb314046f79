//! Which start of the machine this is.
#![cfg_attr(not(target_os = "linux"), expect(unsafe_code, reason = "no crate in use has sysctl"))]

use std::sync::OnceLock;
use twox_hash::XxHash3_64;

/// A number that is another after each start of the machine; 0 where it cannot be learnt.
pub(super) fn boot_id() -> u64 {
    static LEARNT: OnceLock<u64> = OnceLock::new();
    // Never 0 for what was learnt.
    *LEARNT.get_or_init(|| random_id().map_or(0, |id| XxHash3_64::oneshot(&id).max(1)))
}

/// What the kernel drew when it started.
#[cfg(target_os = "linux")]
fn random_id() -> Option<Vec<u8>> {
    std::fs::read("/proc/sys/kernel/random/boot_id").ok().filter(|id| !id.is_empty())
}

/// What the kernel drew when it started.
#[cfg(not(target_os = "linux"))]
fn random_id() -> Option<Vec<u8>> {
    #[cfg(target_os = "macos")]
    const NAME: &std::ffi::CStr = c"kern.bootsessionuuid";
    #[cfg(not(target_os = "macos"))]
    const NAME: &std::ffi::CStr = c"kern.boot_id";

    let mut id = vec![0_u8; 64];
    let mut bytes = id.len();
    // SAFETY: the name ends in a zero; the kernel writes at most `bytes` bytes to `id`, which has
    // as many, and how many it wrote to `bytes`; nothing is set, so the last two are null and 0.
    let answer = unsafe {
        libc::sysctlbyname(
            NAME.as_ptr(),
            id.as_mut_ptr().cast(),
            &raw mut bytes,
            std::ptr::null_mut(),
            0,
        )
    };
    id.truncate(bytes);
    (answer == 0 && !id.is_empty()).then_some(id)
}
