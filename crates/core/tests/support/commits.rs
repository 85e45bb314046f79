//! The verbs of a run that have to do with commits: each compares what the store says with what it
//! must say, and notes what a power cut may leave meanwhile.

use std::sync::Arc;

use stoa_core::{Close, Error, ErrorKind, PAGE_BYTES};

use super::fault::{OPERATIONS, Operation};
use super::memory::SimulatedMemory;
use super::model::{Allowed, History};
use super::run::{Run, Step, Stop, open, wrong};
use super::trace::trace;

impl Run {
    /// From here on a cut may leave the present state, as the next commit.
    pub(crate) fn expect_commit(&mut self) {
        let now = Arc::new(self.now.clone());
        if self.medium.is_failing() {
            // Where a commit in flight fails, the next one takes its number.
            for commit in self.history.acknowledged() + 1..=self.history.begun() {
                self.trail.push((commit, Arc::clone(&now)));
            }
        }
        self.trail.push((self.history.begun() + 1, now));
    }

    /// A commit was begun, or the engine found nothing changed.
    fn begun(&mut self, is_begun: bool) -> Step {
        if is_begun {
            self.history.begin(self.now.clone());
        } else if **self.history.newest() == self.now {
            self.trail.pop();
        } else {
            return wrong("nothing was found changed, and something was");
        }
        Ok(())
    }

    /// A commit was acknowledged. `failed_before`: failed syncs when it was asked for.
    fn acknowledge(&mut self, commit: u64, failed_before: u64) -> Step {
        if failed_before > 0 {
            return wrong(format!("commit {commit} is acknowledged after a failed sync"));
        }
        self.history.acknowledge(commit);
        Ok(())
    }

    /// The commits behind `commit` failed.
    fn undo_behind(&mut self, commit: u64) {
        self.history.undo_behind(commit);
        self.tickets.retain(|id, _| *id <= commit);
    }

    pub(crate) fn commit(&mut self) -> Step {
        trace(format_args!("commit after {}", self.history.begun()));
        let before = self.medium.failed_syncs();
        self.expect_commit();
        let commit = self.store().commit().map_err(self.stop("commit"))?;
        let has_failures = self.medium.failed(&OPERATIONS) > 0;
        self.committed(commit, has_failures, before)?;
        self.take_retired()
    }

    /// Everything up to now is committed. `failed_before`: failed syncs when it was asked for.
    pub(crate) fn committed(
        &mut self,
        commit: u64,
        has_failures: bool,
        failed_before: u64,
    ) -> Step {
        let begun = self.history.begun();
        let is_repeated = commit < begun || commit == begun && **self.history.newest() != self.now;
        if has_failures && is_repeated {
            // What was in flight failed for want of room, and became part of this commit.
            self.undo_behind(commit - 1);
            self.trail.push((commit, Arc::new(self.now.clone())));
        }
        let expected = self.history.begun() + 1;
        if commit != expected && commit + 1 != expected {
            return wrong(format!("commit {commit} was made, not {expected}"));
        }
        self.begun(commit == expected)?;
        self.acknowledge(commit, failed_before)
    }

    pub(crate) fn begin_commit(&mut self) -> Step {
        trace(format_args!("begin_commit after {}", self.history.begun()));
        self.expect_commit();
        let ticket = self.store().begin_commit().map_err(self.stop("begin_commit"))?;
        self.begun(ticket.is_some())?;
        if let Some(ticket) = ticket {
            self.tickets.insert(self.history.begun(), ticket);
        }
        Ok(())
    }

    /// The ticket of a commit in flight, or of none: then nothing is waited for.
    pub(crate) fn ticket(&self, commit: u64) -> u64 {
        self.tickets.get(&commit).copied().unwrap_or(0)
    }

    /// Commits that were begun and not completed.
    pub(crate) fn in_flight(&self) -> u64 {
        self.history.begun() - self.history.acknowledged()
    }

    pub(crate) fn complete(&mut self, commit: u64) -> Step {
        trace(format_args!("complete {commit}"));
        let before = self.medium.failed_syncs();
        let ticket = self.ticket(commit);
        self.store().committer().complete(ticket).map_err(self.stop("complete"))?;
        self.acknowledge(commit, before)
    }

    pub(crate) fn settle(&mut self) -> Step {
        trace(format_args!("settle"));
        self.store().settle();
        let (found, least) = (self.store().commit_id(), self.history.acknowledged());
        if found < least || found > self.history.begun() {
            return wrong(format!("commit {found} is settled, and {least} was completed"));
        }
        self.take_retired()
    }

    pub(crate) fn rollback(&mut self) -> Step {
        trace(format_args!("roll back"));
        let before = self.medium.failed_syncs();
        self.store().rollback().map_err(self.stop("rollback"))?;
        if self.medium.is_failing() {
            // What was in flight and failed is taken back with the rest.
            let durable = self.store().commit_id();
            self.undo_behind(durable);
        }
        self.acknowledge(self.history.begun(), before)?;
        self.now = (**self.history.newest()).clone();
        self.take_retired()?;
        self.compare()
    }

    /// Retired memory shows nothing of the file.
    fn take_retired(&mut self) -> Step {
        for (id, memory) in self.store().take_retired() {
            self.check_blank(memory, &format!("the retired memory of region {}", id.0))?;
        }
        Ok(())
    }

    /// Memory that was covered shows nothing of the file; where it could not be covered it is
    /// kept as long as the process lives.
    pub(crate) fn check_blank(&self, memory: SimulatedMemory, what: &str) -> Step {
        if memory.shows_file() && self.medium.failed(&[Operation::MapAnonymous]) == 0 {
            return wrong(format!("{what} still shows the file"));
        }
        self.medium.set_ending(true);
        drop(memory);
        self.medium.set_ending(false);
        Ok(())
    }

    /// Changes a byte of every page, so that a page which is taken for clean is noticed.
    fn touch_every_page(&mut self) -> Step {
        for name in self.now.regions.keys().cloned().collect::<Vec<_>>() {
            for at in (0..self.region(&name).bytes.len()).step_by(PAGE_BYTES) {
                let byte = !self.region(&name).bytes[at];
                self.update(&name, at, &[byte])?;
            }
        }
        Ok(())
    }

    /// Closes and opens again, on the same machine.
    pub(crate) fn reopen(&mut self, how: Close) -> Step {
        if how == Close::Commit {
            self.expect_commit();
        }
        let was_poisoned = self.store().is_poisoned();
        let (memories, result) = self.store().close(how);
        for (id, memory) in memories {
            self.check_blank(memory, &format!("the memory of region {} of a closed store", id.0))?;
        }
        if let Err(error) = result {
            let stop = self.stop("close")(error);
            self.end_process();
            return Err(stop);
        }
        let newest = (self.history.begun(), Arc::clone(self.history.newest()));
        // Where a commit in flight fails, the next one takes its number, or it is taken back.
        let mut allowed = Vec::new();
        if self.medium.is_failing() {
            let now = Arc::new(self.now.clone());
            allowed.clone_from(self.history.allowed());
            for (commit, _) in self.history.allowed() {
                allowed.push((*commit, Arc::clone(&now)));
            }
        }
        if how == Close::Discard || *newest.1 == self.now {
            allowed.push(newest.clone());
        }
        if how == Close::Commit {
            allowed.push((newest.0 + 1, Arc::new(self.now.clone())));
        }
        if self.medium.is_out() {
            return Err(Stop::Power);
        }
        if was_poisoned {
            // It closed quietly, and nothing was promised.
            return Err(Stop::Fault(Error::new(ErrorKind::Poisoned, "closed when poisoned")));
        }
        self.open_again(&allowed)
    }

    /// The process dies and another opens the store: the cache survives, what was not begun is
    /// lost, and what was begun may be.
    pub(crate) fn die(&mut self) -> Step {
        let allowed = self.history.allowed().clone();
        self.open_again(&allowed)
    }

    /// Opens the store again on what the cache holds.
    fn open_again(&mut self, allowed: &Allowed) -> Step {
        trace(format_args!("open again"));
        // The old store goes first: two of them would map the same pages.
        self.end_process();
        let (store, commit, state) = open(&self.medium, allowed)?;
        self.store = Some(store);
        self.now = (*state).clone();
        self.history = History::new(commit, state);
        Ok(())
    }

    /// After a failed sync no commit is acknowledged any more.
    pub(crate) fn check_poisoned(&mut self) -> Step {
        let is_poisoned = self.store().is_poisoned();
        let later = [self.store().commit().err(), self.store().begin_commit().err()];
        if is_poisoned && later.iter().flatten().all(|e| e.kind() == ErrorKind::Poisoned) {
            return Ok(());
        }
        wrong(format!("after a failed sync: poisoned: {is_poisoned}, later commits: {later:?}"))
    }

    /// After a full disk all is pending, and a commit succeeds once there is room.
    pub(crate) fn go_on_with_room(&mut self) -> Step {
        if self.store().is_poisoned() {
            return wrong("a full disk, or a lack of memory, poisoned the store");
        }
        self.medium.stop_failing();
        let ticket = self.ticket(self.history.begun());
        match self.store().committer().complete(ticket) {
            Err(error) if error.kind() != ErrorKind::NoSpace => {
                return wrong(format!("a commit in flight on a full disk: {error}"));
            }
            _ => self.settle()?,
        }
        let durable = self.store().commit_id();
        self.history.acknowledge(durable);
        self.undo_behind(durable);
        self.compare()?;
        self.begin_step("there is room again");
        self.touch_every_page()?;
        self.commit()?;
        // It is acknowledged: nothing less may be found from now on.
        self.begin_step("went on");
        Ok(())
    }
}
