//! Errors that leave the disk in doubt, and those that do not.

use crate::commit::Committer;
use crate::error::{Error, ErrorKind};
use crate::medium::Medium;
use std::io;

impl<M: Medium> Committer<M> {
    /// An error that leaves the disk in doubt: no later commit may be acknowledged.
    pub(crate) fn doubt(&self, error: &io::Error, syscall: &'static str, attempt: &str) -> Error {
        self.poison();
        let attempt = format!(
            "{attempt}; whether it reached the disk is unknown, the store is poisoned: \
             close it and open it again, it then shows what the disk holds"
        );
        let error = Error::from_io(error, syscall, attempt);
        // A full disk that shows only at the sync leaves as much doubt as any other failure.
        if error.kind() == ErrorKind::Io { error } else { error.with_kind(ErrorKind::Io) }
    }

    /// An error before the sync. A full disk changes nothing; anything else leaves doubt.
    pub(crate) fn before_sync(&self, error: &io::Error, attempt: &str) -> Error {
        let told = Error::from_io(error, "pwrite", format!("{attempt}; nothing was changed"));
        if told.kind() == ErrorKind::NoSpace { told } else { self.doubt(error, "pwrite", attempt) }
    }
}
