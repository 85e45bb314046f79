//! A store that only reads: it opens beside a writer, shows the newest commit that was published,
//! and goes on to a newer one when it is asked to. It takes no lock and never writes to the file.
//!
//! Its memory is private, so that a stray write stays in this process; pages that nobody wrote to
//! here show the file as it is now. So rows below the lengths are whole, but what a writer changes
//! in place shows as soon as it is written home: only a snapshot tells one commit from the next.

use crate::checkpoint::Plan;
use crate::commit::Applied;
use crate::committed::{Committed, Stamp, TRIES, Wanted, busy, find_committed};
use crate::error::{Error, ErrorKind, Result};
use crate::format::Extent;
use crate::format::FIRST_LOG;
use crate::format::directory::{Lengths, RegionId, Structure};
use crate::found::reserved_places;
use crate::live::{map_lengths, told_lengths};
use crate::medium::{Medium, Memory, Role};
use crate::options::Options;
use crate::os::File;
use crate::planted::{Bug, planted};
use crate::region::Region;
use crate::space::Space;
use crate::store::Store;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

/// What a store that only reads knows of the file.
#[derive(Debug)]
pub(crate) struct Reading<A> {
    pub(crate) committed: Committed,
    /// The moment at which the last snapshot began.
    snapshot: Option<Stamp>,
    /// The table of lengths of a live store, and its place.
    table: Option<(Extent, A)>,
    /// Memory is shared: the store is live, and elements may be changed in place.
    pub(crate) shares: bool,
}

/// What became of the values that were written to a reader's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// They are forgotten. Costs the search for changed pages.
    Forgotten,
    /// They stay, but for those in pages that hold new rows.
    Kept,
}

/// What is new in a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum News {
    /// Nothing.
    None,
    /// Another commit: lengths and capacities may be others.
    Lengths,
    /// Regions, metadata or the data version are others too.
    Structure,
    /// All memory is another: the store was compacted, and what was shown before belongs to nothing.
    Memory,
}

impl Store<File> {
    /// Opens a store for reading, beside a writer or without one. What a killed writer left half
    /// written is completed in this process' memory alone.
    ///
    /// # Errors
    /// `NotFound`, `Format`, `Endian`, `Version`, `Corrupt`, `Io`; `Busy` while a writer recovers
    /// the store for longer than a second. The file is as it was.
    pub fn open_reading(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open_reading(path, options)?;
        let opened = Self::read_on(Arc::new(file), options);
        opened.map_err(|error| error.at_opening(path))
    }
}

impl Store<File> {
    /// Opens a live store that another has open and locked, to change its elements in place: below
    /// the lengths, and nothing else. All memory is shared.
    ///
    /// # Errors
    /// As `open_reading`; `Unsupported` where nobody has it open live.
    pub fn open_sharing(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open_sharing(path, options)?;
        let opened = Self::read_or_share(Arc::new(file), options, true);
        opened.map_err(|error| error.at_opening(path))
    }
}

impl<M: Medium> Store<M> {
    /// The same as `open_reading` on a medium.
    ///
    /// # Errors
    /// The same.
    #[doc(hidden)]
    pub fn read_on(medium: Arc<M>, options: &Options) -> Result<Self> {
        Self::read_or_share(medium, options, false)
    }

    fn read_or_share(medium: Arc<M>, options: &Options, shares: bool) -> Result<Self> {
        // Whole: a writer that recovers may be about to show again what was shown already.
        let (_, committed) = find_committed(&*medium, None, Wanted::Whole)?;
        let committed = committed.ok_or_else(unknown_state)?;
        if shares {
            require_owner(&*medium, &committed)?;
        }
        let applied = Applied {
            header: committed.header.clone(),
            commit: committed.commit,
            head: 0,
            broken: None,
        };
        let structure = (*committed.structure).clone();
        let mut store = Self::assemble(medium, applied, structure, &committed.lengths, options);
        store.reading = Some(Reading { committed, snapshot: None, table: None, shares });
        if store.reading.as_ref().is_some_and(|it| it.committed.live.is_some()) {
            store.go_on(Copies::Kept, Wanted::Lengths)?;
        }
        Ok(store)
    }

    /// Whether this store only reads.
    #[must_use]
    pub fn is_reader(&self) -> bool {
        self.reading.is_some()
    }

    /// Goes on to the newest commit. A store that writes has nothing to go on to.
    ///
    /// # Errors
    /// `Corrupt`, `Io`, `Limit`: it shows what it showed before, or the store is poisoned.
    pub fn refresh(&mut self, copies: Copies) -> Result<News> {
        self.check_usable()?;
        if self.follow_name(|_| Ok(()))? {
            return Ok(News::Memory);
        }
        self.go_on(copies, Wanted::Lengths).map(|(news, _)| news)
    }

    /// The same in the file that is shown, whoever has its name by now: memory stays the same.
    ///
    /// # Errors
    /// As `refresh`.
    #[doc(hidden)]
    pub fn refresh_here(&mut self, copies: Copies) -> Result<News> {
        self.check_usable()?;
        self.go_on(copies, Wanted::Lengths).map(|(news, _)| news)
    }

    /// Goes on to the newest commit, and waits until all of it is in its place. From here on
    /// [`is_whole`](Self::is_whole) tells whether it still is.
    ///
    /// # Errors
    /// As `refresh`; `Busy` where the writer never rests.
    pub fn begin_snapshot(&mut self) -> Result<News> {
        self.check_usable()?;
        if self.follow_name(|next| next.begin_snapshot().map(|_| ()))? {
            return Ok(News::Memory);
        }
        let (news, stamp) = self.go_on(Copies::Forgotten, Wanted::Whole)?;
        if let Some(reading) = &mut self.reading {
            reading.snapshot = stamp;
        }
        Ok(news)
    }

    /// Whether everything that was read since the snapshot began is of one commit. Always so in a
    /// store that writes.
    ///
    /// # Errors
    /// `Io`, `Closed`.
    pub fn is_whole(&self) -> Result<bool> {
        self.check_usable()?;
        let Some(reading) = &self.reading else { return Ok(true) };
        // What was read before must not be read after the stamp.
        fence(Ordering::Acquire);
        Ok(reading.snapshot == Some(Stamp::read(&*self.medium)?))
    }

    fn go_on(&mut self, copies: Copies, wanted: Wanted) -> Result<(News, Option<Stamp>)> {
        let mut news = News::None;
        for _ in 0..TRIES {
            let Some(reading) = &mut self.reading else { return Ok((News::None, None)) };
            let known = &reading.committed;
            let was_patched = !known.pages.is_empty();
            let (stamp, found) = find_committed(&*self.medium, Some(known), wanted)?;
            if reading.shares {
                let committed = found.as_ref().unwrap_or(known);
                require_owner(&*self.medium, committed).inspect_err(|_| self.committer.poison())?;
            }
            if let Some(found) = &found {
                self.check_room(&found.structure)?;
            }
            let result = found.map_or(Ok(News::None), |found| self.take_up(found, was_patched));
            let result = result.and_then(|newer| {
                news = news.max(newer);
                let told = self.read_told_lengths()?;
                // The next writer may have laid something else over the table meanwhile.
                if told.is_some()
                    && Stamp::read(&*self.medium)? != stamp
                    && !planted(Bug::LiveTableReadOnce)
                {
                    return Ok(false);
                }
                if self.take_told_lengths(told)? {
                    news = news.max(News::Lengths);
                }
                if copies == Copies::Forgotten {
                    self.forget_copies()?;
                }
                Ok(true)
            });
            // Memory that shows half of one commit and half of another tells nothing.
            if result.inspect_err(|_| self.committer.poison())? {
                return Ok((news, Some(stamp)));
            }
        }
        Err(busy("the live store changes faster than it can be read"))
    }

    /// Shows another commit.
    fn take_up(&mut self, next: Committed, was_patched: bool) -> Result<News> {
        self.lift_pages()?;
        let Some(reading) = &mut self.reading else { return Ok(News::None) };
        let shown = std::mem::replace(&mut reading.committed, next);
        let now = &reading.committed;
        let is_same = Arc::ptr_eq(&shown.structure, &now.structure);
        let is_alike = is_same || shown.structure.is_like(&now.structure);
        let has_moved = shown.commit != now.commit;
        self.commit_id = now.commit;
        self.plan = Plan::of(&Applied {
            header: now.header.clone(),
            commit: now.commit,
            head: 0,
            broken: None,
        });
        if !is_same {
            self.take_structure()?;
        }
        if self.reading.as_ref().is_some_and(|it| it.committed.live.is_none()) {
            self.take_lengths()?;
        }
        let has_pages = self.reading.as_ref().is_some_and(|it| !it.committed.pages.is_empty());
        if was_patched || has_pages {
            self.forget_copies()?;
        }
        Ok(match (is_alike, has_moved) {
            (false, _) => News::Structure,
            (true, true) => News::Lengths,
            (true, false) => News::None,
        })
    }

    /// Maps what came, covers what went.
    fn take_structure(&mut self) -> Result<()> {
        let Some(reading) = &self.reading else { return Ok(()) };
        let shares = reading.shares;
        let structure = (*reading.committed.structure).clone();
        let mut used: Vec<Extent> = structure.extents().collect();
        used.extend(reserved_places(&reading.committed.header));
        self.space = Space::new(used, FIRST_LOG.offset);
        let former = std::mem::replace(&mut self.current, structure);
        let gone: Vec<RegionId> = former
            .regions
            .keys()
            .filter(|id| !self.current.regions.contains_key(id))
            .copied()
            .collect();
        for id in gone {
            if let Some(region) = self.regions.remove(&id) {
                self.retire(id, region);
            }
        }
        for (id, entry) in &self.current.regions {
            let region = self.regions.entry(*id).or_insert_with(|| Region::new(0, entry.width()));
            if let (Some(view), Some(shown)) = (&mut region.view, former.regions.get(id)) {
                view.follow(shown, entry, shares)?;
            }
        }
        Ok(())
    }

    /// The lengths that a live store tells now.
    fn read_told_lengths(&mut self) -> Result<Option<Lengths>> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let Some(live) = reading.committed.live else { return Ok(None) };
        let table = match reading.table.take() {
            Some((place, table)) if place == live.lengths => table,
            _ => map_lengths(&*self.medium, live.lengths, Role::Private)?,
        };
        let lengths = told_lengths(&reading.committed.structure, &table);
        reading.table = Some((live.lengths, table));
        Ok(Some(lengths))
    }

    /// Takes them over. Says whether one is another.
    fn take_told_lengths(&mut self, told: Option<Lengths>) -> Result<bool> {
        let (Some(reading), Some(lengths)) = (&mut self.reading, told) else { return Ok(false) };
        let has_moved = lengths != reading.committed.lengths;
        reading.committed.lengths = lengths;
        self.take_lengths()?;
        Ok(has_moved)
    }

    /// Takes over the lengths. Copies in pages with new rows hide them.
    fn take_lengths(&mut self) -> Result<()> {
        let Some(reading) = &self.reading else { return Ok(()) };
        let system_page = self.medium.system_page_bytes();
        for (id, region) in &mut self.regions {
            let Some(length) = reading.committed.lengths.get(id) else { continue };
            let width = self.current.regions[id].width();
            // A hostile file may have changed the width.
            let (from, to) = (region.length.saturating_mul(width), length * width);
            region.length = *length;
            region.captured_length = *length;
            region.durable_length = *length;
            if let Some(view) = &mut region.view
                && from < to
                && !reading.shares
                && !planted(Bug::ReaderKeepsCopies)
            {
                let unit = system_page as u64;
                let from = from - from % unit;
                let to = to.next_multiple_of(unit).min(view.mapped_bytes);
                view.forget_copies(from, to, system_page)?;
            }
        }
        // Some of them may have been pages of the log.
        self.lay_pages(None);
        Ok(())
    }

    /// Refuses a commit with regions that have no room in the address space reserved for them.
    fn check_room(&self, next: &Structure) -> Result<()> {
        for (id, entry) in &next.regions {
            let view = self.regions.get(id).and_then(|region| region.view.as_ref());
            let Some(view) = view else { continue };
            let (needed, reserved) = (entry.capacity_bytes(), view.memory.reserved_bytes() as u64);
            if needed > reserved {
                let message = format!(
                    "cannot show '{}': it has {needed} bytes now, and {reserved} are reserved; \
                     nothing was changed, open it anew with a larger reserve",
                    entry.name
                );
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        Ok(())
    }
}

/// Refuses to write into a store that nobody has open live: a transactional one must not change
/// under its writer, and what nobody holds may have to be recovered.
fn require_owner<M: Medium>(medium: &M, committed: &Committed) -> Result<()> {
    let has_writer = medium.has_writer();
    let has_writer =
        has_writer.map_err(|error| Error::from_io(&error, "flock", "cannot try its lock"))?;
    if committed.live.is_some() && has_writer {
        return Ok(());
    }
    let message =
        "nobody has the store open live; open it live with the lock first, and keep it open";
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn unknown_state() -> Error {
    Error::new(ErrorKind::Internal, "a reader found no commit at its first look")
}
