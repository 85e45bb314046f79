//! What needs the file at rest: checks and backups hold the committer, and commits wait.

use crate::backup::Touched;
use crate::commit::{Applied, Committer, Write, lock};
use crate::error::{Error, ErrorKind, Result, forked, lost, poisoned};
use crate::medium::Medium;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl<M: Medium> Committer<M> {
    /// Refuses what a forked child must leave alone.
    pub(crate) fn check_process(&self) -> Result<()> {
        if std::process::id() == self.process { Ok(()) } else { Err(forked()) }
    }

    /// The store is about to give up its lock. Waits for who holds what was applied.
    pub(crate) fn end(&self) {
        let _applied = lock(&self.applied);
        self.is_over.store(true, Ordering::Release);
    }

    /// Does something while no commit is performed: commits wait. What it read of a file that was
    /// lost meanwhile does not count.
    pub(crate) fn hold<T>(&self, act: impl FnOnce(&Applied) -> Result<T>) -> Result<T> {
        self.check_process()?;
        let applied = lock(&self.applied);
        if self.is_over.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Closed, "the store was closed meanwhile"));
        }
        self.check_trusted()?;
        let result = act(&applied);
        self.check_trusted()?;
        result
    }

    /// Notes from here on what commits write, as long as somebody keeps `touched`.
    pub(crate) fn track(&self, touched: &Arc<Touched>) {
        lock(&self.touched).push(Arc::downgrade(touched));
    }

    pub(crate) fn note_touched(&self, write: &Write) {
        lock(&self.touched).retain(|touched| {
            let touched = touched.upgrade();
            touched.inspect(|touched| touched.note(write)).is_some()
        });
    }

    pub(crate) fn check_trusted(&self) -> Result<()> {
        if self.is_poisoned() {
            return Err(poisoned());
        }
        // What was captured may be zeros.
        if self.medium.has_lost() {
            self.poison();
            return Err(lost());
        }
        Ok(())
    }
}
