//! Failures to inject: which call, the how-manieth, and whether it goes on failing.

use std::io;

/// A kind of call to the medium or to its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Write,
    WriteDurable,
    Sync,
    Allocate,
    Truncate,
    Reserve,
    MapFile,
    MapAnonymous,
    FindCopies,
    DropCopies,
    CreateBeside,
    Rename,
    SyncName,
}

pub(crate) const OPERATIONS: [Operation; 14] = [
    Operation::Read,
    Operation::Write,
    Operation::WriteDurable,
    Operation::Sync,
    Operation::Allocate,
    Operation::Truncate,
    Operation::Reserve,
    Operation::MapFile,
    Operation::MapAnonymous,
    Operation::FindCopies,
    Operation::DropCopies,
    Operation::CreateBeside,
    Operation::Rename,
    Operation::SyncName,
];

impl Operation {
    /// How such a call can fail.
    pub(crate) fn failures(self) -> &'static [Failing] {
        match self {
            Self::MapFile | Self::DropCopies => &[Failing::Memory, Failing::Lost],
            Self::Reserve | Self::MapAnonymous | Self::FindCopies => &[Failing::Memory],
            _ => &[Failing::Device, Failing::Full],
        }
    }
}

/// What the failing call says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// EIO.
    Device,
    /// ENOSPC.
    Full,
    /// ENOMEM, and all is as before.
    Memory,
    /// ENOMEM, and zeros are shown where the call was to show something.
    Lost,
}

impl Failing {
    pub(crate) fn error(self) -> io::Error {
        match self {
            Self::Device => io::Error::from_raw_os_error(5),
            Self::Full => io::ErrorKind::StorageFull.into(),
            Self::Memory | Self::Lost => io::Error::from_raw_os_error(12),
        }
    }
}

/// One failure to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) operation: Operation,
    /// Calls of that kind that still succeed.
    pub(crate) after: u64,
    pub(crate) failing: Failing,
    /// Whether all later calls of that kind fail too.
    pub(crate) forever: bool,
}

/// The failures to come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
    /// The calls that have failed, and how.
    pub(crate) failed: Vec<(Operation, Failing)>,
    /// Those before the machine was mended last.
    pub(crate) mended: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    /// Nothing fails from now on.
    pub(crate) fn mend(&mut self) {
        self.mended += self.failed.len() as u64;
        self.failed.clear();
        self.waiting.clear();
    }

    /// Whether a call has failed or will.
    pub(crate) fn is_any(&self) -> bool {
        !self.waiting.is_empty() || !self.failed.is_empty()
    }

    /// Counts a call, and says whether it fails.
    pub(crate) fn call(&mut self, operation: Operation) -> Option<Failing> {
        let mut failing = None;
        self.waiting.retain_mut(|fault| {
            if fault.operation != operation {
                return true;
            }
            if fault.after > 0 {
                fault.after -= 1;
                return true;
            }
            failing = Some(fault.failing);
            fault.forever
        });
        self.failed.extend(failing.map(|failing| (operation, failing)));
        failing
    }
}
