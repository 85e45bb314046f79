//! The medium of the power-cut tests: one file on a simulated disk.
//!
//! Every call that changes something is one operation. Within each of them the power may fail:
//! a photo of the disk is taken there (many in one run, kept by reservoir sampling), or the power
//! really goes out, and that call and all later ones fail. Both see the operation half done: what
//! it wrote is in the cache, nothing of it need be durable. Before each of them an observer may look
//! at the disk from a reader's seat: one from which nothing can be written.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::disk::Disk;
use super::fault::{Failing, Fault, Faults, Operation};
use super::gate::Gate;
use super::machine::Machine;
use super::observer::Observer;
use super::random::Random;
use super::state::{Album, Photo, Shared, State};
use super::trace::trace;

/// Where the published block lies, as in `docs/format.md`.
const PUBLISHED_OFFSET: u64 = 2 * 64 * 1024;

/// Who uses a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    Writer,
    Reader,
}

/// One file on a simulated disk. Clones are the same file.
#[derive(Clone)]
pub(crate) struct SimulatedMedium {
    shared: Arc<Shared>,
    seat: Seat,
    /// `None`: the file that has the name, whichever that is.
    file: Option<u64>,
}

impl fmt::Debug for SimulatedMedium {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        formatter
            .debug_struct("SimulatedMedium")
            .field("disk", &state.disk)
            .field("operations", &state.operations)
            .finish_non_exhaustive()
    }
}

pub(crate) fn power_is_out() -> io::Error {
    io::Error::other("power is out")
}

impl SimulatedMedium {
    /// The machine with this disk in it. A disk that a cut left is that of the next boot; any
    /// other goes on in the same boot, as a process finds it when the one before was killed.
    pub(crate) fn new(disk: Disk, machine: Machine, random: Random) -> Self {
        let state = State {
            reader_random: Random::new(disk.boot_id()),
            disk,
            named: 0,
            others: BTreeMap::new(),
            random,
            machine,
            faults: Faults::default(),
            reader_faults: Faults::default(),
            has_writer: false,
            operations: 0,
            mark: 0,
            budget: None,
            blackout: None,
            album: None,
            shown: HashMap::new(),
            memories: 0,
            is_ending: false,
        };
        let shared =
            Shared { state: Mutex::new(state), gate: Gate::default(), observer: Mutex::default() };
        Self { shared: Arc::new(shared), seat: Seat::Writer, file: None }
    }

    /// What the machine is like.
    pub(crate) fn machine(&self) -> Machine {
        self.lock().machine
    }

    /// The same disk, as a process sees it that only reads.
    pub(crate) fn reading(&self) -> Self {
        Self { seat: Seat::Reader, ..self.opened() }
    }

    /// The file that has the name now, whatever becomes of that.
    pub(crate) fn opened(&self) -> Self {
        let file = Some(self.lock().named);
        Self { shared: Arc::clone(&self.shared), seat: self.seat, file }
    }

    pub(crate) fn file(&self) -> Option<u64> {
        self.file
    }

    pub(crate) fn has_name(&self) -> bool {
        let named = self.lock().named;
        self.file.is_none_or(|file| file == named)
    }

    /// Makes an empty file without the name.
    pub(crate) fn create_file(&self) -> io::Result<Self> {
        let number = {
            let state = self.lock();
            state.others.keys().max().copied().unwrap_or(0).max(state.named) + 1
        };
        self.operate_all(
            Operation::CreateBeside,
            (number, 0),
            |state| {
                state.others.insert(number, state.disk.beside());
            },
            |_| (),
            |_| (),
        )?;
        Ok(Self { shared: Arc::clone(&self.shared), seat: self.seat, file: Some(number) })
    }

    /// Gives the name of this file to another.
    pub(crate) fn rename_over(&self, next: &Self) -> io::Result<()> {
        assert!(self.has_name(), "a file without a name is replaced");
        let number = next.file.expect("a file that was made beside another");
        self.operate_all(
            Operation::Rename,
            (number, 0),
            |state| state.rename(number),
            |_| (),
            |_| (),
        )
    }

    pub(crate) fn seat(&self) -> Seat {
        self.seat
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    /// Lets somebody look before each operation, and gives who did so until now.
    pub(crate) fn watch(&self, observer: Option<Observer>) -> Option<Observer> {
        std::mem::replace(&mut *self.shared.observer(), observer)
    }

    /// Lets the observer look, with no lock held: it reads the disk.
    pub(crate) fn show_observer(&self) {
        let observer = self.shared.observer().take();
        if let Some(mut observer) = observer {
            observer.look(&self.reading());
            *self.shared.observer() = Some(observer);
        }
    }

    /// A writer's process begins or ends.
    pub(crate) fn set_writer(&self, has_writer: bool) {
        self.lock().has_writer = has_writer;
    }

    /// What its memories share with it.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Takes a photo in `wanted` of the operations to come, each as likely.
    pub(crate) fn take_photos(&self, wanted: usize) {
        let mut state = self.lock();
        let random = state.random.fork();
        state.album = Some(Album::new(wanted, random));
    }

    /// The photos, in the order of their operations. Ends the taking of them.
    pub(crate) fn photos(&self) -> Vec<Photo> {
        self.lock().album.take().map_or_else(Vec::new, Album::into_photos)
    }

    /// What photos from now on are marked with.
    pub(crate) fn set_mark(&self, mark: usize) {
        self.lock().mark = mark;
    }

    /// Lets the power go out in the operation after `operations` more.
    pub(crate) fn cut_after(&self, operations: u64) {
        self.lock().budget = Some(operations);
    }

    pub(crate) fn is_out(&self) -> bool {
        self.lock().is_out()
    }

    /// The disk with its cache, as it was when the power went out, else as it is.
    pub(crate) fn photo(&self) -> Photo {
        let state = self.lock();
        Photo {
            disk: state.blackout.as_ref().unwrap_or(&state.disk).clone(),
            operation: state.operations,
            mark: state.mark,
        }
    }

    pub(crate) fn inject(&self, fault: Fault) {
        let mut state = self.lock();
        match self.seat {
            Seat::Writer => state.faults.add(fault),
            Seat::Reader => state.reader_faults.add(fault),
        }
    }

    /// How many calls of readers have failed since their faults were mended; mends them.
    pub(crate) fn mend_reading(&self) -> usize {
        let mut state = self.lock();
        let count = state.reader_faults.failed.len();
        state.reader_faults.mend();
        count
    }

    /// Nothing fails from now on.
    pub(crate) fn stop_failing(&self) {
        self.lock().faults.mend();
    }

    /// Clean pages may leave the cache: what a failed sync lost shows then. The page of the
    /// published block is spared. It is written at every commit and read by every reader; that it
    /// goes while pages that were lost with it stay is the one case that the protocol leaves open.
    pub(crate) fn evict(&self) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.disk.evict(PUBLISHED_OFFSET, &mut state.random);
    }

    /// Says whether the process is about to end: only then may memory go that shows the file.
    pub(crate) fn set_ending(&self, is_ending: bool) {
        self.lock().is_ending = is_ending;
    }

    /// Whether a call has failed or will.
    pub(crate) fn is_failing(&self) -> bool {
        self.lock().faults.is_any()
    }

    /// How many calls of these kinds have failed.
    pub(crate) fn failed(&self, operations: &[Operation]) -> u64 {
        let state = self.lock();
        let failed = state.faults.failed.iter();
        failed.filter(|(operation, _)| operations.contains(operation)).count() as u64
    }

    /// How many calls have failed in all.
    pub(crate) fn failures(&self) -> u64 {
        let faults = &self.lock().faults;
        faults.mended + faults.failed.len() as u64
    }

    /// Whether a failed call took away what memory showed.
    pub(crate) fn has_lost(&self) -> bool {
        self.lock().faults.failed.iter().any(|(_, failing)| *failing == Failing::Lost)
    }

    /// How many calls have failed that should have made something durable.
    pub(crate) fn failed_syncs(&self) -> u64 {
        self.failed(&[Operation::Sync, Operation::WriteDurable])
    }

    pub(crate) fn set_capacity_bytes(&self, bytes: u64) {
        self.lock().machine.capacity_bytes = bytes;
    }

    /// Where a second thread is stopped between two operations.
    pub(crate) fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// One operation. `queue` changes the cache, `finish` makes durable what the operation
    /// promises; a cut falls between the two. `fail` is what a failure leaves behind.
    pub(crate) fn operate(
        &self,
        operation: Operation,
        place: (u64, u64),
        queue: impl FnOnce(&mut Disk),
        finish: impl FnOnce(&mut Disk),
        fail: impl FnOnce(&mut Disk, &mut Random),
    ) -> io::Result<()> {
        let file = self.file;
        self.operate_all(
            operation,
            place,
            |state| queue(state.file_mut(file)),
            |state| finish(state.file_mut(file)),
            |state| {
                let (disk, random) = state.file_and_chance(file);
                fail(disk, random);
            },
        )
    }

    /// The same, of more than one file.
    fn operate_all(
        &self,
        operation: Operation,
        place: (u64, u64),
        queue: impl FnOnce(&mut State),
        finish: impl FnOnce(&mut State),
        fail: impl FnOnce(&mut State),
    ) -> io::Result<()> {
        assert_eq!(self.seat, Seat::Writer, "a reader calls {operation:?} at {place:?}");
        self.shared.gate.pass();
        self.show_observer();
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.is_out() {
            return Err(power_is_out());
        }
        if let Some(failing) = state.faults.call(operation) {
            trace(format_args!("  {operation:?} of {} at {} fails", place.1, place.0));
            fail(state);
            return Err(failing.error());
        }
        queue(state);
        state.operations += 1;
        trace(format_args!(
            "  operation {}: {operation:?} of {} at {}",
            state.operations, place.1, place.0
        ));
        // What is written to a file without the name changes nothing for who comes later.
        let counts = operation == Operation::Rename || self.file.is_none_or(|it| it == state.named);
        if counts && let Some(album) = &mut state.album {
            album.offer(&state.disk, state.operations, state.mark);
        }
        match &mut state.budget {
            Some(0) => {
                state.blackout = Some(state.disk.clone());
                return Err(power_is_out());
            }
            Some(left) => *left -= 1,
            None => {}
        }
        finish(state);
        Ok(())
    }
}
