//! Going over to another file: a writer's after its compaction, a reader's when the name of the store
//! is another file's by now.

use crate::error::{Error, ErrorKind, Result};
use crate::medium::{Medium, Memory};
use crate::options::Options;
use crate::region::in_memory;
use crate::store::Store;
use std::sync::Arc;

impl<M: Medium> Store<M> {
    /// Becomes a store that has another file open. Memory that was shown stays as it is, and is
    /// nobody's: nothing written to it reaches either file's commits.
    pub(crate) fn go_over_to(&mut self, mut next: Self) {
        // A ticket is never used again, and tells of its commit as long as somebody may ask.
        next.last_ticket = next.last_ticket.max(self.last_ticket);
        next.committer.remember_failures_of(&self.committer);
        next.retired = std::mem::take(&mut self.retired);
        let dropped = std::mem::take(&mut self.dropped).into_iter();
        let dropped = dropped.map(|dropped| (dropped.id, dropped.region));
        for (id, region) in std::mem::take(&mut self.regions).into_iter().chain(dropped) {
            if let Some(mut view) = region.view {
                // Where the system refuses, address space stays taken.
                let _no_worse = view.memory.keep_only(in_memory(view.window_bytes));
                next.retired.push((id, view.memory));
            }
        }
        let former = std::mem::replace(self, next);
        // Memory keeps the lock of its file.
        former.medium.unlock();
    }

    /// On a reader: goes over to the file that has the name of its own by now, once that is `ready`.
    /// False where it is its own still.
    ///
    /// # Errors
    /// What opening that file fails with; `Unsupported` where it holds an older commit: then it is
    /// another store. The reader stays as it was.
    pub(crate) fn follow_name(
        &mut self,
        ready: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<bool> {
        let Some(reading) = &self.reading else { return Ok(false) };
        if reading.shares {
            return Ok(false);
        }
        let Some(next) = self.medium.successor()? else { return Ok(false) };
        let options = Options { reserve_bytes: self.reserve_bytes, ..Options::default() };
        let attempt = "cannot go on to the file that has the path of the store now";
        let mut next = Self::read_on(Arc::new(next), &options)
            .map_err(|error| error.while_attempting(attempt))?;
        if next.commit_id < self.commit_id {
            let message = format!(
                "{attempt}: it holds commit {}, and commit {} was shown already; it is another store: \
                 close this one and open that",
                next.commit_id, self.commit_id
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        ready(&mut next)?;
        self.go_over_to(next);
        Ok(true)
    }
}
