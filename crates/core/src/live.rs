//! Live stores: all memory is shared with the file. What is written is in the file as it is
//! written, other processes see it at once, and a killed process loses nothing. A commit makes it
//! durable; nothing is taken back.
//!
//! Between commits the file's directory is behind what the program did. So a live store also tells
//! its structure and its lengths in places of their own, which count within one boot: readers go by
//! them, and so does recovery after a kill. After a power cut the last commit counts.

use crate::checkpoint::fill_with_zeros;
use crate::error::{Error, ErrorKind, Result};
use crate::format::directory::{Lengths, NAME_BYTES_MAX, RegionId, Structure};
use crate::format::live::{LIVE_BYTES, LIVE_OFFSET, LiveBlock};
use crate::format::{DIRECTORY_BYTES_MAX, Extent, UNIT_BYTES, checksum};
use crate::found::{claimed, corrupt, read};
use crate::medium::{Medium, Memory, Role};
use crate::planted::{Bug, planted};
use crate::reader::Reading;
use crate::region::in_memory;
use crate::store::Store;
use crate::views::promise_blocks;

/// Bytes of one length.
const LENGTH_BYTES: u64 = 8;

/// What a live store keeps beside its regions.
#[derive(Debug)]
pub(crate) struct Live<A> {
    block: LiveBlock,
    /// The table of lengths, shared.
    lengths: A,
    /// Two places of equal length for the directory: the one that the block names, and the next.
    directories: [Extent; 2],
}

/// What an entry of the directory takes at most, its extents but one excluded.
pub(crate) const ENTRY_BYTES_MAX: u64 = NAME_BYTES_MAX as u64 + 64;

impl<M: Medium> Store<M> {
    /// Makes the store live, after a commit of what is pending. It stays so until it is closed. From
    /// here on all memory is shared, every length that is set is told at once, and a rollback is
    /// `Unsupported`. Costs a checkpoint, and a new checksum table: those of a live store are not
    /// known.
    ///
    /// # Errors
    /// What a commit fails with; `NoSpace`: then the store is as it was before; `Unsupported` where
    /// the system does not tell one start of the machine from the next. `Limit` where memory runs
    /// out: half-way through, and then the store is poisoned.
    pub fn go_live(&mut self) -> Result<()> {
        self.check_writable()?;
        if self.live.is_some() {
            return Ok(());
        }
        let boot_id = self.medium.boot_id();
        if boot_id == 0 {
            let message = "cannot go live: the system does not tell one start of the machine from \
                           the next, and what a live store tells counts in one alone";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.commit()?;
        // A commit stands though its pages did not come home, and then memory shows nothing certain.
        self.check_usable()?;
        for entry in self.current.regions.values() {
            promise_blocks(&*self.medium, entry, 0)?;
        }
        let bytes = self.current.encode(&Lengths::new()).len() as u64;
        let directories = self.take_directories(bytes)?;
        let lengths = self.take_table().and_then(|place| {
            self.leave_the_log().inspect_err(|_| self.give_back(&[place]))?;
            let lengths = map_lengths(&*self.medium, place, Role::Shared);
            lengths.map(|lengths| (place, lengths)).inspect_err(|_| self.give_back(&[place]))
        });
        let (place, lengths) = lengths.inspect_err(|_| self.give_back(&directories))?;
        self.kept.clear();
        self.changed_before.clear();
        for (id, region) in &mut self.regions {
            let Some(view) = &mut region.view else { continue };
            view.map_role(&self.current.regions[id], 0, view.mapped_bytes, Role::Shared)
                .inspect_err(|_| self.committer.poison())?;
            view.private_bytes = 0;
        }
        let block = LiveBlock {
            boot_id,
            directory: Extent { offset: 0, bytes: 0 },
            directory_checksum: 0,
            lengths: place,
            change: 0,
        };
        self.live = Some(Live { block, lengths, directories });
        self.tell_lengths();
        self.committer.set_live();
        self.announce()
    }

    /// Makes all that was committed the base of a log without a page: recovery would lay it over
    /// what is written live. The checksums of pages, of which none is known from here on, become
    /// durable with it. A new header also shows that the last orderly close is of the past.
    fn leave_the_log(&mut self) -> Result<()> {
        let is_needed = self.plan.head > 0 || !planted(Bug::LiveOnClosedHeader);
        if planted(Bug::LiveOverOldLog) || !is_needed {
            return Ok(());
        }
        if planted(Bug::LiveChecksumsKept) {
            let ticket = self.queue_checkpoint(Vec::new(), Vec::new())?;
            let result = self.committer.complete(ticket);
            self.settle();
            return result;
        }
        self.forget_checksums()
    }

    /// Whether it is live, here or where it is open for writing.
    #[must_use]
    pub fn is_live(&self) -> bool {
        let is_live = |reading: &Reading<_>| reading.committed.live.is_some();
        self.live.is_some() || self.reading.as_ref().is_some_and(is_live)
    }

    /// The memory of a live store's table of lengths: eight bytes a region, by its number.
    ///
    /// # Errors
    /// `Unsupported` where the store is not live.
    #[doc(hidden)]
    pub fn live_lengths(&self) -> Result<(&M::Memory, u64)> {
        let live = self.live.as_ref().ok_or_else(not_live)?;
        Ok((&live.lengths, live.block.lengths.bytes))
    }

    /// Refuses what a live store cannot do.
    pub(crate) fn check_not_live(&self, verb: &str) -> Result<()> {
        if self.live.is_none() {
            return Ok(());
        }
        let message = format!("cannot {verb} a live store: what was written is in the file");
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// Makes room to tell of a structure that is longer by `more` bytes, and of one more region.
    pub(crate) fn make_room_to_tell(&mut self, more: u64) -> Result<()> {
        self.take_own_lengths();
        let Some(live) = &self.live else { return Ok(()) };
        let room = live.directories[0].bytes;
        let table_bytes = live.block.lengths.bytes;
        let bytes = self.current.encode(&Lengths::new()).len() as u64 + more;
        if bytes > DIRECTORY_BYTES_MAX {
            let message = format!(
                "the regions' names and places and the metadata would take {bytes} bytes of the \
                 {DIRECTORY_BYTES_MAX} that a store may have for them; nothing was changed"
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        if bytes > room {
            // A reader may still read the former ones: they stay taken until the store is opened anew.
            let directories = self.take_directories(bytes)?;
            if let Some(live) = &mut self.live {
                live.directories = directories;
            }
        }
        if (u64::from(self.current.next_region) + 1) * LENGTH_BYTES > table_bytes {
            let place = self.take_table()?;
            let lengths = map_lengths(&*self.medium, place, Role::Shared)
                .inspect_err(|_| self.give_back(&[place]))?;
            let Some(live) = &mut self.live else { return Ok(()) };
            let mut former = std::mem::replace(&mut live.lengths, lengths);
            live.block.lengths = place;
            self.tell_lengths();
            // From here on lengths are told there, whatever becomes of the call that needs it.
            let result = if planted(Bug::LiveTableUntold) { Ok(()) } else { self.announce() };
            // Somebody may still tell a length in the former table: it goes nowhere. Where zeros cannot
            // be laid over it, its place stays taken as long as this store is open.
            let _no_worse = former.retire(in_memory(table_bytes));
            self.retired.push((LENGTHS, former));
            result?;
        }
        Ok(())
    }

    fn tell_lengths(&mut self) {
        let Some(live) = &mut self.live else { return };
        for (id, region) in &self.regions {
            live.lengths.store_u64(length_at(*id), region.length);
        }
    }

    /// In a live store the table has the lengths, whoever of this process told them.
    pub(crate) fn take_own_lengths(&mut self) {
        let Some(live) = &self.live else { return };
        let told = told_lengths(&self.current, &live.lengths);
        for (id, region) in &mut self.regions {
            region.length = told.get(id).copied().unwrap_or(region.length);
        }
    }

    /// Two places for a directory of so many bytes, with room for it to grow.
    fn take_directories(&mut self, bytes: u64) -> Result<[Extent; 2]> {
        let half = (bytes * 2).next_multiple_of(UNIT_BYTES);
        let place = self.allocate(2 * half, None)?;
        Ok([place.offset, place.offset + half].map(|offset| Extent { offset, bytes: half }))
    }

    fn take_table(&mut self) -> Result<Extent> {
        let bytes = (u64::from(self.current.next_region) + 1) * 2 * LENGTH_BYTES;
        let place = self.allocate(bytes.next_multiple_of(UNIT_BYTES), None)?;
        fill_with_zeros(&*self.medium, place)
            .map_err(|error| cannot_tell(&error))
            .inspect_err(|_| self.give_back(&[place]))?;
        Ok(place)
    }

    fn give_back(&mut self, places: &[Extent]) {
        for place in places {
            self.space.give_back(*place);
        }
    }

    /// Tells other processes, and a recovery after a kill, what the structure is now. There must be
    /// room.
    pub(crate) fn announce(&mut self) -> Result<()> {
        if self.live.is_none() {
            return Ok(());
        }
        let bytes = self.current.encode(&self.lengths(|region| region.length));
        let Some(live) = &mut self.live else { return Ok(()) };
        let [one, other] = live.directories;
        let is_other = live.block.directory.offset == one.offset;
        let next = if is_other == planted(Bug::LiveDirectoryInPlace) { one } else { other };
        assert!(bytes.len() as u64 <= next.bytes, "room was made to tell of this");
        live.block.directory = Extent { offset: next.offset, bytes: bytes.len() as u64 };
        live.block.directory_checksum = checksum(&bytes);
        live.block.change += 1;
        let written = self
            .medium
            .write(next.offset, &bytes)
            .and_then(|()| self.medium.write(LIVE_OFFSET, &live.block.encode()));
        written.map_err(|error| self.committer.doubt(&error, "pwrite", CANNOT_TELL))?;
        // A sync may have failed meanwhile on another thread, and this wrote over what it told.
        self.committer.tell_of_loss();
        Ok(())
    }

    /// Tells the length of a region, after the bytes that it counts.
    pub(crate) fn tell_length(&mut self, id: RegionId, length: u64) {
        if let Some(live) = &mut self.live {
            live.lengths.store_u64(length_at(id), length);
        }
    }

    /// The store is about to close: what it told does not count any more.
    pub(crate) fn end_live(&mut self) -> Result<()> {
        if self.live.is_none() {
            return Ok(());
        }
        self.medium.write(LIVE_OFFSET, &LiveBlock::none()).map_err(|error| cannot_tell(&error))
    }

    /// The memory of the table of lengths, with zeros over it if they can be laid there; `None`
    /// where the store is not live.
    pub(crate) fn take_live_memory(&mut self) -> Option<M::Memory> {
        let mut live = self.live.take()?;
        let _no_worse = live.lengths.retire(in_memory(live.block.lengths.bytes));
        Some(live.lengths)
    }
}

/// What a live store told is in a header now.
pub(crate) fn forget_told<M: Medium>(medium: &M) -> Result<()> {
    if read_live_block(medium)?.is_none() {
        return Ok(());
    }
    medium.write(LIVE_OFFSET, &LiveBlock::none()).map_err(|error| cannot_tell(&error))
}

/// What a live store told before it was killed.
#[derive(Debug)]
pub(crate) struct Told {
    /// Behind the places where it told them.
    pub(crate) end: u64,
    pub(crate) structure: Structure,
    pub(crate) lengths: Lengths,
}

/// The live block of this boot.
pub(crate) fn read_live_block<M: Medium>(medium: &M) -> Result<Option<LiveBlock>> {
    let block = LiveBlock::decode(&read(medium, LIVE_OFFSET, LIVE_BYTES)?);
    let is_of_this_boot = |block: &LiveBlock| block.boot_id == medium.boot_id();
    Ok(block.filter(|block| is_of_this_boot(block) || planted(Bug::ToldInAnotherBoot)))
}

/// The structure that a live store told of. The bytes may be hostile.
pub(crate) fn read_told_structure<M: Medium>(
    medium: &M,
    block: &LiveBlock,
    reserved: &[Extent],
) -> Result<Structure> {
    let length = claimed(medium, block.directory.bytes)?;
    let bytes = read(medium, block.directory.offset, length)?;
    if bytes.len() != length || checksum(&bytes) != block.directory_checksum {
        return Err(corrupt("the checksum of its live directory does not match"));
    }
    let (structure, _) = Structure::decode(&bytes)?;
    let mut reserved = reserved.to_vec();
    let directory_bytes = block.directory.bytes.next_multiple_of(UNIT_BYTES);
    reserved.extend([Extent { bytes: directory_bytes, ..block.directory }, block.lengths]);
    let end = structure.check_places(&reserved)?;
    claimed(medium, end)?;
    let needed = u64::from(structure.next_region).checked_mul(LENGTH_BYTES);
    if needed.is_none_or(|needed| needed > block.lengths.bytes) {
        return Err(corrupt("its live table of lengths is too short"));
    }
    Ok(structure)
}

/// The lengths that a live store told of, each at most what its region has room for.
pub(crate) fn told_lengths<A: Memory>(structure: &Structure, table: &A) -> Lengths {
    let regions = structure.regions.iter();
    regions
        .map(|(id, entry)| {
            let most = entry.capacity_bytes() / entry.width();
            (*id, table.load_u64(length_at(*id)).min(most))
        })
        .collect()
}

/// What a killed process told in this block.
pub(crate) fn find_told<M: Medium>(
    medium: &M,
    block: &LiveBlock,
    reserved: &[Extent],
) -> Result<Told> {
    let structure = read_told_structure(medium, block, reserved)?;
    let table = map_lengths(medium, block.lengths, Role::Private)?;
    let lengths = told_lengths(&structure, &table);
    let end = block.directory.end().max(block.lengths.end());
    Ok(Told { end, structure, lengths })
}

/// The memory of a table of lengths.
pub(crate) fn map_lengths<M: Medium>(medium: &M, place: Extent, role: Role) -> Result<M::Memory> {
    let map = || -> std::io::Result<M::Memory> {
        let mut memory = medium.reserve(in_memory(place.bytes))?;
        memory.map_file(0, in_memory(place.bytes), place.offset, role)?;
        Ok(memory)
    };
    map().map_err(|error| Error::from_io(&error, "mmap", "cannot map the table of lengths"))
}

/// Stands for the table of lengths where memory is named by its region.
pub(crate) const LENGTHS: RegionId = RegionId(u32::MAX);

fn length_at(id: RegionId) -> usize {
    in_memory(u64::from(id.0) * LENGTH_BYTES)
}

const CANNOT_TELL: &str = "cannot tell other processes of a change";

fn cannot_tell(error: &std::io::Error) -> Error {
    Error::from_io(error, "pwrite", CANNOT_TELL)
}

fn not_live() -> Error {
    Error::new(ErrorKind::Unsupported, "the store is not live")
}
