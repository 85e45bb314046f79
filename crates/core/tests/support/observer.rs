//! A reader in a process of its own, beside the writer of a run: it looks at random moments, also
//! in the middle of a commit, of a recovery, or while a commit is on another thread.
//!
//! It does nothing that would wait for the writer: time stands still while it looks.

use std::time::{Duration, Instant};

use stoa_core::{Copies, Medium, format};

use super::model::{Allowed, State};
use super::random::Random;
use super::reader::{Reader, Seen, told};
use super::sighting::Sighting;
use super::simulated::SimulatedMedium;
use super::trace::trace;

/// Where the sequence word and the published block lie, as in `docs/format.md`.
const SEQUENCE_OFFSET: u64 = 131_072;

/// What it keeps of a run at most.
const SIGHTINGS_MAX: usize = 400;

/// A look that takes so long has waited for the writer, who stands still meanwhile.
const LONG: Duration = Duration::from_millis(800);

/// Somebody who looks.
#[derive(Debug)]
pub(crate) struct Observer {
    random: Random,
    /// In how many of a hundred operations it looks.
    percent: usize,
    reader: Option<Reader>,
    /// Whether the writer's calls may fail.
    pub(crate) may_lag: bool,
    /// No commit before this may be shown any more.
    newest: u64,
    sightings: Vec<Sighting>,
    wrong: Option<String>,
    pub(crate) looks: u64,
    pub(crate) whole: u64,
}

/// What the disk tells of its writer.
#[derive(Clone, Copy, Debug)]
struct Moment {
    mark: usize,
    sequence: u64,
    /// The commit of the published block, if it is of this boot.
    published: Option<u64>,
    has_writer: bool,
}

impl Moment {
    fn of(medium: &SimulatedMedium) -> Self {
        let boot = medium.boot_id();
        let state = medium.lock();
        let mut bytes = [0; 104];
        state.disk.read(SEQUENCE_OFFSET, &mut bytes);
        let word = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("a word"));
        let is_exact = word(96) == format::checksum(&bytes[64..96]) && word(80) == boot;
        Self {
            mark: state.mark,
            sequence: word(0),
            published: is_exact.then(|| word(64)),
            has_writer: state.has_writer,
        }
    }

    /// The newest commit that a writer told of in this boot.
    fn told(&self) -> Option<u64> {
        self.published.map(|commit| commit.max(self.sequence / 2))
    }

    /// Whether nothing is on its way home.
    fn is_at_rest(&self) -> bool {
        let is_even = self.sequence.is_multiple_of(2);
        self.published.is_some_and(|commit| is_even && self.sequence / 2 <= commit)
    }

    /// Whether who comes anew must wait.
    fn is_busy(&self) -> bool {
        self.has_writer && !self.is_at_rest()
    }
}

impl Observer {
    /// One that looks now and then.
    pub(crate) fn new(random: Random, percent: usize) -> Self {
        Self {
            random,
            percent,
            reader: None,
            may_lag: false,
            newest: 0,
            sightings: Vec::new(),
            wrong: None,
            looks: 0,
            whole: 0,
        }
    }

    /// One that has seen all of what a cut or a kill left, before any writer opens it.
    pub(crate) fn before(medium: &SimulatedMedium, random: Random) -> Self {
        medium.set_mark(0);
        let mut observer = Self::new(random, 40);
        observer.wrong = observer.see_what_is_left(&medium.reading()).err();
        observer
    }

    fn see_what_is_left(&mut self, medium: &SimulatedMedium) -> Result<(), String> {
        let moment = Moment::of(medium);
        let size = |medium: &SimulatedMedium| {
            let state = medium.lock();
            (state.operations, state.disk.len())
        };
        let before = size(medium);
        self.open(medium, &moment)?;
        self.note(&moment, true, 100, "opened without a writer")?;
        if before != size(medium) {
            return Err("a reader changed the file".to_owned());
        }
        if self.random.chance(30) {
            self.snapshot(&moment)?;
        }
        Ok(())
    }

    /// Looks, or not. What goes wrong is told at the end.
    pub(crate) fn look(&mut self, medium: &SimulatedMedium) {
        if !medium.is_out() && self.wrong.is_none() && self.random.chance(self.percent) {
            self.looks += 1;
            let since = Instant::now();
            self.wrong = self.act(medium).err();
            if self.wrong.is_none() && since.elapsed() > LONG {
                self.wrong = Some(format!("waited for {:?}", since.elapsed()));
            }
        }
    }

    fn act(&mut self, medium: &SimulatedMedium) -> Result<(), String> {
        let moment = Moment::of(medium);
        trace(format_args!("    a reader looks: {moment:?}"));
        let percent = *self.random.pick(&[0, 50, 100]);
        let Some(reader) = &mut self.reader else {
            return self.open(medium, &moment);
        };
        match self.random.below(10) {
            0 | 1 => {
                self.open(medium, &moment)?;
                self.note(&moment, moment.is_at_rest(), percent, "opened")
            }
            2..=4 => {
                let copies = *self.random.pick(&[Copies::Forgotten, Copies::Kept]);
                reader.refresh(copies).map_err(told("refresh"))?;
                self.note(&moment, moment.is_at_rest(), percent, &format!("refreshed, {copies:?}"))
            }
            5 | 6 => self.snapshot(&moment),
            7 => reader.scribble(&mut self.random).map_err(told("write")),
            _ => {
                let is_whole = reader.snapshot.is_some()
                    && reader.store.is_whole().map_err(told("is_whole"))?;
                self.note(&moment, is_whole, percent, "went on")
            }
        }
    }

    fn open(&mut self, medium: &SimulatedMedium, moment: &Moment) -> Result<(), String> {
        if !moment.is_busy() {
            self.reader = Some(Reader::open(medium).map_err(told("opening"))?);
        }
        Ok(())
    }

    fn snapshot(&mut self, moment: &Moment) -> Result<(), String> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        if moment.is_busy() {
            return Ok(());
        }
        reader.begin_snapshot().map_err(told("snapshot"))?;
        let is_whole = reader.store.is_whole().map_err(told("is_whole"))?;
        if !is_whole {
            return Err("a snapshot is not whole, and nothing happened since".to_owned());
        }
        self.note(moment, true, 70, "a snapshot")
    }

    /// Notes what the reader shows.
    fn note(
        &mut self,
        moment: &Moment,
        is_whole: bool,
        percent: usize,
        how: &str,
    ) -> Result<(), String> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let commit = reader.store.commit_id();
        let is_fresh = reader.since == moment.mark;
        if is_fresh && moment.told().is_some_and(|told| commit > told) {
            return Err(format!(
                "{how}: commit {commit} is shown, and nobody told of it: {moment:?}"
            ));
        }
        if how != "went on" && commit < self.newest {
            return Err(format!("{how}: commit {commit} is shown after {}", self.newest));
        }
        self.newest = self.newest.max(commit);
        if self.sightings.len() >= SIGHTINGS_MAX {
            return Ok(());
        }
        let is_patient = reader.snapshot.is_some() && is_whole;
        let from = if is_patient { reader.snapshot.unwrap_or(0) } else { reader.since };
        let seen: Seen = reader.see(&mut self.random, percent).map_err(told("read"))?;
        self.whole += u64::from(is_whole);
        let how = format!("{how}, {moment:?}");
        let (marks, may_lag) = ((from, moment.mark), self.may_lag);
        self.sightings.push(Sighting { seen, marks, is_whole, may_lag, how });
        Ok(())
    }

    /// What was wrong with all that it saw, given what each mark allows.
    pub(crate) fn judge(&mut self, allowed: &[Allowed]) -> Result<(), String> {
        let sightings = std::mem::take(&mut self.sightings);
        let fault = sightings.iter().find_map(|sighting| sighting.fault(allowed));
        fault.or(self.wrong.take()).map_or(Ok(()), |what| Err(format!("a reader: {what}")))
    }

    /// The writer is open, and shows this: so must whoever refreshes.
    pub(crate) fn after(
        mut self,
        allowed: &Allowed,
        shown: (u64, &State),
        medium: &SimulatedMedium,
    ) -> Result<(), String> {
        self.judge(std::slice::from_ref(allowed))?;
        let Some(mut reader) = self.reader.take() else { return Ok(()) };
        let copies = *self.random.pick(&[Copies::Forgotten, Copies::Kept]);
        reader.refresh(copies).map_err(told("refresh after the opening"))?;
        let only = vec![(shown.0, std::sync::Arc::new(shown.1.clone()))];
        let seen = reader.see(&mut self.random, 100).map_err(told("read"))?;
        let how = format!("refreshed after the opening, {copies:?}, {:?}", Moment::of(medium));
        let sighting = Sighting { seen, marks: (0, 0), is_whole: true, may_lag: false, how };
        sighting.fault(&[only]).map_or(Ok(()), |what| Err(format!("a reader: {what}")))
    }
}
