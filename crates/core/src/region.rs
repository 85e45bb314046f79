//! One region: a growable, contiguous run of elements, its memory and how far it was committed.

use crate::error::{Error, Result};
use crate::format::directory::{Entry, RegionId};
use crate::format::{Extent, PAGE};
use crate::medium::{Medium, Memory, Role};
use crate::planted::{Bug, planted};

/// What the store keeps of a region beside its directory entry.
///
/// ```text
/// 0 ── committed, private ──┬─ private_bytes ── tail, shared ──┬─ mapped_bytes ── zeros ── window_bytes
///             direct_from ──┘ (a page boundary at or below private_bytes)
/// ```
#[derive(Debug)]
pub(crate) struct Region<A> {
    /// Elements, now, at the newest capture, and at the newest settled commit.
    pub(crate) length: u64,
    pub(crate) captured_length: u64,
    pub(crate) durable_length: u64,
    /// Pages from here on belong to no captured commit: they are written to their place and only
    /// named by the record. Never moves back while the store is open: a page that the log holds
    /// must not be written directly (decision 1 of `docs/atomic-commit.md`).
    pub(crate) direct_from: u64,
    pub(crate) durable_direct_from: u64,
    /// `None` until somebody looks.
    pub(crate) view: Option<View<A>>,
}

/// A region that is dropped, but by no durable commit yet: a rollback brings it back.
#[derive(Debug)]
pub(crate) struct Dropped<A> {
    pub(crate) id: RegionId,
    pub(crate) entry: Entry,
    pub(crate) region: Region<A>,
}

/// The memory of a region, once it is mapped.
#[derive(Debug)]
pub(crate) struct View<A> {
    pub(crate) memory: A,
    /// Everything below is mapped private. A multiple of the system's page size.
    pub(crate) private_bytes: u64,
    /// The extents' bytes that are mapped; the capacity.
    pub(crate) mapped_bytes: u64,
    /// Everything below can be touched.
    pub(crate) window_bytes: u64,
}

impl<A> Region<A> {
    /// A region as the last commit left it.
    pub(crate) fn new(length: u64, width: u64) -> Self {
        let direct_from = (length * width).next_multiple_of(PAGE);
        Self {
            length,
            captured_length: length,
            durable_length: length,
            direct_from,
            durable_direct_from: direct_from,
            view: None,
        }
    }
}

/// The file offset of the region's byte `at`, and how many bytes of the extent follow it.
pub(crate) fn place(entry: &Entry, at: u64) -> Option<(u64, u64)> {
    let mut left = at;
    for extent in &entry.extents {
        if left < extent.bytes {
            return Some((extent.offset + left, extent.bytes - left));
        }
        left -= extent.bytes;
    }
    None
}

/// The parts of the file that lie under the region's bytes `from..to`: (region offset, extent).
pub(crate) fn pieces(entry: &Entry, from: u64, to: u64) -> Vec<(u64, Extent)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for extent in &entry.extents {
        let (start, end) = (from.max(at), to.min(at + extent.bytes));
        if start < end {
            let offset = extent.offset + (start - at);
            pieces.push((start, Extent { offset, bytes: end - start }));
        }
        at += extent.bytes;
    }
    pieces
}

/// A length in memory. The format's limits keep it within the address space.
pub(crate) fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a mapped length fits into the address space")
}

impl<A: Memory> View<A> {
    /// Reserves address space for a region and maps what it has, private up to `private_bytes`,
    /// shared from there on.
    pub(crate) fn map<M: Medium<Memory = A>>(
        medium: &M,
        entry: &Entry,
        private_bytes: u64,
        reserve_bytes: u64,
    ) -> Result<Self> {
        let capacity = entry.capacity_bytes();
        let memory = reserve(medium, reserve_bytes, capacity)?;
        let mut view = Self { memory, private_bytes, mapped_bytes: 0, window_bytes: 0 };
        view.map_role(entry, 0, private_bytes, Role::Private)?;
        view.map_role(entry, private_bytes, capacity, Role::Shared)?;
        view.mapped_bytes = capacity;
        view.window_bytes = capacity;
        Ok(view)
    }

    /// Maps `from..to` of the region in the given role.
    pub(crate) fn map_role(&mut self, entry: &Entry, from: u64, to: u64, role: Role) -> Result<()> {
        for (at, extent) in pieces(entry, from, to) {
            self.memory
                .map_file(in_memory(at), in_memory(extent.bytes), extent.offset, role)
                .map_err(|error| Error::from_io(&error, "mmap", "cannot map the file"))?;
        }
        Ok(())
    }

    /// Maps private what is shared below `until`, piece by piece: where the system refuses one,
    /// those before it are private, and known to be.
    pub(crate) fn make_private(&mut self, entry: &Entry, until: u64) -> Result<()> {
        for (at, extent) in pieces(entry, self.private_bytes, until) {
            self.map_role(entry, at, at + extent.bytes, Role::Private)?;
            self.private_bytes = at + extent.bytes;
        }
        Ok(())
    }

    /// Maps what was added to the extents.
    pub(crate) fn extend(&mut self, entry: &Entry, is_shared: bool) -> Result<()> {
        let capacity = entry.capacity_bytes();
        let role = if is_shared { Role::Shared } else { Role::Private };
        self.map_role(entry, self.mapped_bytes, capacity, role)?;
        if !is_shared {
            self.private_bytes = capacity;
        }
        self.mapped_bytes = capacity;
        self.window_bytes = self.window_bytes.max(capacity);
        Ok(())
    }

    /// Makes everything below `bytes` touchable.
    pub(crate) fn open_window(&mut self, bytes: u64) -> Result<()> {
        if bytes > self.window_bytes {
            let more = in_memory(bytes - self.window_bytes);
            self.memory
                .map_anonymous(in_memory(self.window_bytes), more)
                .map_err(|error| Error::from_io(&error, "mmap", "cannot widen the window"))?;
            self.window_bytes = bytes;
        }
        Ok(())
    }

    /// Lays zeros over what is mapped from `bytes` on: it is the region's no more.
    pub(crate) fn give_up(&mut self, bytes: u64) -> Result<()> {
        if bytes < self.mapped_bytes {
            let more = in_memory(self.mapped_bytes - bytes);
            self.memory.map_anonymous(in_memory(bytes), more).map_err(|error| {
                Error::from_io(&error, "mmap", "cannot let go of memory; nothing was changed")
            })?;
            self.mapped_bytes = bytes;
            self.private_bytes = self.private_bytes.min(bytes);
        }
        Ok(())
    }

    /// Shows the extents that a region has now in place of those that it had.
    pub(crate) fn follow(&mut self, old: &Entry, new: &Entry, is_shared: bool) -> Result<()> {
        let same = common_bytes(&old.extents, &new.extents).min(self.mapped_bytes);
        let capacity = new.capacity_bytes();
        if same < capacity && !planted(Bug::ReaderKeepsExtents) {
            let role = if is_shared { Role::Shared } else { Role::Private };
            self.map_role(new, same, capacity, role)?;
        }
        if capacity < self.mapped_bytes {
            self.give_up(capacity)?;
        }
        self.mapped_bytes = capacity;
        self.private_bytes = if is_shared { 0 } else { capacity };
        self.window_bytes = self.window_bytes.max(capacity);
        Ok(())
    }

    /// Lays zeros over everything: whoever still looks sees nothing of the file, and reaches
    /// nothing of it. False where the system refuses: the mapping stays, and so must its extents.
    pub(crate) fn cover(&mut self) -> bool {
        let is_covered = self.memory.retire(in_memory(self.window_bytes)).is_ok();
        if is_covered {
            (self.mapped_bytes, self.private_bytes) = (0, 0);
        }
        is_covered
    }
}

/// How many bytes two regions have in the same places, from their start.
fn common_bytes(one: &[Extent], other: &[Extent]) -> u64 {
    let mut common = 0;
    for (one, other) in one.iter().zip(other) {
        if one.offset != other.offset {
            break;
        }
        common += one.bytes.min(other.bytes);
        if one.bytes != other.bytes {
            break;
        }
    }
    common
}

/// Reserves what is asked for, or as much as the system gives, but room for what there is.
fn reserve<M: Medium>(medium: &M, wanted: u64, capacity: u64) -> Result<M::Memory> {
    let page = medium.system_page_bytes() as u64;
    let mut bytes = wanted.max(capacity).next_multiple_of(page);
    loop {
        match medium.reserve(in_memory(bytes)) {
            Ok(memory) => return Ok(memory),
            Err(_) if bytes > page && bytes / 2 > capacity => {
                bytes = (bytes / 2).next_multiple_of(page);
            }
            Err(error) => {
                return Err(Error::from_io(&error, "mmap", "cannot reserve address space"));
            }
        }
    }
}

/// The message for a number that names no region.
pub(crate) fn unknown(id: RegionId) -> Error {
    Error::new(crate::ErrorKind::NotFound, format!("there is no region {} in this store", id.0))
}
