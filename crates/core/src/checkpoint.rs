//! Checkpoints: when the log is full, what was committed so far becomes the base of a new one.

use crate::capture::InFlight;
use crate::checksums::Entries;
use crate::commit::{Applied, Committer, Flight, Write};
use crate::error::{Error, ErrorKind, Result};
use crate::format::header::{Header, slot_index};
use crate::format::record;
use crate::format::{DIRECTORY_AREAS, Extent, RECORD_BYTES_MAX, UNIT_BYTES, checksum};
use crate::growth::log_bytes_for;
use crate::medium::{Medium, PAGE_BYTES};
use crate::planted::{Bug, planted};
use crate::store::Store;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// A log that fills up grows to this, if there is room: a checkpoint costs two syncs.
const LOG_BYTES_WITH_USE: u64 = 1024 * 1024;

/// A log that one large commit made larger than this is given up at the next checkpoint.
const LOG_BYTES_KEPT: u64 = 64 * 1024 * 1024;

const CHECKPOINT: &str = "cannot write a checkpoint";

/// What must happen before a record that does not fit into the log: the state so far becomes the
/// base, and the log begins anew.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) header: Header,
    pub(crate) directory: Vec<u8>,
    pub(crate) checksums: Entries,
    /// The log is a new extent: it is filled with zeros before anything refers to it.
    pub(crate) is_new_log: bool,
}

/// What the next capture builds on: the state of the file once all that is queued is performed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) epoch: u64,
    pub(crate) salt: u64,
    pub(crate) commit: u64,
    pub(crate) log: Extent,
    pub(crate) head: u64,
    pub(crate) directory: Extent,
}

/// The parts of a planned checkpoint.
#[derive(Debug, Default)]
pub(crate) struct PlannedCheckpoint {
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) taken: Vec<Extent>,
    pub(crate) replaced: Vec<Extent>,
}

impl Plan {
    /// The plan with nothing on its way.
    pub(crate) fn of(applied: &Applied) -> Self {
        Self {
            epoch: applied.header.epoch,
            salt: applied.header.salt,
            commit: applied.commit,
            log: applied.header.log,
            head: applied.head,
            directory: applied.header.directory,
        }
    }
}

impl<M: Medium> Store<M> {
    /// Hands a flight to the committer.
    pub(crate) fn queue(
        &mut self,
        checkpoint: Option<Checkpoint>,
        syncs_data: bool,
        write: Option<Write>,
    ) -> Arc<Flight> {
        let flight = Arc::new(Flight {
            ticket: self.next_ticket(),
            checkpoint,
            syncs_data,
            write,
            has_checkpointed: AtomicBool::new(false),
            outcome: OnceLock::new(),
        });
        self.committer.push(Arc::clone(&flight));
        flight
    }

    /// Queues a checkpoint without a commit, if the log holds anything.
    pub(crate) fn launch_checkpoint(&mut self) -> Result<Option<u64>> {
        if self.plan.head == 0 {
            return Ok(None);
        }
        self.queue_checkpoint(Vec::new(), Vec::new()).map(Some)
    }

    /// Queues a checkpoint without a commit. `taken` and `replaced`: the extents that only this
    /// brings into the structure, and those that it takes out.
    pub(crate) fn queue_checkpoint(
        &mut self,
        taken: Vec<Extent>,
        replaced: Vec<Extent>,
    ) -> Result<u64> {
        let mut planned = self.plan_checkpoint(0).inspect_err(|_| {
            for extent in &taken {
                self.space.give_back(*extent);
            }
        })?;
        planned.taken.extend(taken);
        planned.replaced.extend(replaced);
        let flight = self.queue(planned.checkpoint, false, None);
        let ticket = flight.ticket;
        self.in_flight.push_back(InFlight {
            taken: planned.taken,
            replaced: planned.replaced,
            ..InFlight::new(flight, Arc::clone(&self.captured))
        });
        Ok(ticket)
    }

    /// Plans that the newest capture becomes the base and the log begins anew, with room for a
    /// record of `record_bytes`.
    pub(crate) fn plan_checkpoint(&mut self, record_bytes: u64) -> Result<PlannedCheckpoint> {
        let mut planned = PlannedCheckpoint::default();
        let result = self.plan_checkpoint_into(record_bytes, &mut planned);
        match result {
            Ok(()) => Ok(planned),
            Err(error) => {
                self.give_up(planned);
                Err(error)
            }
        }
    }

    fn plan_checkpoint_into(
        &mut self,
        record_bytes: u64,
        planned: &mut PlannedCheckpoint,
    ) -> Result<()> {
        let mut log = self.plan.log;
        let mut is_new_log = false;
        if !record::fits(log, 0, record_bytes) {
            let bytes = log_bytes_for(record_bytes).ok_or_else(|| too_large(record_bytes))?;
            let least = record_bytes.next_multiple_of(UNIT_BYTES);
            log = self.allocate(bytes, None).or_else(|error| match error.kind() {
                ErrorKind::NoSpace => self.allocate(least, None),
                _ => Err(error),
            })?;
            (is_new_log, planned.taken) = (true, vec![log]);
        } else if log.bytes < LOG_BYTES_WITH_USE && record_bytes > 0 {
            // Only a convenience: where there is no room the log stays as it is.
            if let Ok(larger) = self.allocate(LOG_BYTES_WITH_USE, None) {
                log = larger;
                (is_new_log, planned.taken) = (true, vec![log]);
            }
        } else if log.bytes > LOG_BYTES_KEPT {
            let usual = log_bytes_for(record_bytes).map(|bytes| bytes.max(LOG_BYTES_WITH_USE));
            let usual = usual.filter(|bytes| *bytes <= LOG_BYTES_KEPT);
            if let Some(Ok(smaller)) = usual.map(|bytes| self.allocate(bytes, None)) {
                log = smaller;
                (is_new_log, planned.taken) = (true, vec![log]);
            }
        }
        if is_new_log {
            planned.replaced.push(self.plan.log);
        }
        let epoch = self.plan.epoch + 1;
        let lengths = self.lengths(|region| region.captured_length);
        let bytes = self.captured.encode(&lengths);
        let area = DIRECTORY_AREAS[slot_index(epoch)];
        let mut directory = Extent { offset: area.offset, bytes: bytes.len() as u64 };
        if directory.bytes > area.bytes {
            let extent = self.allocate(directory.bytes.next_multiple_of(UNIT_BYTES), None)?;
            planned.taken.push(extent);
            directory.offset = extent.offset;
        }
        if let Some(extent) = directory_extent(self.plan.directory) {
            planned.replaced.push(extent);
        }
        let header = Header {
            epoch,
            base_commit: self.plan.commit,
            data_version: self.captured.data_version,
            log,
            directory,
            directory_checksum: checksum(&bytes),
            salt: self.medium.random(),
        };
        let checksums = self.entries(self.unwritten_entries());
        (self.plan.epoch, self.plan.salt) = (epoch, header.salt);
        self.plan.log = log;
        self.plan.head = 0;
        self.plan.directory = directory;
        self.imaged.clear();
        self.wants_checkpoint = false;
        planned.checkpoint = Some(Checkpoint { header, directory: bytes, checksums, is_new_log });
        Ok(())
    }

    /// The table entries of all pages imaged since the last checkpoint.
    fn unwritten_entries(&self) -> Vec<(u64, u64)> {
        let mut newest: BTreeMap<u64, u64> = self.unwritten_checksums.clone();
        for in_flight in &self.in_flight {
            newest.extend(in_flight.checksums.iter().copied());
        }
        newest.into_iter().collect()
    }

    /// A capture that failed after its checkpoint was planned: the plan is undone.
    pub(crate) fn give_up(&mut self, planned: PlannedCheckpoint) {
        planned.taken.into_iter().for_each(|extent| self.space.give_back(extent));
        if planned.checkpoint.is_some() {
            // What was captured before is on its way; only it says where the log will be.
            self.committer.complete_all();
            self.settle_all();
            self.begin_anew();
        }
    }
}

impl<M: Medium> Committer<M> {
    /// Makes the state so far the base of the next records. Two syncs.
    pub(crate) fn checkpoint(&self, applied: &mut Applied, checkpoint: &Checkpoint) -> Result<()> {
        let header = &checkpoint.header;
        let prepare = || -> io::Result<()> {
            if checkpoint.is_new_log {
                fill_with_zeros(&*self.medium, header.log)?;
            }
            self.medium.write(header.directory.offset, &checkpoint.directory)?;
            checkpoint.checksums.write(&*self.medium)
        };
        prepare().map_err(|error| self.before_sync(&error, CHECKPOINT))?;
        if !planted(Bug::CheckpointWithoutSync) {
            self.medium.sync().map_err(|error| self.doubt_sync(&error, "fdatasync", CHECKPOINT))?;
        }
        write_header(&*self.medium, header)
            .map_err(|error| self.doubt_sync(&error, "pwritev2", CHECKPOINT))?;
        applied.header = header.clone();
        applied.head = 0;
        self.publish(applied, true).map_err(|error| self.doubt(&error, "pwrite", CHECKPOINT))
    }
}

/// Writes a header and waits until it is durable.
pub(crate) fn write_header<M: Medium>(medium: &M, header: &Header) -> io::Result<()> {
    if planted(Bug::HeaderNotSyncedBeforeLogReuse) {
        return medium.write(header.slot_offset(), &header.encode());
    }
    medium.write_durable(header.slot_offset(), &header.encode())
}

/// Writes zeros in small pieces: the page cache keeps what is written at once as one large folio,
/// and would write all of it for one record later. Behind the first MiB, which only large records
/// reach, that does not matter.
pub(crate) fn fill_with_zeros<M: Medium>(medium: &M, extent: Extent) -> io::Result<()> {
    const SMALL_UNTIL: u64 = 1 << 20;
    let zeros = vec![0; 16 * PAGE_BYTES];
    let mut offset = extent.offset;
    while offset < extent.end() {
        let is_small = offset - extent.offset < SMALL_UNTIL;
        let bytes = if is_small { PAGE_BYTES } else { zeros.len() };
        let bytes = bytes.min(usize::try_from(extent.end() - offset).unwrap_or(bytes));
        medium.write(offset, &zeros[..bytes])?;
        offset += bytes as u64;
    }
    Ok(())
}

/// The error of a commit whose record is longer than the format allows.
pub(crate) fn too_large(record_bytes: u64) -> Error {
    let message = format!(
        "cannot commit {record_bytes} bytes of changes at once: a commit has at most \
         {RECORD_BYTES_MAX}; nothing was changed, commit in batches"
    );
    Error::new(ErrorKind::Limit, message)
}

/// The extent that a directory outside the areas takes.
pub(crate) fn directory_extent(directory: Extent) -> Option<Extent> {
    let is_beside_slot = DIRECTORY_AREAS.iter().any(|area| area.offset == directory.offset);
    let bytes = directory.bytes.next_multiple_of(UNIT_BYTES);
    (!is_beside_slot).then_some(Extent { offset: directory.offset, bytes })
}
