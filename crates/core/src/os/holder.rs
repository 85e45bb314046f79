//! Who holds the lock of a file, where the system tells.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

/// A flock of another process, or of this one, as messages tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// By its number.
    Process(u32),
    /// This process, through another descriptor.
    Ourselves,
}

impl Holder {
    /// Who has a flock on the file now. `None` where nobody has, and where the system does not
    /// tell: only Linux does, and not of processes outside of the namespace of this one.
    pub(super) fn of(file: &File) -> Option<Self> {
        let found = file.metadata().ok()?;
        let device = (rustix::fs::major(found.dev()), rustix::fs::minor(found.dev()));
        let table = fs::read_to_string(TABLE).ok()?;
        let pid = pid_in(&table, device, found.ino())?;
        Some(if pid == std::process::id() { Self::Ourselves } else { Self::Process(pid) })
    }
}

/// The locks of the whole system, as `proc_locks(5)` describes them. Only Linux has the file.
const TABLE: &str = "/proc/locks";

/// The process that has a flock on that inode of that device, exclusively if there is one.
///
/// A line is `1: FLOCK  ADVISORY  WRITE 4711 fe:00:9977892 0 EOF`; after `1: ->` it is one that
/// waits. The number of a process that the reader cannot see is 0.
pub(super) fn pid_in(table: &str, device: (u32, u32), inode: u64) -> Option<u32> {
    let mut shared = None;
    for line in table.lines() {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (Some("FLOCK"), Some(_), Some(mode), Some(pid), Some(place)) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let pid = pid.parse().ok().filter(|pid| *pid > 0);
        if pid.is_none() || !is_at(place, device, inode) {
            continue;
        }
        if mode == "WRITE" {
            return pid;
        }
        shared = shared.or(pid);
    }
    shared
}

/// Whether `fe:00:9977892` is that device, in hexadecimal, and that inode.
fn is_at(place: &str, device: (u32, u32), inode: u64) -> bool {
    let mut parts = place.split(':');
    let mut number = |radix| parts.next().and_then(|part| u64::from_str_radix(part, radix).ok());
    (number(16), number(16), number(10))
        == (Some(device.0.into()), Some(device.1.into()), Some(inode))
}
