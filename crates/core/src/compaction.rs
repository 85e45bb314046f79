//! Compaction: the newest commit of a store, and nothing else, in a file that takes its place.
//!
//! The pages are copied while commits go on. Then, in one call, what is pending is committed, what
//! commits wrote meanwhile is copied again, and the new file gets the name of the old one. Until that
//! is durable nothing is committed to it: a power cut may bring back the old file, which has the same
//! commit.

use crate::backup::{Touched, state_of};
use crate::commit::Committer;
use crate::compacted::{Compacted, cannot_compact};
use crate::error::{Error, ErrorKind, Result};
use crate::format::PAGE;
use crate::format::directory::{ElementKind, Entry, RegionId};
use crate::medium::Medium;
use crate::options::Options;
use crate::packing::{Source, pack};
use crate::page_sums::PageSums;
use crate::planted::{Bug, planted};
use crate::recovery::Recovered;
use crate::region::{pieces, unknown};
use crate::store::Store;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A column of strings: where its views are, and where the heap that they refer to. The core does not
/// know which belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// The region of the views.
    pub views: RegionId,
    /// The region of the bytes.
    pub heap: RegionId,
}

/// A compaction under way, of a store that this process writes.
#[doc(hidden)]
#[derive(Debug)]
pub struct Compaction<M> {
    committer: Arc<Committer<M>>,
    touched: Arc<Touched>,
    /// `None` until something was copied.
    file: Option<Compacted<M>>,
}

impl<M: Medium> Compaction<M> {
    /// Copies what is committed to a file beside the store and syncs it, while commits go on. On any
    /// thread; the rest is for [`Store::finish_compaction`].
    ///
    /// # Errors
    /// As [`Store::compact`]. The file beside the store is gone.
    pub fn copy_ahead(&mut self, texts: &[Text]) -> Result<()> {
        let committer = Arc::clone(&self.committer);
        let medium = &*committer.medium;
        let found = committer.hold(|applied| {
            committer.track(&self.touched);
            state_of(medium, &applied.header, applied.commit)
        })?;
        let mut file = Compacted::new(Arc::new(medium.create_beside()?))?;
        let texts: Vec<Text> =
            texts.iter().filter(|text| check_text(&found, text).is_ok()).copied().collect();
        copy_regions(&mut file, medium, &found, &texts, &BTreeSet::new(), Texts::MayFail)?;
        // So that the sync with everybody waiting has little left to do.
        file.target.sync().map_err(|error| cannot_compact(&error))?;
        self.file = Some(file);
        Ok(())
    }
}

impl<M: Medium> Store<M> {
    /// Writes the newest commit to a new file without what is free, dropped or garbage, and gives that
    /// the name of the old one. Commits first what is pending. `texts`: the columns of strings whose
    /// heaps are packed. Readers go over to the new file with their next refresh.
    ///
    /// Memory that was shown before goes on showing the old file, as it was, and is none of the
    /// store's any more: see [`take_retired`](Self::take_retired).
    ///
    /// # Errors
    /// `NoSpace`, `Corrupt` (a page is not what was committed), `Limit`, `Io`: nothing but the commit
    /// was done. `Unsupported`: the store is live, or its file has other names or another path by now.
    /// `Io` with the store poisoned: the folder could not be synced, so that a power cut may bring back
    /// the old file, which holds the same; opening the store again tries once more. `ReadOnly`,
    /// `Poisoned`, `Closed`.
    pub fn compact(&mut self, texts: &[Text]) -> Result<()> {
        let compaction = self.begin_compaction()?;
        self.finish_compaction(compaction, texts)
    }

    /// Begins a compaction of which a part is done beforehand, on another thread.
    ///
    /// # Errors
    /// `ReadOnly`, `Unsupported`, `Poisoned`, `Closed`.
    #[doc(hidden)]
    pub fn begin_compaction(&self) -> Result<Compaction<M>> {
        self.check_writable()?;
        if self.is_live() {
            let message = "cannot compact a live store: other processes have its file mapped; close it, \
                           and open it without `live`";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(Compaction { committer: self.committer(), touched: Arc::default(), file: None })
    }

    /// Commits what is pending, brings the new file up to date and takes it for the old one.
    ///
    /// # Errors
    /// As [`compact`](Self::compact).
    #[doc(hidden)]
    pub fn finish_compaction(&mut self, compaction: Compaction<M>, texts: &[Text]) -> Result<()> {
        self.begin_compaction()?;
        if !Arc::ptr_eq(&compaction.committer, &self.committer) {
            let message = "the store was compacted meanwhile by another call; nothing was changed";
            return Err(Error::new(ErrorKind::Busy, message));
        }
        self.commit()?;
        let Compaction { committer, touched, file } = compaction;
        let next = committer.hold(|applied| {
            let medium = &*committer.medium;
            let found = state_of(medium, &applied.header, applied.commit)?;
            texts.iter().try_for_each(|text| check_text(&found, text))?;
            let mut file = match file {
                Some(file) => file,
                None => Compacted::new(Arc::new(medium.create_beside()?))?,
            };
            let touched = if planted(Bug::CompactionKeepsOldPages) {
                BTreeSet::new()
            } else {
                touched.take()
            };
            copy_regions(&mut file, medium, &found, texts, &touched, Texts::MustBe)?;
            file.finish(medium, &found)?;
            Ok(file.target)
        })?;
        let options = Options { reserve_bytes: self.reserve_bytes, ..Options::default() };
        // Before it has the name: what is wrong with it harms nobody.
        let next = Self::open_on(next, &options)?;
        self.medium.replace(&next.medium).map_err(|error| {
            let attempt =
                "cannot give the compacted file the name of the store; nothing was changed";
            Error::from_io(&error, "rename", attempt)
        })?;
        let named = if planted(Bug::NameNotSynced) { Ok(()) } else { next.medium.sync_name() };
        self.go_over_to(next);
        named.map_err(|error| {
            self.committer.poison();
            let attempt = "cannot sync the folder of the compacted store: a power cut may bring back the \
                           file before, which holds the same; close it and open it again";
            Error::from_io(&error, "fsync", attempt)
        })
    }
}

/// Whether a column of strings must be read as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Texts {
    /// A commit may be changing it: then it is read again later.
    MayFail,
    MustBe,
}

fn copy_regions<M: Medium>(
    file: &mut Compacted<M>,
    medium: &M,
    found: &Recovered,
    texts: &[Text],
    touched: &BTreeSet<u64>,
    wanted: Texts,
) -> Result<()> {
    let sums = PageSums::of(medium, found);
    let mut packed = BTreeSet::new();
    for text in texts {
        let [views, heap] = [text.views, text.heap].map(|id| source_of(found, id));
        let (views, heap) = views.zip(heap).ok_or_else(|| unknown(text.views))?;
        let as_it_is = [(views.entry, views.length), (heap.entry, heap.length)];
        let has = file.has_packed(text.views, &as_it_is) && file.has_packed(text.heap, &as_it_is);
        let is_packed = if has && !is_touched(views, touched) && !is_touched(heap, touched) {
            true
        } else {
            match pack(file, medium, &sums, views, heap) {
                Err(error) if wanted == Texts::MayFail && error.kind() == ErrorKind::Corrupt => {
                    true
                }
                answer => answer?,
            }
        };
        if is_packed {
            packed.extend([text.views, text.heap]);
        }
    }
    for id in found.structure.regions.keys().filter(|id| !packed.contains(id)) {
        if let Some(Source { entry, length, .. }) = source_of(found, *id) {
            file.copy(medium, *id, entry, length, touched)?;
        }
    }
    Ok(())
}

fn source_of(found: &Recovered, id: RegionId) -> Option<Source<'_>> {
    let entry = found.structure.regions.get(&id)?;
    Some(Source { id, entry, length: found.lengths.get(&id).copied().unwrap_or(0) })
}

/// Whether a commit wrote to a page of a region.
fn is_touched(source: Source<'_>, touched: &BTreeSet<u64>) -> bool {
    let used = source.length * source.entry.width();
    let of_file = pieces(source.entry, 0, used.next_multiple_of(PAGE));
    of_file.into_iter().any(|(_, extent)| {
        touched.range(extent.offset / PAGE..extent.end() / PAGE).next().is_some()
    })
}

/// Refuses to pack what is no column of strings.
fn check_text(found: &Recovered, text: &Text) -> Result<()> {
    let entry = |id| found.structure.regions.get(&id).ok_or_else(|| unknown(id));
    let is = |entry: &Entry, kind| entry.kind == kind && entry.lanes == 1;
    if is(entry(text.views)?, ElementKind::View) && is(entry(text.heap)?, ElementKind::U8) {
        return Ok(());
    }
    let message = format!(
        "cannot pack the strings of regions {} and {}: they are no views and bytes; nothing was changed",
        text.views.0, text.heap.0
    );
    Err(Error::new(ErrorKind::Schema, message))
}
