//! The verbs of a live run that have to do with commits, and with the ends of processes.

use std::sync::Arc;
use std::thread;

use stoa_core::{Close, Store};

use super::claim::{Claim, Commit, End, LiveState, read_all};
use super::run::LiveRun;
use crate::support::gate;
use crate::support::random::Random;
use crate::support::run::{Step, Stop, options, stop, wrong};

impl LiveRun {
    /// Goes live, with or without changes that are not committed.
    pub(crate) fn go_live(&mut self) -> Step {
        self.say("go_live");
        self.expect_commit();
        let now = self.now.clone();
        self.claim().told.push(now);
        self.claim().may_be_untold = true;
        self.store().go_live().map_err(|error| stop(&self.medium, "go_live", error))?;
        if !self.store().is_live() {
            return wrong("a store that went live is not");
        }
        let id = self.store().commit_id();
        self.begun(id, 0)?;
        self.history.drain(..self.history.len() - 1);
        self.is_live = true;
        self.quiet();
        Ok(())
    }

    /// From here on what is there now may be found as the next commit.
    fn expect_commit(&mut self) {
        let newest = self.history[self.history.len() - 1].clone();
        let (held, since) = (self.now.clone(), self.changes.len());
        // What differs takes a number of its own; in a live store bytes alone do not.
        let is_same = if self.is_live {
            newest.held.shape_difference(&held).is_none()
        } else {
            newest.held == held
        };
        if is_same {
            self.expect(newest.id, held.clone(), since);
        }
        self.expect(newest.id + 1, held, since);
    }

    fn expect(&mut self, id: u64, held: LiveState, since: usize) {
        self.claim().commits.push(Commit { id, ticket: 0, held, since });
    }

    /// A commit was captured, and this is the newest number.
    fn begun(&mut self, id: u64, ticket: u64) -> Step {
        let newest = &self.history[self.history.len() - 1];
        let differs = newest.held.shape_difference(&self.now);
        if id == newest.id && differs.is_some() {
            return wrong(format!("nothing was found changed: {}", differs.unwrap_or_default()));
        }
        if id != newest.id && id != newest.id + 1 {
            return wrong(format!("commit {id} follows {}", newest.id));
        }
        let (held, since) = (self.now.clone(), self.changes.len());
        self.history.push(Commit { id, ticket, held, since });
        Ok(())
    }

    pub(crate) fn begin_commit(&mut self) -> Step {
        self.say("begin_commit");
        self.expect_commit();
        let ticket = self.store().begin_commit();
        let ticket = ticket.map_err(|error| stop(&self.medium, "begin_commit", error))?;
        let id = self.store().captured_commit_id();
        match ticket {
            Some(ticket) => self.begun(id, ticket)?,
            None if self.is_live => return wrong("a live commit syncs in any case"),
            None => {}
        }
        self.quiet();
        Ok(())
    }

    /// How many commits are in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.history.len() - 1
    }

    /// Completes the oldest `count` commits in flight.
    pub(crate) fn complete(&mut self, count: usize) -> Step {
        if count == 0 {
            return Ok(());
        }
        self.say("complete");
        let before = self.medium.failed_syncs();
        let ticket = self.history[count].ticket;
        let result = self.store().committer().complete(ticket);
        result.map_err(|error| stop(&self.medium, "complete", error))?;
        if before > 0 {
            return wrong("a commit is acknowledged after a failed sync");
        }
        self.history.drain(..count);
        self.quiet();
        Ok(())
    }

    pub(crate) fn complete_all(&mut self) -> Step {
        self.complete(self.in_flight())
    }

    pub(crate) fn settle(&mut self) -> Step {
        self.store().settle();
        self.take_retired()
    }

    pub(crate) fn commit(&mut self) -> Step {
        self.begin_commit()?;
        self.complete_all()?;
        self.settle()?;
        let (settled, known) = (self.store().commit_id(), self.history[0].id);
        if settled == known {
            Ok(())
        } else {
            wrong(format!("commit {settled} is settled, not {known}"))
        }
    }

    /// Completes what is in flight on another thread, and goes on while that one stands between
    /// two operations.
    pub(crate) fn complete_elsewhere(
        &mut self,
        random: &mut Random,
        mut go_on: impl FnMut(&mut Self, &mut Random) -> Step,
    ) -> Step {
        let count = self.in_flight();
        if count == 0 {
            return Ok(());
        }
        let (ticket, committer) = (self.history[count].ticket, self.store().committer());
        let medium = self.medium.clone();
        let (keeper, visit) = gate::pair();
        let passes = random.below_u64(6);
        let bug = crate::support::bug::current();
        let completion = thread::spawn(move || {
            crate::support::bug::inherit(bug);
            let _visit = medium.gate().enter(visit, passes);
            committer.complete(ticket)
        });
        let mut outcome = Ok(());
        while keeper.wait() {
            if outcome.is_ok() {
                outcome = go_on(self, random);
            }
            keeper.release(random.chance(70).then(|| random.below_u64(4)));
        }
        match completion.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) if outcome.is_err() => outcome,
            Ok(Ok(())) => self.complete(count),
            Ok(Err(error)) => Err(stop(&self.medium, "complete", error)),
        }
    }

    /// Closes, and opens again.
    pub(crate) fn reopen(&mut self, how: Close) -> Step {
        self.say(&format!("close {how:?}"));
        if how == Close::Commit {
            self.expect_commit();
        }
        let after = match how {
            Close::Commit => self.now.clone(),
            Close::Discard if self.is_live => {
                let newest = &self.history[self.history.len() - 1];
                newest.held.with(&self.changes[newest.since..])
            }
            Close::Discard => self.history[self.history.len() - 1].held.clone(),
        };
        // What it told is forgotten before it says that it went in good order.
        self.claim().may_be_untold = true;
        if how == Close::Discard {
            let (id, since) = (self.history[self.history.len() - 1].id, self.changes.len());
            self.expect(id, after.clone(), since);
        }
        let (memories, result) = self.store().close(how);
        let shows = memories.iter().any(|(_, memory)| memory.shows_file());
        self.medium.set_ending(true);
        drop(memories);
        self.medium.set_ending(false);
        result.map_err(|error| stop(&self.medium, "close", error))?;
        if self.medium.is_out() {
            return Err(Stop::Power);
        }
        if shows && self.medium.failures() == 0 {
            return wrong("the memory of a closed store still shows the file");
        }
        let found = self.open_again(false)?;
        match after.difference(&found, &[], false) {
            None => self.begin_session(found),
            Some(what) => wrong(format!("closed with {how:?}: {what}")),
        }
    }

    /// The process is killed, and another opens the store, between whose operations a reader looks.
    pub(crate) fn die(&mut self) -> Step {
        self.say("killed");
        self.claim().is_recovering = true;
        let claim = self.claim().clone();
        let found = self.open_again(claim.told.len() == 1)?;
        let commit = self.store().commit_id();
        match claim.refute(End::Kill, commit, &found, &self.changes) {
            None => self.begin_session(found),
            Some(what) => wrong(format!("killed: {what}")),
        }
    }

    /// Another process opens the store. With `is_watched` a reader sees what was told meanwhile.
    fn open_again(&mut self, is_watched: bool) -> Step<LiveState> {
        self.end_process();
        let medium = self.medium.clone();
        let opened = if is_watched && self.onlooker.is_some() {
            self.open_watched()?
        } else {
            Store::open_on(Arc::new(medium), &options())
        };
        let mut store = opened.map_err(|error| stop(&self.medium, "open", error))?;
        let found = read_all(&mut store).map_err(|error| stop(&self.medium, "read", error));
        self.store = Some(store);
        found.inspect_err(|_| self.end_process())
    }

    fn open_watched(
        &mut self,
    ) -> Step<stoa_core::Result<Store<crate::support::simulated::SimulatedMedium>>> {
        let medium = self.medium.clone();
        let (keeper, visit) = gate::pair();
        let bug = crate::support::bug::current();
        let opening = thread::spawn(move || {
            crate::support::bug::inherit(bug);
            let _visit = medium.gate().enter(visit, 0);
            Store::open_on(Arc::new(medium.clone()), &options())
        });
        let mut outcome = Ok(());
        while keeper.wait() {
            if outcome.is_ok() {
                outcome = self.look();
            }
            keeper.release(Some(0));
        }
        let opened = opening.join();
        outcome?;
        match opened {
            Ok(opened) => Ok(opened),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// What was found is what there is now, and the last commit.
    fn begin_session(&mut self, found: LiveState) -> Step {
        let id = self.store().commit_id();
        self.is_live = false;
        self.history =
            vec![Commit { id, ticket: 0, held: found.clone(), since: self.changes.len() }];
        self.now = found;
        self.quiet();
        self.look()
    }

    /// What may be found now.
    pub(crate) fn last_claim(&self) -> &Claim {
        &self.claims[self.claims.len() - 1]
    }
}
