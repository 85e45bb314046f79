//! A reservation of address space that shows stretches of a file.
#![expect(unsafe_code, reason = "owns mapped memory")]

use std::fs::File as StdFile;
use std::io;
use std::mem;
use std::ops::Range;
use std::process;
use std::ptr::NonNull;
use std::sync::Arc;

use super::baseline::{Baseline, SharedStretches};
use super::dirty::Search;
use super::piece::{Content, Piece, Pieces};
use super::place::{self, Left, Source};
use super::sigbus::{Loss, Watch};

/// Address space of one region. It costs nothing until it shows something; its base never moves.
/// Dropping it gives all of it back: nothing may refer to it then.
///
/// Bytes of the file are lent as they are. That they do not change while they are lent rests on
/// the lock of the file, as all mapped memory does; whoever ignores it changes values, and no more
/// than values: every pattern of bits is one.
#[derive(Debug)]
pub struct Reservation {
    pub(super) base: NonNull<u8>,
    pub(super) bytes: usize,
    pub(super) pieces: Pieces,
    /// `None` once nothing of the file is shown any more: memory that outlives its store, because
    /// somebody may still look, keeps no descriptor open.
    origin: Option<Origin>,
    pub(super) system_page_bytes: usize,
    /// Children do not inherit the memory: there its addresses are somebody else's.
    process: u32,
    /// A mapping that failed took away what showed the file.
    pub(super) is_damaged: bool,
    /// What of the file is lost shows zeros. Forgotten before the memory is given back.
    watch: Option<Watch>,
    /// A mapping that failed left a gap, where another thread may have mapped something since.
    has_gap: bool,
}

/// What a reservation shows.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) file: Arc<StdFile>,
    pub(super) search: Arc<Search>,
    pub(super) shared: Arc<SharedStretches>,
    pub(super) loss: Arc<Loss>,
}

// SAFETY: `base` is address space of the whole process, bound to no thread, and this value alone
// maps, lends and unmaps it: sending it sends all of that. The other fields are `Send`.
unsafe impl Send for Reservation {}

impl Reservation {
    /// Reserves address space for `bytes`, rounded up to whole pages of the machine.
    pub(super) fn new(
        bytes: usize,
        file: Arc<StdFile>,
        search: Arc<Search>,
        shared: Arc<SharedStretches>,
        loss: Arc<Loss>,
    ) -> io::Result<Self> {
        let system_page_bytes = rustix::param::page_size();
        let bytes = bytes
            .max(1)
            .checked_next_multiple_of(system_page_bytes)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        search.prepare();
        let base = place::reserve(bytes)?;
        let start = base.addr().get();
        let mut reservation = Self {
            base,
            bytes,
            pieces: Pieces::default(),
            watch: None,
            origin: None,
            system_page_bytes,
            process: process::id(),
            is_damaged: false,
            has_gap: false,
        };
        reservation.watch = Some(Watch::new(start..start + bytes, &loss)?);
        reservation.origin = Some(Origin { file, search, shared, loss });
        Ok(reservation)
    }

    /// The address of offset 0. Aligned to the machine's pages. What lies behind it may be touched
    /// only where something is mapped, and not while this value lends or changes it.
    #[must_use]
    pub fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// What it shows, until it lets go of that.
    pub(super) fn origin(&self) -> io::Result<&Origin> {
        self.origin.as_ref().ok_or_else(|| io::Error::other("the memory was retired"))
    }

    /// Lets go of the file, and gives back the address space behind the first `bytes`, of which
    /// nothing is mapped.
    pub(super) fn let_go(&mut self, bytes: usize) {
        self.origin = None;
        self.watch = None;
        self.give_back_behind(bytes);
    }

    /// The same, of memory that goes on showing the file.
    pub(super) fn keep_only(&mut self, bytes: usize) -> io::Result<()> {
        let start = self.base.addr().get();
        // Before the addresses behind are somebody else's.
        self.watch = Some(Watch::new(start..start + bytes, &self.origin()?.loss)?);
        self.origin = None;
        self.give_back_behind(bytes);
        Ok(())
    }

    fn give_back_behind(&mut self, bytes: usize) {
        let rest = self.range(bytes, self.bytes - bytes);
        assert!(self.pieces.overlapping(rest.clone()).is_empty(), "memory in use stays");
        if let Some(start) = NonNull::new(self.address(bytes))
            && bytes > 0
            && !rest.is_empty()
        {
            self.bytes = bytes;
            // SAFETY: the range is the end of the reservation, in whole pages, and `self` has
            // just forgotten it. Nothing of it was mapped, so nothing refers to it.
            unsafe { place::release(start, rest.len()) };
        }
    }

    /// Asserts that a stretch may be touched. Touching what is only reserved kills the process.
    pub(super) fn require_mapped(&self, offset: usize, bytes: usize) {
        assert!(self.covering(offset, bytes).is_some(), "memory that is not mapped");
    }

    pub(super) fn covering(&self, offset: usize, bytes: usize) -> Option<&[Piece]> {
        self.pieces.covering(offset..offset.checked_add(bytes)?)
    }

    /// The stretch of a mapping call; asserts that it lies in the reservation, in whole pages.
    pub(super) fn range(&self, offset: usize, bytes: usize) -> Range<usize> {
        assert!(
            offset <= self.bytes && bytes <= self.bytes - offset,
            "mapping outside the reservation"
        );
        assert!(
            offset.is_multiple_of(self.system_page_bytes)
                && bytes.is_multiple_of(self.system_page_bytes),
            "mapping of parts of pages"
        );
        offset..offset + bytes
    }

    pub(super) fn address(&self, offset: usize) -> *mut u8 {
        self.base.as_ptr().wrapping_add(offset)
    }

    /// In a forked child the reservation does not exist.
    pub(super) fn require_own_process(&self) -> io::Result<()> {
        if self.process == process::id() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "mapped memory belongs to the process that made it, not to its forked children",
        ))
    }

    pub(super) fn place(&mut self, range: &Range<usize>, source: Source<'_>) -> io::Result<()> {
        // SAFETY: the range lies in this reservation, in whole pages, and the process is the one
        // that made it: the callers checked. Nothing is lent while `self` is borrowed mutably;
        // whoever holds `base` is prepared for change.
        let answer = unsafe { place::place(self.address(range.start), range.len(), source) };
        answer.map_err(|failed| {
            self.take_note(range, failed.left);
            failed.error
        })
    }

    /// Remembers what a failed mapping left.
    fn take_note(&mut self, range: &Range<usize>, left: Left) {
        if left == Left::All {
            return;
        }
        let shows_file = |piece: &Piece| matches!(piece.content, Content::File(_));
        self.is_damaged |= self.pieces.overlapping(range.clone()).iter().any(shows_file);
        if left == Left::Zeros {
            let (offset, bytes) = (range.start, range.len());
            self.pieces.put(Piece { offset, bytes, content: Content::Anonymous });
        } else {
            self.pieces.clear(range.clone());
            self.has_gap = true;
        }
    }

    /// Shows the file again in place of private copies, in whole pages of pieces that show it.
    pub(super) fn discard(&mut self, runs: &[Range<usize>]) -> io::Result<()> {
        for run in runs {
            let pieces = self.covering(run.start, run.len()).expect("memory that is not mapped");
            let shows_file = |piece: &Piece| matches!(piece.content, Content::File(_));
            assert!(pieces.iter().all(shows_file), "copies of what is not a file");
        }
        #[cfg(target_os = "linux")]
        {
            // SAFETY: the runs are whole pages of pieces that show a file (asserted), and `self`
            // is borrowed mutably, so nothing of them is lent.
            let answer = unsafe { super::discard::discard(self.base.as_ptr(), runs) };
            // Memory that somebody locked (`mlockall`) is not dropped: it is mapped anew.
            if !matches!(&answer, Err(error) if error.kind() == io::ErrorKind::InvalidInput) {
                return answer;
            }
        }
        runs.iter().try_for_each(|run| self.remap(run))
    }

    /// Shows the file again in place of private copies, by mapping it anew: what is
    /// left where the kernel does not drop copies otherwise.
    pub(super) fn remap(&mut self, range: &Range<usize>) -> io::Result<()> {
        for piece in self.pieces.overlapping(range.clone()).to_vec() {
            let Content::File(content) = &piece.content else {
                continue;
            };
            let part = range.start.max(piece.offset)..range.end.min(piece.end());
            let file_offset = content.file_offset + (part.start - piece.offset) as u64;
            let file = Arc::clone(&self.origin()?.file);
            self.place(&part, Source::File(&file, file_offset, content.role))?;
        }
        Ok(())
    }

    /// The baseline that shows a stretch of the file: the one there is, if only the role of its
    /// memory changes, or a new one.
    pub(super) fn baseline(
        &self,
        range: &Range<usize>,
        stretch: &Range<u64>,
    ) -> io::Result<Arc<Baseline>> {
        let known = self.pieces.overlapping(range.clone()).iter().find_map(|piece| {
            let Content::File(content) = &piece.content else {
                return None;
            };
            let shown = content.baseline.stretch();
            let covers = shown.start <= stretch.start && stretch.end <= shown.end;
            covers.then(|| Arc::clone(&content.baseline))
        });
        if let Some(baseline) = known {
            return Ok(baseline);
        }
        let Origin { file, loss, .. } = self.origin()?;
        Ok(Arc::new(Baseline::new(file, stretch.start, range.len(), loss)?))
    }

    #[cfg(test)]
    pub(super) fn pieces(&self) -> &[Piece] {
        self.pieces.all()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.process != process::id() {
            // Nor do they inherit the baselines: they must not unmap what is there now.
            mem::forget(mem::take(&mut self.pieces));
            return;
        }
        // Before the addresses are somebody else's.
        self.watch = None;
        if self.has_gap {
            return;
        }
        // SAFETY: the range is the one reserved in `new`, by this process, and without a gap all of
        // it is still ours; `self` ends, so nothing is lent, and whoever holds `base` has promised
        // not to use it any more.
        unsafe { place::release(self.base, self.bytes) };
    }
}
