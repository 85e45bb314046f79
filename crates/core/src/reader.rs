//! A store that only reads: it opens beside a writer, shows the newest commit that was published,
//! and goes on to a newer one when it is asked to. It takes no lock and never writes to the file.
//!
//! Its memory is private, so that a stray write stays in this process; pages that nobody wrote to
//! here show the file as it is now. So rows below the lengths are whole, but what a writer changes
//! in place shows as soon as it is written home: only a snapshot tells one commit from the next.

use crate::checkpoint::Plan;
use crate::commit::Applied;
use crate::committed::{Committed, Stamp, Wanted, find_committed};
use crate::error::{Error, ErrorKind, Result};
use crate::format::Extent;
use crate::format::FIRST_LOG;
use crate::format::directory::{Entry, RegionId, Structure};
use crate::found::reserved_places;
use crate::medium::{Medium, Memory, Role};
use crate::options::Options;
use crate::os::File;
use crate::planted::{Bug, planted};
use crate::region::{Region, View};
use crate::space::Space;
use crate::store::Store;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

/// What a store that only reads knows of the file.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) committed: Committed,
    /// The moment at which the last snapshot began.
    snapshot: Option<Stamp>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing.
    None,
    /// Another commit: lengths and capacities may be others.
    Lengths,
    /// Regions, metadata or the data version are others too.
    Structure,
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

impl<M: Medium> Store<M> {
    /// The same on a medium.
    ///
    /// # Errors
    /// The same.
    #[doc(hidden)]
    pub fn read_on(medium: Arc<M>, options: &Options) -> Result<Self> {
        // Whole: a writer that recovers may be about to show again what was shown already.
        let (_, committed) = find_committed(&*medium, None, Wanted::Whole)?;
        let committed = committed.ok_or_else(unknown_state)?;
        let applied = Applied {
            header: committed.header.clone(),
            commit: committed.commit,
            head: 0,
            broken: None,
        };
        let structure = (*committed.structure).clone();
        let mut store = Self::assemble(medium, applied, structure, &committed.lengths, options);
        store.reading = Some(Reading { committed, snapshot: None });
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
        self.go_on(copies, Wanted::Lengths).map(|(news, _)| news)
    }

    /// Goes on to the newest commit, and waits until all of it is in its place. From here on
    /// [`is_whole`](Self::is_whole) tells whether it still is.
    ///
    /// # Errors
    /// As `refresh`; `Busy` where the writer never rests.
    pub fn begin_snapshot(&mut self) -> Result<News> {
        self.check_usable()?;
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
        let Some(reading) = &mut self.reading else { return Ok((News::None, None)) };
        let known = &reading.committed;
        let was_patched = !known.pages.is_empty();
        let (stamp, found) = find_committed(&*self.medium, Some(known), wanted)?;
        if let Some(found) = &found {
            self.check_room(&found.structure)?;
        }
        let news = found.map_or(Ok(News::None), |found| self.take_up(found, was_patched));
        let result = news.and_then(|news| {
            if copies == Copies::Forgotten {
                self.forget_copies()?;
            }
            Ok((news, Some(stamp)))
        });
        // Memory that shows half of one commit and half of another tells nothing.
        result.inspect_err(|_| self.committer.poison())
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
        self.take_lengths()?;
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
                view.follow(shown, entry)?;
            }
        }
        Ok(())
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

impl<A: Memory> View<A> {
    /// Shows the extents that a region has now in place of those that it had.
    fn follow(&mut self, old: &Entry, new: &Entry) -> Result<()> {
        let same = common_bytes(&old.extents, &new.extents).min(self.mapped_bytes);
        let capacity = new.capacity_bytes();
        if same < capacity && !planted(Bug::ReaderKeepsExtents) {
            self.map_role(new, same, capacity, Role::Private)?;
        }
        if capacity < self.mapped_bytes {
            self.give_up(capacity)?;
        }
        (self.mapped_bytes, self.private_bytes) = (capacity, capacity);
        self.window_bytes = self.window_bytes.max(capacity);
        Ok(())
    }
}

/// How many bytes two regions have in the same places, from their start.
fn common_bytes(one: &[Extent], other: &[Extent]) -> u64 {
    let mut common = 0;
    for (one, other) in one.iter().zip(other) {
        if one.offset != other.offset {
            break;
        }
        common += one.bytes.min(other.bytes);
        if one.bytes != other.bytes {
            break;
        }
    }
    common
}

fn unknown_state() -> Error {
    Error::new(ErrorKind::Internal, "a reader found no commit at its first look")
}
