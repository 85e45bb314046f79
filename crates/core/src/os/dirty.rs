//! The search for pages that have a private copy, in three ways.

use std::env;
use std::io;
use std::ops::Range;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::file::File;
use super::pagemap::{Pagemap, trial_file};
use crate::error::{Error, ErrorKind, Result};
use crate::medium::{Medium, Memory, PAGE_BYTES, Role};

/// Forces a way: `STOA_DIRTY_SEARCH=scan`, `pagemap` or `compare`.
const VARIABLE: &str = "STOA_DIRTY_SEARCH";

/// Pages of a trial. An emulator that hands on the pagemap of its host answers at random: with three
/// pages that passed at times, and what was changed then was not committed.
const TRIAL_PAGES: usize = 24;

/// How a store finds the pages that changed since the last commit. All three find every page that
/// differs from the file. Costs are those of a GiB that is resident.
///
/// ```
/// use stoa_core::DirtySearch;
///
/// assert_eq!("compare".parse::<DirtySearch>()?, DirtySearch::Compare);
/// # Ok::<(), stoa_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DirtySearch {
    /// The `PAGEMAP_SCAN` call of Linux 6.7: 2 to 5 ms, nothing for what is not resident.
    Scan = 0,
    /// `/proc/self/pagemap` of every Linux: 2 to 6 ms.
    Pagemap = 1,
    /// Comparing with the file, everywhere: 100 to 130 ms, and all of it becomes resident.
    Compare = 2,
}

impl DirtySearch {
    /// The best way that works in this process, found by trying each once on a few pages.
    #[must_use]
    pub fn detect() -> Self {
        static BEST: OnceLock<DirtySearch> = OnceLock::new();
        *BEST.get_or_init(|| {
            [Self::Scan, Self::Pagemap]
                .into_iter()
                .find(|way| way.works().unwrap_or(false))
                .unwrap_or(Self::Compare)
        })
    }

    /// The way asked for, else that of the environment, else the best.
    pub(super) fn choose(asked: Option<Self>) -> Result<Self> {
        if let Some(way) = asked {
            return Ok(way);
        }
        match env::var_os(VARIABLE) {
            None => Ok(Self::detect()),
            Some(name) => name.to_string_lossy().parse(),
        }
    }

    /// Whether the way tells a page that was written from one that was read and one that was not
    /// touched. A kernel or a sandbox may offer the interface and answer nonsense.
    fn works(self) -> io::Result<bool> {
        let file = trial_file()?;
        let page_bytes = rustix::param::page_size();
        let bytes = TRIAL_PAGES * page_bytes;
        file.set_len(bytes as u64)?;
        let file = File::with_search(file, self);
        let mut memory = file.reserve(bytes)?;
        memory.map_file(0, bytes, 0, Role::Private)?;
        for at in (0..bytes).step_by(3 * page_bytes) {
            memory.read(at + page_bytes, &mut [0]);
            memory.write(at + 2 * page_bytes, &[0]);
        }
        let mut found = Vec::new();
        memory.find_copies(0, bytes, &mut found)?;
        let is_written = |at: &usize| at / page_bytes % 3 == 2;
        let written = (0..bytes).step_by(PAGE_BYTES).filter(is_written);
        Ok(found.into_iter().eq(written) && file.dirty_search() == self)
    }

    fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Scan,
            1 => Self::Pagemap,
            _ => Self::Compare,
        }
    }
}

impl FromStr for DirtySearch {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "scan" => Ok(Self::Scan),
            "pagemap" => Ok(Self::Pagemap),
            "compare" => Ok(Self::Compare),
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "cannot search for changed pages by '{name}': expected scan, pagemap or \
                     compare in {VARIABLE}"
                ),
            )),
        }
    }
}

/// The search of one file's memory: the way taken now, and what it keeps open.
#[derive(Debug)]
pub(super) struct Search {
    way: AtomicU8,
    pagemap: Mutex<Option<Pagemap>>,
}

impl Search {
    pub(super) fn new(way: DirtySearch) -> Self {
        Self { way: AtomicU8::new(way as u8), pagemap: Mutex::default() }
    }

    pub(super) fn way(&self) -> DirtySearch {
        DirtySearch::from_number(self.way.load(Ordering::Relaxed))
    }

    /// Lets a test put its own in place of the pagemap.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn replace_pagemap(&self, pagemap: Pagemap) {
        *self.pagemap.lock().unwrap_or_else(PoisonError::into_inner) = Some(pagemap);
    }

    /// Appends to `found`, ascending, the offset of every page of `range` that may be a copy.
    /// `base` is the address of offset 0; `differs` compares the page at an offset with the file.
    /// A way that fails is left for the next one, for good: `Compare` cannot fail.
    pub(super) fn find(
        &self,
        base: usize,
        range: &Range<usize>,
        differs: impl Fn(usize) -> bool,
        found: &mut Vec<usize>,
    ) {
        let before = found.len();
        for way in [DirtySearch::Scan, DirtySearch::Pagemap] {
            if self.way() != way {
                continue;
            }
            if self.ask_kernel(way, base, range, found).is_ok() {
                return;
            }
            found.truncate(before);
            // Another thread may have gone further already.
            self.way.fetch_max(way as u8 + 1, Ordering::Relaxed);
        }
        found.extend(range.clone().step_by(PAGE_BYTES).filter(|offset| differs(*offset)));
    }

    /// Opens what the way needs while the process still may: it can lose the right later.
    pub(super) fn prepare(&self) {
        if self.way() != DirtySearch::Compare {
            // The search itself deals with a failure.
            let _ = self.with_pagemap(|_| Ok(()));
        }
    }

    fn ask_kernel(
        &self,
        way: DirtySearch,
        base: usize,
        range: &Range<usize>,
        found: &mut Vec<usize>,
    ) -> io::Result<()> {
        // The machine's pages may be larger than ours: ask for whole ones, keep what was asked for.
        let page_bytes = rustix::param::page_size();
        let start = base + range.start / page_bytes * page_bytes;
        let end = base + range.end.next_multiple_of(page_bytes);
        let mut emit = |addresses: Range<usize>| {
            let first = (addresses.start - base).max(range.start);
            let last = (addresses.end - base).min(range.end);
            found.extend((first..last).step_by(PAGE_BYTES));
        };
        self.with_pagemap(|pagemap| match way {
            DirtySearch::Scan => pagemap.scan(start..end, &mut emit),
            _ => pagemap.read(start..end, page_bytes, &mut emit),
        })
    }

    /// Calls with the pagemap of this very process.
    fn with_pagemap<T>(&self, call: impl FnOnce(&Pagemap) -> io::Result<T>) -> io::Result<T> {
        let mut kept = self.pagemap.lock().unwrap_or_else(PoisonError::into_inner);
        let pagemap = match kept.take() {
            Some(pagemap) if pagemap.is_ours() => pagemap,
            _ => Pagemap::open()?,
        };
        call(kept.insert(pagemap))
    }
}
