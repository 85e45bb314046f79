//! Read-only windows on the file: what it holds now, whatever private copies lie over it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::{MmapOptions, MmapRaw};

use super::sigbus::{Loss, Watch};

/// A shared, read-only mapping of one stretch of a file.
#[derive(Debug)]
pub(super) struct Baseline {
    /// Forgotten before the mapping goes.
    _watch: Watch,
    map: MmapRaw,
    file_offset: u64,
}

impl Baseline {
    /// Maps `bytes` of the file from `file_offset` on.
    pub(super) fn new(
        file: &File,
        file_offset: u64,
        bytes: usize,
        loss: &Arc<Loss>,
    ) -> io::Result<Self> {
        let map = MmapOptions::new().offset(file_offset).len(bytes).map_raw_read_only(file)?;
        #[cfg(target_os = "linux")]
        map.advise(memmap2::Advice::DontFork)?;
        let start = map.as_ptr().addr();
        Ok(Self { _watch: Watch::new(start..start + bytes, loss)?, map, file_offset })
    }

    /// The stretch of the file it shows.
    pub(super) fn stretch(&self) -> Range<u64> {
        self.file_offset..self.file_offset + self.map.len() as u64
    }

    /// Where it shows `bytes` of the file from `file_offset` on; readable as long as `self` lives
    /// and the file is not cut.
    pub(super) fn address(&self, file_offset: u64, bytes: usize) -> *const u8 {
        self.map.as_ptr().wrapping_add(self.range(file_offset, bytes).start)
    }

    /// Hands the dirty pages of a stretch of the file to the file system.
    fn flush(&self, file_offset: u64, bytes: usize) -> io::Result<()> {
        self.map.flush_range(self.range(file_offset, bytes).start, bytes)
    }

    fn range(&self, file_offset: u64, bytes: usize) -> Range<usize> {
        let stretch = self.stretch();
        assert!(
            file_offset >= stretch.start
                && (bytes as u64) <= stretch.end.saturating_sub(file_offset),
            "bytes of the file outside its window"
        );
        let start = usize::try_from(file_offset - stretch.start).expect("the length of a mapping");
        start..start + bytes
    }
}

/// A stretch of the file that memory shows shared. Alive while such memory holds it.
#[derive(Debug)]
pub(super) struct SharedStretch {
    baseline: Arc<Baseline>,
    file_offset: u64,
    bytes: usize,
}

/// Every stretch that was mapped shared since the last barrier. Off Linux, `fsync` need not know
/// of pages that were written through a mapping: they are handed over by `msync` first. That goes
/// through the baseline, which shows the same pages and cannot be replaced meanwhile.
#[derive(Debug, Default)]
pub(super) struct SharedStretches {
    list: Mutex<Vec<Arc<SharedStretch>>>,
}

impl SharedStretches {
    /// Remembers that a stretch is about to be mapped shared.
    pub(super) fn add(
        &self,
        baseline: Arc<Baseline>,
        file_offset: u64,
        bytes: usize,
    ) -> Arc<SharedStretch> {
        let stretch = Arc::new(SharedStretch { baseline, file_offset, bytes });
        self.list.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&stretch));
        stretch
    }

    /// Flushes every stretch, then calls `barrier`. When both succeed it forgets those that no
    /// memory showed any more before it began.
    pub(super) fn flush_then(&self, barrier: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let (held, left): (Vec<_>, Vec<_>) = {
            let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
            // One reference is the list's own; memory that shows the stretch holds the others.
            list.iter().cloned().partition(|stretch| Arc::strong_count(stretch) > 2)
        };
        for stretch in held.iter().chain(&left) {
            stretch.baseline.flush(stretch.file_offset, stretch.bytes)?;
        }
        barrier()?;
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|stretch| !left.iter().any(|gone| Arc::ptr_eq(gone, stretch)));
        Ok(())
    }

    /// How many stretches a barrier would flush.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
