//! The state of a simulated machine, and the photos that are taken of its disk.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::disk::Disk;
use super::fault::{Failing, Faults, Operation};
use super::gate::Gate;
use super::machine::Machine;
use super::observer::Observer;
use super::random::Random;
use super::simulated::Seat;

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
pub(crate) struct Album {
    photos: Vec<Photo>,
    wanted: usize,
    seen: usize,
    random: Random,
}

#[derive(Debug)]
pub(crate) struct State {
    /// The file that has the name, and its number.
    pub(crate) disk: Disk,
    pub(crate) named: u64,
    /// Those that have it not: written beside, or replaced.
    pub(crate) others: BTreeMap<u64, Disk>,
    pub(crate) random: Random,
    pub(crate) machine: Machine,
    pub(crate) faults: Faults,
    /// Those of the readers' calls, and their chance: what they do moves nothing in the writer.
    pub(crate) reader_faults: Faults,
    pub(crate) reader_random: Random,
    /// Whether a writer has the lock.
    pub(crate) has_writer: bool,
    pub(crate) operations: u64,
    pub(crate) mark: usize,
    /// Operations left until the power goes out.
    pub(crate) budget: Option<u64>,
    /// The disk when the power went out.
    pub(crate) blackout: Option<Disk>,
    pub(crate) album: Option<Album>,
    /// Which memory shows a page of the file. Invariant: no page is shown twice.
    pub(crate) shown: HashMap<(u64, u64), u64>,
    pub(crate) memories: u64,
    /// The process ends: its memory goes without being covered.
    pub(crate) is_ending: bool,
}

impl State {
    /// Counts a call, and says whether it fails.
    pub(crate) fn call(&mut self, seat: Seat, operation: Operation) -> Option<Failing> {
        match seat {
            Seat::Writer => self.faults.call(operation),
            Seat::Reader => self.reader_faults.call(operation),
        }
    }

    /// Draws by chance.
    pub(crate) fn is_by_chance(&mut self, seat: Seat, percent: usize) -> bool {
        match seat {
            Seat::Writer => self.random.chance(percent),
            Seat::Reader => self.reader_random.chance(percent),
        }
    }

    /// A file, and the chance of its machine. `None`: the one that has the name.
    pub(crate) fn file_and_chance(&mut self, file: Option<u64>) -> (&mut Disk, &mut Random) {
        let disk = match file.filter(|file| *file != self.named) {
            None => &mut self.disk,
            Some(file) => self.others.get_mut(&file).expect("a file that was made"),
        };
        (disk, &mut self.random)
    }

    pub(crate) fn file_mut(&mut self, file: Option<u64>) -> &mut Disk {
        self.file_and_chance(file).0
    }

    pub(crate) fn file(&self, file: Option<u64>) -> &Disk {
        match file.filter(|file| *file != self.named) {
            None => &self.disk,
            Some(file) => &self.others[&file],
        }
    }

    /// Gives the name to another file.
    pub(crate) fn rename(&mut self, next: u64) {
        let mut disk = self.others.remove(&next).expect("a file that was made");
        disk.take_name_of(&self.disk);
        let former = std::mem::replace(&mut self.disk, disk);
        self.others.insert(self.named, former);
        self.named = next;
    }

    /// Enters a page of a file as shown by a memory.
    pub(crate) fn show(&mut self, page: (u64, u64), memory: u64) {
        if let Some(other) = self.shown.insert(page, memory) {
            assert!(other == memory, "page {page:?} of the file is mapped by two regions at once");
        }
    }

    pub(crate) fn hide(&mut self, page: (u64, u64), memory: u64) {
        if self.shown.get(&page) == Some(&memory) {
            self.shown.remove(&page);
        }
    }

    pub(crate) fn is_out(&self) -> bool {
        self.blackout.is_some()
    }
}

/// What a medium and its memories share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) gate: Gate,
    pub(crate) observer: Mutex<Option<Observer>>,
}

impl Shared {
    /// A panic elsewhere is reported there; the state stays usable.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn observer(&self) -> MutexGuard<'_, Option<Observer>> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Album {
    pub(crate) fn new(wanted: usize, random: Random) -> Self {
        Self { photos: Vec::new(), wanted, seen: 0, random }
    }

    /// The photos, in the order of their operations.
    pub(crate) fn into_photos(self) -> Vec<Photo> {
        let mut photos = self.photos;
        photos.sort_by_key(|photo| photo.operation);
        photos
    }

    /// Takes a photo, if it is to be one of the sample.
    pub(crate) fn offer(&mut self, disk: &Disk, operation: u64, mark: usize) {
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
