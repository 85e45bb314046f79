//! Errors that leave the disk in doubt, and those that do not.

use crate::commit::Committer;
use crate::error::{Error, ErrorKind};
use crate::format::live::{LIVE_OFFSET, LiveBlock};
use crate::medium::Medium;
use crate::planted::{Bug, planted};
use std::io;
use std::sync::atomic::Ordering;

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

    /// The same of a sync. Pages of a live store that it should have brought to the disk count as
    /// clean now, and are only in the page cache: a recovery must know.
    pub(crate) fn doubt_sync(
        &self,
        error: &io::Error,
        syscall: &'static str,
        attempt: &str,
    ) -> Error {
        if self.is_live.load(Ordering::Acquire) && !planted(Bug::LiveLossUntold) {
            self.has_lost.store(true, Ordering::Release);
            self.tell_of_loss();
        }
        self.doubt(error, syscall, attempt)
    }

    /// Tells a later recovery that a sync failed, if one did.
    pub(crate) fn tell_of_loss(&self) {
        if self.has_lost.load(Ordering::Acquire) {
            let lost = LiveBlock::lost(self.medium.boot_id());
            // Where not even this can be written the store is poisoned all the same.
            let _no_worse = self.medium.write(LIVE_OFFSET, &lost);
        }
    }

    /// From here on memory is shared.
    pub(crate) fn set_live(&self) {
        self.is_live.store(true, Ordering::Release);
    }

    /// An error before the sync. A full disk changes nothing; anything else leaves doubt.
    pub(crate) fn before_sync(&self, error: &io::Error, attempt: &str) -> Error {
        let told = Error::from_io(error, "pwrite", format!("{attempt}; nothing was changed"));
        if told.kind() == ErrorKind::NoSpace { told } else { self.doubt(error, "pwrite", attempt) }
    }
}
