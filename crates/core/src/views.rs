//! The memory of regions: mapped when somebody looks, never moved.

use crate::error::{Error, ErrorKind, Result, forked};
use crate::format::directory::{Entry, RegionId};
use crate::medium::{Medium, Memory};
use crate::region::{Region, View, in_memory, pieces, unknown};
use crate::store::Store;

impl<M: Medium> Store<M> {
    /// Maps a region that nobody looked at yet.
    pub(crate) fn ensure_view(&mut self, id: RegionId) -> Result<()> {
        let (entry, region) = self.region(id)?;
        if region.view.is_some() {
            return Ok(());
        }
        let private_bytes = self.private_bytes(entry, region);
        if !self.is_reader() && private_bytes < entry.capacity_bytes() {
            promise_blocks(&*self.medium, entry, private_bytes)?;
        }
        let view = View::map(&*self.medium, entry, private_bytes, self.reserve_bytes)?;
        if let Some(region) = self.regions.get_mut(&id) {
            region.view = Some(view);
        }
        self.lay_pages(Some(id));
        Ok(())
    }

    /// How much of a region's memory is private to this process.
    fn private_bytes(&self, entry: &Entry, region: &Region<M::Memory>) -> u64 {
        let capacity = entry.capacity_bytes();
        match &self.reading {
            Some(reading) => {
                if reading.shares {
                    0
                } else {
                    capacity
                }
            }
            None if self.is_live() => 0,
            None if self.medium.keeps_allocation() => {
                let system_page = self.medium.system_page_bytes() as u64;
                region.direct_from.next_multiple_of(system_page).min(capacity)
            }
            None => capacity,
        }
    }

    fn view(&mut self, id: RegionId) -> Result<&mut View<M::Memory>> {
        if !self.lineage.is_ours() {
            // Mapped memory is not there in a child.
            return Err(forked());
        }
        self.ensure_view(id)?;
        let region = self.regions.get_mut(&id).ok_or_else(|| unknown(id))?;
        region.view.as_mut().ok_or_else(|| unknown(id))
    }

    /// Makes the region's memory touchable up to `bytes`, at least up to its capacity, and gives
    /// how far that is. Behind the capacity lie zeros of this process; they give way to the file
    /// as the region grows over them.
    ///
    /// # Errors
    /// `NotFound`; `Limit` where memory or address space runs out.
    #[doc(hidden)]
    pub fn window(&mut self, id: RegionId, bytes: u64) -> Result<u64> {
        self.check_usable()?;
        let system_page = self.medium.system_page_bytes() as u64;
        let view = self.view(id)?;
        let reserved = view.memory.reserved_bytes() as u64;
        view.open_window(bytes.min(reserved).next_multiple_of(system_page))?;
        Ok(view.window_bytes)
    }

    /// The region's memory.
    ///
    /// # Errors
    /// `NotFound`; what mapping it says; `Unsupported` in a forked child.
    #[doc(hidden)]
    pub fn memory(&mut self, id: RegionId) -> Result<&M::Memory> {
        Ok(&self.view(id)?.memory)
    }

    /// The same, to change it. What is changed below the length belongs to the next commit.
    ///
    /// # Errors
    /// `NotFound`; what mapping it says; `Unsupported` in a forked child.
    #[doc(hidden)]
    pub fn memory_mut(&mut self, id: RegionId) -> Result<&mut M::Memory> {
        Ok(&mut self.view(id)?.memory)
    }

    /// Memory that lost what it showed of the file tells nothing any more: no commit of it.
    pub(crate) fn poison_if_damaged(&self) {
        let views = self.regions.values().filter_map(|region| region.view.as_ref());
        if views.into_iter().any(|view| view.memory.is_damaged()) {
            self.committer.poison();
        }
    }

    /// The memory of a region that is mapped already.
    pub(crate) fn mapped(&self, id: RegionId) -> Option<&M::Memory> {
        self.regions.get(&id)?.view.as_ref().map(|view| &view.memory)
    }

    /// The same, to change it.
    pub(crate) fn mapped_mut(&mut self, id: RegionId) -> Option<&mut M::Memory> {
        self.regions.get_mut(&id)?.view.as_mut().map(|view| &mut view.memory)
    }

    /// Copies bytes out of a region.
    ///
    /// # Errors
    /// `NotFound`; `Limit` beyond the capacity; `Unsupported` in a forked child.
    pub fn read(&mut self, id: RegionId, byte_offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.check_range(id, byte_offset, buffer.len())?;
        self.view(id)?.memory.read(in_memory(byte_offset), buffer);
        Ok(())
    }

    /// Copies bytes into a region. Its length stays.
    ///
    /// # Errors
    /// `NotFound`; `Limit` beyond the capacity; `Unsupported` in a forked child.
    pub fn write(&mut self, id: RegionId, byte_offset: u64, bytes: &[u8]) -> Result<()> {
        self.check_range(id, byte_offset, bytes.len())?;
        self.view(id)?.memory.write(in_memory(byte_offset), bytes);
        Ok(())
    }

    /// The same, with one call for what lies behind the commits, where memory and file are one: no
    /// fault a page, and no zeros that are overwritten at once. For 64 KiB and more.
    ///
    /// # Errors
    /// As `write`; `Poisoned`, and `Unsupported` in a forked child.
    pub fn write_through(&mut self, id: RegionId, byte_offset: u64, bytes: &[u8]) -> Result<()> {
        self.check_usable()?;
        self.check_range(id, byte_offset, bytes.len())?;
        if self.is_live() {
            // The kernel keeps what is written at once in large folios, and from then on a store to
            // one page of them makes it write all.
            return self.write(id, byte_offset, bytes);
        }
        let shared_from = self.view(id)?.private_bytes;
        let end = byte_offset + bytes.len() as u64;
        let within =
            |from: u64, to: u64| &bytes[in_memory(from - byte_offset)..][..in_memory(to - from)];
        let tail = shared_from.clamp(byte_offset, end);
        let (entry, _) = self.region(id)?;
        let mut by_memory = vec![(byte_offset, tail)];
        // A file that somebody cut short must not be made longer: through memory its loss is seen.
        let length = self.medium.len().unwrap_or(0);
        for (at, extent) in pieces(entry, tail, end) {
            let piece_end = at + extent.bytes;
            let is_there = extent.offset + extent.bytes <= length;
            // What the file refuses, memory may take; if not, the sync of the commit says so.
            if !is_there || self.medium.write(extent.offset, within(at, piece_end)).is_err() {
                by_memory.push((at, piece_end));
            }
        }
        let memory = &mut self.view(id)?.memory;
        for (from, to) in by_memory {
            memory.write(in_memory(from), within(from, to));
        }
        Ok(())
    }

    fn check_range(&self, id: RegionId, byte_offset: u64, bytes: usize) -> Result<()> {
        let (entry, _) = self.region(id)?;
        let end = byte_offset.checked_add(bytes as u64);
        if end.is_some_and(|end| end <= entry.capacity_bytes()) {
            return Ok(());
        }
        let message = format!(
            "'{}' has {} bytes; asked for {bytes} at {byte_offset}",
            entry.name,
            entry.capacity_bytes()
        );
        Err(Error::new(ErrorKind::Limit, message))
    }
}

/// A copy of the file may have holes where it had zeros. A store to a shared page over a hole is a
/// signal when the disk is full: so every hole from the region's byte `from` on is filled.
pub(crate) fn promise_blocks<M: Medium>(medium: &M, entry: &Entry, from: u64) -> Result<()> {
    for (_, extent) in pieces(entry, from, entry.capacity_bytes()) {
        medium.allocate(extent.offset, extent.bytes).map_err(|error| {
            let attempt =
                format!("cannot allocate what '{}' may grow into; nothing was changed", entry.name);
            Error::from_io(&error, "fallocate", attempt)
        })?;
    }
    Ok(())
}
