//! A real file as the engine's medium.

use std::fs::File as StdFile;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::allocate::{self, Allocation};
use super::baseline::SharedStretches;
use super::boot;
use super::create::Draft;
use super::dirty::{DirtySearch, Search};
use super::filesystem;
use super::lock;
use super::map::Reservation;
use super::sigbus::Loss;
use super::sync;
use crate::error::Result;
use crate::medium::Medium;

/// A file of the operating system, as [`Store::open`](crate::Store::open) opens it: with its lock,
/// for what maps it trusts that no other process changes or cuts it.
#[derive(Debug)]
pub struct File {
    inner: Arc<StdFile>,
    search: Arc<Search>,
    shared: Arc<SharedStretches>,
    loss: Arc<Loss>,
    /// Found out once, so that the answer never changes under the engine.
    keeps_allocation: OnceLock<bool>,
    system_page_bytes: usize,
    /// Where it was opened. Absolute. `None`: nobody said.
    path: Option<PathBuf>,
    /// The file has no name yet: it is to take the place of another.
    draft: Mutex<Option<Draft>>,
}

impl File {
    /// Takes a file that is open for reading and writing. `search` is the way in which its
    /// memory looks for changed pages: `None` takes the one of the environment variable
    /// `STOA_DIRTY_SEARCH`, else the best that works here.
    ///
    /// # Errors
    /// `Unsupported` for an unknown name in the variable.
    #[doc(hidden)]
    pub fn new(file: StdFile, search: Option<DirtySearch>) -> Result<Self> {
        Ok(Self::with_search(file, DirtySearch::choose(search)?))
    }

    /// The same with the choice made.
    pub(super) fn with_search(file: StdFile, way: DirtySearch) -> Self {
        Self {
            inner: Arc::new(file),
            search: Arc::new(Search::new(way)),
            shared: Arc::default(),
            loss: Arc::new(Loss::new()),
            keeps_allocation: OnceLock::new(),
            system_page_bytes: rustix::param::page_size(),
            path: None,
            draft: Mutex::default(),
        }
    }

    /// The file that was opened at `path`.
    pub(super) fn at(mut self, path: &Path) -> Self {
        self.path = std::path::absolute(path).ok();
        self
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) fn draft(&self) -> &Mutex<Option<Draft>> {
        &self.draft
    }

    /// The file itself.
    pub(super) fn inner(&self) -> &StdFile {
        &self.inner
    }

    /// The way in which changed pages are looked for now: the one chosen, or the one it fell back
    /// to since.
    #[must_use]
    pub fn dirty_search(&self) -> DirtySearch {
        self.search.way()
    }
}

impl Medium for File {
    type Memory = Reservation;

    fn len(&self) -> io::Result<u64> {
        Ok(self.inner.metadata()?.len())
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        sync::read(&self.inner, offset, buffer)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        sync::write(&self.inner, offset, bytes)
    }

    fn write_durable(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        sync::write_durable(&self.inner, offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        sync::sync(&self.inner, &self.shared)
    }

    fn allocate(&self, offset: u64, bytes: u64) -> io::Result<()> {
        if allocate::allocate(&self.inner, offset, bytes)? == Allocation::Written {
            // A store is asked after its first allocation: the answer stands from then on.
            let _ = self.keeps_allocation.set(false);
        }
        Ok(())
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        Ok(rustix::fs::ftruncate(&*self.inner, bytes)?)
    }

    fn reserve(&self, bytes: usize) -> io::Result<Reservation> {
        Reservation::new(
            bytes,
            Arc::clone(&self.inner),
            Arc::clone(&self.search),
            Arc::clone(&self.shared),
            Arc::clone(&self.loss),
        )
    }

    fn keeps_allocation(&self) -> bool {
        *self.keeps_allocation.get_or_init(|| filesystem::keeps_allocation(&self.inner))
    }

    fn system_page_bytes(&self) -> usize {
        self.system_page_bytes
    }

    fn boot_id(&self) -> u64 {
        boot::boot_id()
    }

    /// Each state is keyed anew with what the kernel draws.
    fn random(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }

    fn clone_to(&self, target: &Self) -> io::Result<bool> {
        self.share_blocks(target)
    }

    fn create_beside(&self) -> Result<Self> {
        self.new_beside()
    }

    fn replace(&self, next: &Self) -> io::Result<()> {
        self.give_name_to(next)
    }

    fn sync_name(&self) -> io::Result<()> {
        self.sync_folder_of_name()
    }

    fn successor(&self) -> Result<Option<Self>> {
        self.open_successor()
    }

    fn has_lost(&self) -> bool {
        self.loss.has_happened()
    }

    fn has_writer(&self) -> io::Result<bool> {
        lock::is_locked(&self.inner)
    }

    /// Closing would not do it: memory that shows the file holds its lock too.
    fn unlock(&self) {
        lock::unlock(&self.inner);
    }
}
