//! Failures to inject: which call, the how-manieth, and whether it goes on failing.

use std::io;

/// A kind of call to the medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Write,
    WriteDurable,
    Sync,
    Allocate,
    Zero,
    Truncate,
}

pub(crate) const OPERATIONS: [Operation; 7] = [
    Operation::Read,
    Operation::Write,
    Operation::WriteDurable,
    Operation::Sync,
    Operation::Allocate,
    Operation::Zero,
    Operation::Truncate,
];

/// What the failing call says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// EIO.
    Device,
    /// ENOSPC.
    Full,
}

impl Failing {
    pub(crate) fn error(self) -> io::Error {
        match self {
            Self::Device => io::Error::from_raw_os_error(5),
            Self::Full => io::ErrorKind::StorageFull.into(),
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
    /// The calls that have failed.
    pub(crate) failed: Vec<Operation>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
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
        if failing.is_some() {
            self.failed.push(operation);
        }
        failing
    }
}
