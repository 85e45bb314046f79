//! Copying a store while it is written: the copy is one commit, whole, and a store of its own.
//!
//! Where the file system copies on write, the file is cloned at once, with the committer's lock held. Elsewhere pages are copied while commits go on, and what these wrote meanwhile is copied
//! once more at the end, with the lock held: then the pages, the log, the directory and the table of
//! checksums are those of one commit. Recovery makes a store of them, as after a crash.

use crate::checkpoint::directory_extent;
use crate::commit::{Committer, Write};
use crate::error::{Error, ErrorKind, Result};
use crate::format::header::Header;
use crate::format::live::{LIVE_OFFSET, LiveBlock};
use crate::format::{Extent, FIRST_LOG, PAGE};
use crate::found::{cannot_read, corrupt, read, read_structure};
use crate::medium::Medium;
use crate::options::Options;
use crate::planted::{Bug, planted};
use crate::recovery::{Recovered, follow_log};
use crate::region::{in_memory, pieces};
use crate::spans::{contains, without};
use crate::store::{Close, Store};
use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Pages that are copied at once.
const PAGES_AT_ONCE: u64 = 256;

/// Pages that commits wrote since somebody wanted to know.
#[derive(Debug, Default)]
pub(crate) struct Touched(Mutex<BTreeSet<u64>>);

impl Touched {
    /// Notes what a commit writes, or has written to its place already.
    pub(crate) fn note(&self, write: &Write) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.extend(write.homes.iter().map(|home| home.page));
        pages.extend(write.checksums.sums.iter().map(|(page, _)| *page));
    }

    pub(crate) fn take(&self) -> BTreeSet<u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A copy under way, of a store that this process writes.
#[doc(hidden)]
#[derive(Debug)]
pub struct Backup<M> {
    committer: Arc<Committer<M>>,
    touched: Arc<Touched>,
    /// Pages that were committed when this began: those still to be copied, last first.
    left: Vec<Range<u64>>,
    copied: Vec<Range<u64>>,
}

impl<M: Medium> Backup<M> {
    /// Begins a copy into an empty file. `None`: it was cloned, and is all there.
    ///
    /// # Errors
    /// `Poisoned`, `Closed`, `Corrupt`, `Io`; `NoSpace` where the target's disk is full.
    pub fn begin(committer: Arc<Committer<M>>, target: &M) -> Result<Option<Self>> {
        let touched = Arc::new(Touched::default());
        let left = committer.hold(|applied| {
            if share(&*committer.medium, target)? {
                return Ok(None);
            }
            committer.track(&touched);
            let found = state_of(&*committer.medium, &applied.header, applied.commit)?;
            Ok(Some(committed_pages(&found)))
        })?;
        let Some(mut left) = left else { return Ok(None) };
        left.reverse();
        Ok(Some(Self { committer, touched, left, copied: Vec::new() }))
    }

    /// Copies some of the pages, while commits go on. True as long as there are more.
    ///
    /// # Errors
    /// As `begin`.
    pub fn copy_some(&mut self, target: &M) -> Result<bool> {
        let Some(pages) = self.left.pop() else { return Ok(false) };
        let until = pages.end.min(pages.start + PAGES_AT_ONCE);
        copy(&*self.committer.medium, target, pages.start * PAGE, until * PAGE)?;
        self.copied.push(pages.start..until);
        if until < pages.end {
            self.left.push(until..pages.end);
        }
        Ok(!self.left.is_empty())
    }

    /// Copies what commits wrote meanwhile and all that leads to the pages. Commits wait.
    ///
    /// # Errors
    /// As `begin`.
    pub fn finish(mut self, target: &M) -> Result<()> {
        let committer = Arc::clone(&self.committer);
        committer.hold(|applied| {
            let found = state_of(&*committer.medium, &applied.header, applied.commit)?;
            self.copied.sort_unstable_by_key(|pages| pages.start);
            let touched = self.touched.take();
            let all = committed_pages(&found);
            let again = touched.into_iter().filter(|page| contains(&all, *page));
            let again = again.filter(|_| !planted(Bug::BackupKeepsOldPages));
            let missing = without(&all, &self.copied);
            for pages in missing.into_iter().chain(again.map(|page| page..page + 1)) {
                copy(&*committer.medium, target, pages.start * PAGE, pages.end * PAGE)?;
            }
            copy_structures(&*committer.medium, target, &found)
        })
    }
}

/// Copies all of what was found at a moment at which nothing is written.
pub(crate) fn copy_all<M: Medium>(source: &M, target: &M, found: &Recovered) -> Result<()> {
    // An earlier try may have left something.
    target.truncate(0).map_err(|error| cannot_copy(&error))?;
    if share(source, target)? {
        return Ok(());
    }
    for pages in committed_pages(found) {
        copy(source, target, pages.start * PAGE, pages.end * PAGE)?;
    }
    copy_structures(source, target, found)
}

/// Lets the copy share the blocks of the source, where that takes nothing from it. A file system that
/// writes in place has promised blocks: once they are shared a write needs others, and may not get
/// them.
fn share<M: Medium>(source: &M, target: &M) -> Result<bool> {
    if source.keeps_allocation() {
        return Ok(false);
    }
    source.clone_to(target).map_err(|error| cannot_copy(&error))
}

/// Makes a copy a store of its own: it opens as after a crash, and is closed in good order.
///
/// # Errors
/// What opening fails with.
#[doc(hidden)]
pub fn settle_copy<M: Medium>(target: &Arc<M>) -> Result<()> {
    // What the source told when it was live is of the past, and its places were not copied.
    target.write(LIVE_OFFSET, &LiveBlock::none()).map_err(|error| cannot_copy(&error))?;
    let mut store = Store::open_on(Arc::clone(target), &Options::default())?;
    store.close(Close::Discard).1?;
    target.sync().map_err(|error| cannot_copy(&error))
}

/// The state of a file at a commit that is home.
pub(crate) fn state_of<M: Medium>(medium: &M, header: &Header, commit: u64) -> Result<Recovered> {
    let state = read_structure(medium, header)?;
    let found = follow_log(medium, header.clone(), state, commit)?;
    if found.commit == commit {
        return Ok(found);
    }
    Err(corrupt("its log ends before the last commit; check the store with verify"))
}

/// The pages below the committed ends of all regions, ascending.
fn committed_pages(found: &Recovered) -> Vec<Range<u64>> {
    let mut pages = Vec::new();
    for (id, entry) in &found.structure.regions {
        let length = found.lengths.get(id).copied().unwrap_or(0);
        let used = (length * entry.width()).next_multiple_of(PAGE);
        let extents = pieces(entry, 0, used).into_iter();
        pages.extend(extents.map(|(_, extent)| extent.offset / PAGE..extent.end() / PAGE));
    }
    pages.sort_unstable_by_key(|pages| pages.start);
    pages
}

/// Copies the headers and what the writer tells, the directory, the log as far as it goes, and the
/// table of checksums.
fn copy_structures<M: Medium>(source: &M, target: &M, found: &Recovered) -> Result<()> {
    let header = &found.header;
    let fixed = Extent { offset: 0, bytes: FIRST_LOG.offset };
    let log = Extent { offset: header.log.offset, bytes: found.log_bytes };
    let directory = directory_extent(header.directory);
    let parts = [fixed, log].into_iter().chain(directory).chain(found.structure.checksums.clone());
    for part in parts {
        copy(source, target, part.offset, part.end())?;
    }
    // What is free stays a hole: opening fills those that it must. As long as the source, for the
    // header and earlier records may name more than the last commit has.
    let end = source.len().map_err(|error| cannot_read(&error))?;
    if target.len().map_err(|error| cannot_read(&error))? < end {
        target.write(end - 1, &[0]).map_err(|error| cannot_copy(&error))?;
    }
    Ok(())
}

fn copy<M: Medium>(source: &M, target: &M, from: u64, to: u64) -> Result<()> {
    let mut at = from;
    while at < to {
        let bytes = read(source, at, in_memory((to - at).min(PAGES_AT_ONCE * PAGE)))?;
        if bytes.is_empty() {
            return Err(corrupt("the file ends before what it should hold"));
        }
        target.write(at, &bytes).map_err(|error| cannot_copy(&error))?;
        at += bytes.len() as u64;
    }
    Ok(())
}

pub(crate) fn cannot_copy(error: &io::Error) -> Error {
    Error::from_io(error, "pwrite", "cannot write the copy; there is none, and the store goes on")
}

/// What a live store has is in no commit, and changes while it is copied.
pub(crate) fn refuse_live() -> Error {
    let message = "cannot back up a live store: what is written to it changes while it is copied; \
                   close it, and back it up open for writing without `live`";
    Error::new(ErrorKind::Unsupported, message)
}
