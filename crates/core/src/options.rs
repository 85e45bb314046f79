//! How a store is opened.

use crate::os::DirtySearch;
use std::time::Duration;

/// How a store is opened. `Options::default()` creates a missing store, for its owner only, and
/// does not wait for the lock.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether a missing store is created. Default: true.
    pub create: bool,
    /// The permissions of a new file, less the process' umask. Default: 0o600.
    pub mode: u32,
    /// How long to wait for another writer to close. Default: not at all.
    pub wait: Duration,
    /// Whether the lock is tried once and never waited for, for callers that come again by
    /// themselves: no thread sleeps meanwhile. Default: false, and then a try outlasts what a
    /// reader does with the lock, some milliseconds.
    pub tries_once: bool,
    /// Bytes of address space that one region may grow into. It costs no memory. Default: 64 GiB;
    /// where the system refuses that much, a region gets less.
    pub reserve_bytes: u64,
    /// How changed pages are found. Default: the best way that this kernel has.
    pub dirty_search: Option<DirtySearch>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            mode: 0o600,
            wait: Duration::ZERO,
            tries_once: false,
            reserve_bytes: 64 << 30,
            dirty_search: None,
        }
    }
}
