//! The medium of the power-cut tests: one file on a simulated disk.
//!
//! Every call that changes something is one operation. Within each of them the power may fail:
//! a photo of the disk is taken there (many in one run, kept by reservoir sampling), or the power
//! really goes out, and that call and all later ones fail. Both see the operation half done: what
//! it wrote is in the cache, nothing of it need be durable.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoa_core::{Medium, PAGE_BYTES};

use super::disk::{Disk, SECTOR_BYTES, Tearing};
use super::fault::{Fault, Faults, Operation};
use super::gate::Gate;
use super::memory::SimulatedMemory;
use super::random::Random;
use super::trace::trace;

/// Where the published block lies, as in `docs/format.md`.
const PUBLISHED_OFFSET: u64 = 2 * 64 * 1024;

/// How the dirty search answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// The pages that differ from the file, as a comparison finds them.
    Differing,
    /// The pages that were copied, equal or not, as a page map tells them.
    Copied,
    /// Those and, by chance, pages that were never copied.
    Noisy,
}

/// What the simulated machine is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) system_page_bytes: usize,
    pub(crate) keeps_allocation: bool,
    pub(crate) search: Search,
    /// The file cannot grow beyond this.
    pub(crate) capacity_bytes: u64,
    /// In how many of a hundred cuts a sector is torn.
    pub(crate) torn_percent: usize,
    /// Whether a sector that is written again with the bytes it has can be torn, too.
    pub(crate) tears_unchanged: bool,
}

impl Machine {
    /// Draws whether a cut tears a sector.
    pub(crate) fn tearing(&self, random: &mut Random) -> Tearing {
        match (random.chance(self.torn_percent), self.tears_unchanged) {
            (false, _) => Tearing::None,
            (true, false) => Tearing::Changed,
            (true, true) => Tearing::Any,
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            system_page_bytes: PAGE_BYTES,
            keeps_allocation: true,
            search: Search::Differing,
            capacity_bytes: 1 << 30,
            torn_percent: 40,
            tears_unchanged: std::env::var_os("STOA_TORN_SOME").is_none(),
        }
    }
}

/// The disk at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Photo {
    pub(crate) disk: Disk,
    /// The number of the operation it was taken in.
    pub(crate) operation: u64,
    /// What the test said last with `set_mark`.
    pub(crate) mark: usize,
}

/// A uniform sample of the operations of a run.
#[derive(Debug)]
struct Album {
    photos: Vec<Photo>,
    wanted: usize,
    seen: usize,
    random: Random,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) disk: Disk,
    pub(crate) random: Random,
    pub(crate) machine: Machine,
    faults: Faults,
    operations: u64,
    mark: usize,
    /// Operations left until the power goes out.
    budget: Option<u64>,
    /// The disk when the power went out.
    blackout: Option<Disk>,
    album: Option<Album>,
    /// Which memory shows a page of the file. Invariant: no page is shown twice.
    shown: HashMap<u64, u64>,
    memories: u64,
    /// The process ends: its memory goes without being covered.
    pub(crate) is_ending: bool,
}

impl State {
    /// Enters page `file_offset` as shown by a memory.
    pub(crate) fn show(&mut self, file_offset: u64, memory: u64) {
        if let Some(other) = self.shown.insert(file_offset, memory) {
            assert!(
                other == memory,
                "page {file_offset} of the file is mapped by two regions at once"
            );
        }
    }

    pub(crate) fn hide(&mut self, file_offset: u64, memory: u64) {
        if self.shown.get(&file_offset) == Some(&memory) {
            self.shown.remove(&file_offset);
        }
    }

    pub(crate) fn is_out(&self) -> bool {
        self.blackout.is_some()
    }
}

/// What a medium and its memories share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) gate: Gate,
}

impl Shared {
    /// A panic elsewhere is reported there; the state stays usable.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One file on a simulated disk. Clones are the same file.
#[derive(Clone)]
pub(crate) struct SimulatedMedium(Arc<Shared>);

impl fmt::Debug for SimulatedMedium {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        formatter
            .debug_struct("SimulatedMedium")
            .field("disk", &state.disk)
            .field("operations", &state.operations)
            .finish_non_exhaustive()
    }
}

fn power_is_out() -> io::Error {
    io::Error::other("power is out")
}

impl SimulatedMedium {
    /// The machine with this disk in it. A disk that a cut left is that of the next boot; any
    /// other goes on in the same boot, as a process finds it when the one before was killed.
    pub(crate) fn new(disk: Disk, machine: Machine, random: Random) -> Self {
        let state = State {
            disk,
            random,
            machine,
            faults: Faults::default(),
            operations: 0,
            mark: 0,
            budget: None,
            blackout: None,
            album: None,
            shown: HashMap::new(),
            memories: 0,
            is_ending: false,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), gate: Gate::default() }))
    }

    /// Takes a photo in `wanted` of the operations to come, each as likely.
    pub(crate) fn take_photos(&self, wanted: usize) {
        let mut state = self.0.lock();
        let random = state.random.fork();
        state.album = Some(Album { photos: Vec::new(), wanted, seen: 0, random });
    }

    /// The photos, in the order of their operations. Ends the taking of them.
    pub(crate) fn photos(&self) -> Vec<Photo> {
        let mut photos = self.0.lock().album.take().map_or_else(Vec::new, |album| album.photos);
        photos.sort_by_key(|photo| photo.operation);
        photos
    }

    /// What photos from now on are marked with.
    pub(crate) fn set_mark(&self, mark: usize) {
        self.0.lock().mark = mark;
    }

    /// Lets the power go out in the operation after `operations` more.
    pub(crate) fn cut_after(&self, operations: u64) {
        self.0.lock().budget = Some(operations);
    }

    pub(crate) fn is_out(&self) -> bool {
        self.0.lock().is_out()
    }

    /// The disk with its cache, as it was when the power went out, else as it is.
    pub(crate) fn photo(&self) -> Photo {
        let state = self.0.lock();
        Photo {
            disk: state.blackout.as_ref().unwrap_or(&state.disk).clone(),
            operation: state.operations,
            mark: state.mark,
        }
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.0.lock().faults.add(fault);
    }

    /// Nothing fails from now on.
    pub(crate) fn stop_failing(&self) {
        self.0.lock().faults = Faults::default();
    }

    /// Clean pages may leave the cache: what a failed sync lost shows then. The page of the
    /// published block is spared. It is written at every commit and read by every reader; that it
    /// goes while pages that were lost with it stay is the one case that the protocol leaves open.
    pub(crate) fn evict(&self) {
        let mut guard = self.0.lock();
        let state = &mut *guard;
        state.disk.evict(PUBLISHED_OFFSET, &mut state.random);
    }

    /// Says whether the process is about to end: only then may memory go that shows the file.
    pub(crate) fn set_ending(&self, is_ending: bool) {
        self.0.lock().is_ending = is_ending;
    }

    /// How many calls of these kinds have failed.
    pub(crate) fn failed(&self, operations: &[Operation]) -> u64 {
        let state = self.0.lock();
        state.faults.failed.iter().filter(|failed| operations.contains(failed)).count() as u64
    }

    /// How many calls have failed that should have made something durable.
    pub(crate) fn failed_syncs(&self) -> u64 {
        self.failed(&[Operation::Sync, Operation::WriteDurable])
    }

    pub(crate) fn set_capacity_bytes(&self, bytes: u64) {
        self.0.lock().machine.capacity_bytes = bytes;
    }

    /// Where a second thread is stopped between two operations.
    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// One operation. `queue` changes the cache, `finish` makes durable what the operation
    /// promises; a cut falls between the two. `fail` is what a failure leaves behind.
    fn operate(
        &self,
        operation: Operation,
        place: (u64, u64),
        queue: impl FnOnce(&mut Disk),
        finish: impl FnOnce(&mut Disk),
        fail: impl FnOnce(&mut Disk, &mut Random),
    ) -> io::Result<()> {
        self.0.gate.pass();
        let mut guard = self.0.lock();
        let state = &mut *guard;
        if state.is_out() {
            return Err(power_is_out());
        }
        if let Some(failing) = state.faults.call(operation) {
            trace(format_args!("  {operation:?} of {} at {} fails", place.1, place.0));
            fail(&mut state.disk, &mut state.random);
            return Err(failing.error());
        }
        queue(&mut state.disk);
        state.operations += 1;
        trace(format_args!(
            "  operation {}: {operation:?} of {} at {}",
            state.operations, place.1, place.0
        ));
        if let Some(album) = &mut state.album {
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
        finish(&mut state.disk);
        Ok(())
    }
}

impl Album {
    fn offer(&mut self, disk: &Disk, operation: u64, mark: usize) {
        self.seen += 1;
        let place =
            if self.seen <= self.wanted { self.seen - 1 } else { self.random.below(self.seen) };
        if place >= self.wanted {
            return;
        }
        let photo = Photo { disk: disk.clone(), operation, mark };
        if place == self.photos.len() {
            self.photos.push(photo);
        } else {
            self.photos[place] = photo;
        }
    }
}

/// A write that fails half way: some leading sectors of it, never all, are in the cache.
fn write_some(disk: &mut Disk, offset: u64, bytes: &[u8], random: &mut Random) {
    let count = random.below(bytes.len().div_ceil(SECTOR_BYTES)) * SECTOR_BYTES;
    disk.write(offset, &bytes[..count]);
}

impl Medium for SimulatedMedium {
    type Memory = SimulatedMemory;

    fn len(&self) -> io::Result<u64> {
        let state = self.0.lock();
        if state.is_out() { Err(power_is_out()) } else { Ok(state.disk.len()) }
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.is_out() {
            return Err(power_is_out());
        }
        if let Some(failing) = state.faults.call(Operation::Read) {
            return Err(failing.error());
        }
        let count = state.disk.len().saturating_sub(offset).min(buffer.len() as u64) as usize;
        state.disk.read(offset, &mut buffer[..count]);
        Ok(count)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.operate(
            Operation::Write,
            (offset, bytes.len() as u64),
            |disk| disk.write(offset, bytes),
            |_| (),
            |disk, random| write_some(disk, offset, bytes, random),
        )
    }

    fn write_durable(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        self.operate(
            Operation::WriteDurable,
            (offset, length),
            |disk| {
                assert!(
                    offset + length <= disk.len(),
                    "write_durable of {length} bytes at {offset}, behind the end of the file"
                );
                disk.write(offset, bytes);
            },
            |disk| disk.sync_range(offset, length),
            |disk, random| {
                disk.write(offset, bytes);
                disk.fail_sync(Some((offset, length)), random);
            },
        )
    }

    fn sync(&self) -> io::Result<()> {
        self.operate(
            Operation::Sync,
            (0, 0),
            |_| (),
            Disk::sync,
            |disk, random| disk.fail_sync(None, random),
        )
    }

    fn allocate(&self, offset: u64, bytes: u64) -> io::Result<()> {
        let end = offset + bytes;
        {
            let state = self.0.lock();
            if end > state.machine.capacity_bytes && end > state.disk.len() {
                return Err(super::fault::Failing::Full.error());
            }
        }
        self.operate(
            Operation::Allocate,
            (offset, bytes),
            |disk| disk.extend(end),
            |_| (),
            |_, _| (),
        )
    }

    fn zero(&self, offset: u64, bytes: u64) -> io::Result<()> {
        self.operate(
            Operation::Zero,
            (offset, bytes),
            |disk| {
                assert!(
                    offset + bytes <= disk.len(),
                    "zero of {bytes} bytes at {offset}, behind the end of the file"
                );
                disk.zero(offset, bytes);
            },
            |_| (),
            |_, _| (),
        )
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        self.operate(
            Operation::Truncate,
            (bytes, 0),
            |disk| disk.truncate(bytes),
            |_| (),
            |_, _| (),
        )
    }

    fn reserve(&self, bytes: usize) -> io::Result<SimulatedMemory> {
        let mut state = self.0.lock();
        state.memories += 1;
        Ok(SimulatedMemory::new(Arc::clone(&self.0), state.memories, bytes, &state.machine))
    }

    fn boot_id(&self) -> u64 {
        self.0.lock().disk.boot_id()
    }

    fn keeps_allocation(&self) -> bool {
        self.0.lock().machine.keeps_allocation
    }

    fn system_page_bytes(&self) -> usize {
        self.0.lock().machine.system_page_bytes
    }
}
