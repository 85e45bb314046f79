//! The second half of a commit: what is done to the disk, on any thread, first in first out.
//!
//! The numbers are the steps of `docs/atomic-commit.md`. Steps 1 to 3 are in `capture`.

use crate::backup::Touched;
use crate::checkpoint::Checkpoint;
use crate::checksums::Entries;
use crate::error::{Error, Result};
use crate::format::PAGE;
use crate::format::header::Header;
use crate::format::published::{
    BLOCK_OFFSET, Published, SEQUENCE_OFFSET, sequence_after, sequence_during,
};
use crate::format::record::GRANULE_BYTES;
use crate::medium::{Medium, PAGE_BYTES, Page};
use crate::planted::{Bug, planted};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// A page to write home: its content lies in the record, or in `Flight::pages`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    pub(crate) page: u64,
    pub(crate) at: usize,
    pub(crate) is_in_record: bool,
    /// The granules that differ from what is at home.
    pub(crate) bitmap: u64,
}

impl Home {
    /// The bytes of the page from the first granule that differs to the last.
    fn span(self) -> Range<usize> {
        let first = self.bitmap.trailing_zeros() as usize;
        let end = u64::BITS as usize - self.bitmap.leading_zeros() as usize;
        first * GRANULE_BYTES..end * GRANULE_BYTES
    }
}

/// The record of a commit, and what follows it.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) commit: u64,
    pub(crate) record: Vec<u8>,
    pub(crate) offset: u64,
    /// Pages were written directly, or the file grew: a sync of the record alone is too little.
    pub(crate) needs_full_sync: bool,
    pub(crate) homes: Vec<Home>,
    /// The content of those pages of which the record holds only some granules.
    pub(crate) pages: Vec<u8>,
    /// Checksums of the directly written pages.
    pub(crate) checksums: Entries,
}

impl Write {
    /// The captured content of a page.
    pub(crate) fn content(&self, home: Home) -> &Page {
        let source = if home.is_in_record { &self.record } else { &self.pages };
        source[home.at..home.at + PAGE_BYTES].try_into().expect("a page has PAGE_BYTES")
    }
}

/// A captured commit on its way to the disk. A lone checkpoint has no `write`.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) ticket: u64,
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Everything that was written before it becomes durable before its record: of a live store.
    pub(crate) syncs_data: bool,
    pub(crate) write: Option<Write>,
    pub(crate) has_checkpointed: AtomicBool,
    pub(crate) outcome: OnceLock<Result<()>>,
}

/// The state of the file, as far as this process brought it.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) header: Header,
    pub(crate) commit: u64,
    pub(crate) head: u64,
    /// Why all that is queued must fail too, until the store has taken note.
    pub(crate) broken: Option<Error>,
}

/// Performs the input and output of commits, one after the other in the order of their capture.
/// Shared between the store and the threads that wait for the disk.
#[derive(Debug)]
pub struct Committer<M> {
    pub(crate) medium: Arc<M>,
    queue: Mutex<VecDeque<Arc<Flight>>>,
    pub(crate) applied: Mutex<Applied>,
    failed: Mutex<BTreeMap<u64, Error>>,
    is_poisoned: AtomicBool,
    /// What is written to memory reaches the file at once.
    pub(crate) is_live: AtomicBool,
    /// A sync failed since it went live.
    pub(crate) has_lost: AtomicBool,
    /// The store is closed: the file may be another writer's.
    pub(crate) is_over: AtomicBool,
    /// Backups that want to know which pages commits write.
    pub(crate) touched: Mutex<Vec<Weak<Touched>>>,
    /// A forked child has a copy of all this, and no business with the file.
    pub(crate) process: u32,
}

/// A commit that panics half-way leaves as much doubt as a failed sync.
struct PoisonOnPanic<'a>(&'a AtomicBool);

impl Drop for PoisonOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Release);
        }
    }
}

/// A panic while a lock was held leaves the data as consistent as an error there would.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const COMMIT: &str = "cannot write the commit to the log";

/// Failed commits whose error is kept for a late question.
const FAILED_MAX: usize = 1024;

impl<M: Medium> Committer<M> {
    pub(crate) fn new(medium: Arc<M>, applied: Applied) -> Self {
        Self {
            medium,
            queue: Mutex::default(),
            applied: Mutex::new(applied),
            failed: Mutex::default(),
            is_poisoned: AtomicBool::new(false),
            is_live: AtomicBool::new(false),
            has_lost: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            touched: Mutex::default(),
            process: std::process::id(),
        }
    }

    /// Performs the commit with this ticket and all before it, on the calling thread, and gives
    /// the result of that commit. A commit that was performed before gives the same result again.
    ///
    /// # Errors
    /// `NoSpace`: nothing was changed, the changes are pending. `Io`: the disk is in doubt, the
    /// store is poisoned. `Poisoned`: it was before. `Unsupported`: in a forked child.
    pub fn complete(&self, ticket: u64) -> Result<()> {
        self.check_process()?;
        let mut applied = lock(&self.applied);
        loop {
            let next = if planted(Bug::OutOfOrderCommits) {
                lock(&self.queue).back().cloned()
            } else {
                lock(&self.queue).front().cloned()
            };
            let Some(flight) = next.filter(|flight| flight.ticket <= ticket) else {
                break;
            };
            let result = match &applied.broken {
                Some(error) => Err(error.clone()),
                None => self.perform(&mut applied, &flight),
            };
            if let Err(error) = &result {
                applied.broken = Some(error.clone());
                if self.is_poisoned() && !planted(Bug::FailedSyncUntold) {
                    // The failed sync may have marked the block clean without writing it. Dirty
                    // again, it stays in the cache as long as what it tells about. Odd, for what
                    // was written home may be lost, too: readers take it from the log.
                    let _no_worse = write_told(
                        &*self.medium,
                        sequence_during(applied.commit),
                        self.block(&applied, true),
                    );
                }
                let mut failed = lock(&self.failed);
                failed.insert(flight.ticket, error.clone());
                if failed.len() > FAILED_MAX {
                    failed.pop_first();
                }
            }
            lock(&self.queue).retain(|queued| queued.ticket != flight.ticket);
            let first_time = flight.outcome.set(result);
            debug_assert!(first_time.is_ok(), "a flight is performed once");
        }
        lock(&self.failed).get(&ticket).map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Performs everything that is queued.
    pub(crate) fn complete_all(&self) {
        // What failed is told to whoever asks for the ticket, and to `settle`.
        let _told_elsewhere = self.complete(u64::MAX);
    }

    /// Takes over what another answers a late question with.
    pub(crate) fn remember_failures_of(&self, former: &Self) {
        lock(&self.failed).extend(lock(&former.failed).clone());
    }

    pub(crate) fn push(&self, flight: Arc<Flight>) {
        lock(&self.queue).push_back(flight);
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.is_poisoned.load(Ordering::Acquire)
    }

    pub(crate) fn poison(&self) {
        self.is_poisoned.store(true, Ordering::Release);
    }

    /// The state of the file, for a store that begins anew after a failure.
    pub(crate) fn take_note(&self) -> Applied {
        let mut applied = lock(&self.applied);
        applied.broken = None;
        applied.clone()
    }

    /// Tells the other processes that the writer is there, or that it went in good order.
    pub(crate) fn publish_presence(&self, is_open: bool) -> Result<()> {
        let applied = lock(&self.applied);
        if !is_open {
            self.is_over.store(true, Ordering::Release);
        }
        self.publish(&applied, is_open)
            .map_err(|error| Error::from_io(&error, "pwrite", "cannot publish the writer's state"))
    }

    pub(crate) fn publish(&self, applied: &Applied, is_open: bool) -> io::Result<()> {
        self.medium.write(BLOCK_OFFSET, &self.block(applied, is_open).encode())
    }

    /// What other processes are told.
    pub(crate) fn block(&self, applied: &Applied, is_open: bool) -> Published {
        Published {
            commit: applied.commit,
            epoch: applied.header.epoch,
            boot_id: self.medium.boot_id(),
            is_open,
        }
    }

    fn perform(&self, applied: &mut Applied, flight: &Flight) -> Result<()> {
        self.check_trusted()?;
        let _doubt = PoisonOnPanic(&self.is_poisoned);
        // Step 2, its disk part: the log is full.
        if let Some(checkpoint) = &flight.checkpoint {
            self.checkpoint(applied, checkpoint)?;
            flight.has_checkpointed.store(true, Ordering::Release);
        }
        if flight.syncs_data && !(flight.write.is_some() && planted(Bug::LiveRecordBeforeRows)) {
            self.medium.sync().map_err(|error| self.doubt_sync(&error, "fdatasync", COMMIT))?;
        }
        let Some(write) = &flight.write else {
            return Ok(());
        };
        if planted(Bug::HomeBeforeLog) {
            let _ignored = self.write_home(applied, write);
        }
        // Step 4: the record, and one sync.
        if planted(Bug::NoLogSync) {
            self.medium
                .write(write.offset, &write.record)
                .map_err(|error| self.before_sync(&error, COMMIT))?;
        } else if write.needs_full_sync && !planted(Bug::DirectPagesRangeSyncOnly) {
            self.medium
                .write(write.offset, &write.record)
                .map_err(|error| self.before_sync(&error, COMMIT))?;
            self.medium.sync().map_err(|error| self.doubt_sync(&error, "fdatasync", COMMIT))?;
        } else {
            self.medium
                .write_durable(write.offset, &write.record)
                .map_err(|error| self.doubt_sync(&error, "pwritev2", COMMIT))?;
        }
        self.note_touched(write);
        applied.commit = write.commit;
        applied.head += write.record.len() as u64;
        // Step 5: home, without a sync. Its first write tells a later recovery that the record is
        // durable; nothing is acknowledged before that is told.
        let told = if write.homes.is_empty() {
            self.publish(applied, true)
        } else {
            self.tell_of_home_writes(applied)
        };
        told.map_err(|error| self.doubt(&error, "pwrite", COMMIT))?;
        // From here on the commit stands whatever happens; a failure means that memory must not be
        // trusted to show the file any more.
        if !planted(Bug::HomeWritesFromMemory) && self.write_home(applied, write).is_err() {
            self.poison();
        }
        Ok(())
    }

    fn tell_of_home_writes(&self, applied: &Applied) -> io::Result<()> {
        if planted(Bug::PublishedBeforeHome) {
            self.publish(applied, true)?;
        }
        let is_untold = planted(Bug::HomeAtRest);
        let commit = applied.commit;
        if is_untold { Ok(()) } else { write_sequence(&*self.medium, sequence_during(commit)) }
    }

    fn write_home(&self, applied: &Applied, write: &Write) -> io::Result<()> {
        write.checksums.write(&*self.medium)?;
        if write.homes.is_empty() {
            return Ok(());
        }
        self.write_pages(write)?;
        write_told(&*self.medium, sequence_after(write.commit), self.block(applied, true))
    }

    /// Writes pages that follow each other, in the file and in the buffer, in one go.
    fn write_pages(&self, write: &Write) -> io::Result<()> {
        let mut homes = write.homes.as_slice();
        while let Some(first) = homes.first() {
            let follows = |(index, home): &(usize, &Home)| {
                let index = *index;
                home.page == first.page + index as u64
                    && home.is_in_record == first.is_in_record
                    && home.at == first.at + index * PAGE_BYTES
            };
            let count = homes.iter().enumerate().take_while(follows).count();
            let source = if first.is_in_record { &write.record } else { &write.pages };
            let (bytes, start) = if count > 1 || first.bitmap == 0 {
                (&source[first.at..first.at + count * PAGE_BYTES], 0)
            } else {
                let span = first.span();
                (&write.content(*first)[span.clone()], span.start as u64)
            };
            self.medium.write(first.page * PAGE + start, bytes)?;
            homes = &homes[count..];
        }
        Ok(())
    }
}

/// Tells the other processes, and a later recovery, how far the pages at home are.
pub(crate) fn write_sequence<M: Medium>(medium: &M, sequence: u64) -> io::Result<()> {
    medium.write(SEQUENCE_OFFSET, &sequence.to_ne_bytes())
}

/// Writes the sequence word and the block, in one write.
pub(crate) fn write_told<M: Medium>(medium: &M, sequence: u64, block: Published) -> io::Result<()> {
    let mut bytes = vec![0; in_page(BLOCK_OFFSET - SEQUENCE_OFFSET)];
    bytes[..8].copy_from_slice(&sequence.to_ne_bytes());
    bytes.extend(block.encode());
    medium.write(SEQUENCE_OFFSET, &bytes)
}

fn in_page(bytes: u64) -> usize {
    usize::try_from(bytes).expect("less than a page")
}
