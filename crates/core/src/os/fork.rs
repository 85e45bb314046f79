//! Forks, as a child sees them. A child has its parent's values and not its parent's mapped memory:
//! what touches that would be a signal. Asking the kernel who one is takes a system call, so the
//! number of forks up to this process is kept, and a load tells.
#![expect(unsafe_code, reason = "registers what a fork calls")]

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// How often there was a fork from the first process that used this crate to this one.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// A fork that this value has not seen tells that memory belongs to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lineage(u32);

impl Lineage {
    /// That of this process. Where the system has no room to note it, children are told apart
    /// only by the calls that ask the kernel.
    pub(crate) fn begin() -> Self {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(|| {
            // SAFETY: the function lives as long as the program, and in the child, where only
            // what signal handlers may do is allowed, it changes one atomic number.
            let _no_worse = unsafe { libc::pthread_atfork(None, None, Some(count)) };
        });
        Self::now()
    }

    fn now() -> Self {
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Whether this process began it, and not one that forked it.
    pub(crate) fn is_ours(self) -> bool {
        self == Self::now()
    }
}

extern "C" fn count() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
