//! Growth: which part of the file a region gets next.

use crate::error::{Error, ErrorKind, Result};
use crate::format::Extent;
use crate::format::directory::RegionId;
use crate::format::table::table_bytes_for;
use crate::growth::{Growth, grown_capacity};
use crate::medium::{Medium, Memory};
use crate::region::unknown;
use crate::store::Store;

impl<M: Medium> Store<M> {
    /// Makes room for `elements` in all, and gives the new capacity in elements. Memory does not
    /// move; the file gets longer if it must. What lies behind the length is undefined until it is
    /// written. Amortised growth costs O(1) calls a doubling.
    ///
    /// # Errors
    /// `NotFound`; `NoSpace`, `Limit` (address space), `Io`: nothing was changed.
    pub fn grow(&mut self, id: RegionId, elements: u64, growth: Growth) -> Result<u64> {
        self.check_writable()?;
        self.ensure_view(id)?;
        let reserved = self.mapped(id).map_or(0, Memory::reserved_bytes) as u64;
        let (entry, _) = self.region(id)?;
        let (width, capacity) = (entry.width(), entry.capacity_bytes());
        let needed = elements.saturating_mul(width);
        if needed <= capacity {
            return Ok(capacity / width);
        }
        // An extent of the region, and one of the checksum table.
        self.make_room_to_tell(64)?;
        let (entry, _) = self.region(id)?;
        let limit = reserved.min(self.reserve_bytes);
        let attempt =
            format!("cannot grow '{}' to {elements} elements ({needed} bytes)", entry.name);
        let beyond = || {
            let message =
                format!("{attempt}: a region may have {limit} bytes; open with a larger reserve");
            Error::new(ErrorKind::Limit, message)
        };
        let wanted = grown_capacity(capacity, needed, growth, limit).ok_or_else(beyond)?;
        let least = grown_capacity(capacity, needed, Growth::Exact, limit).ok_or_else(beyond)?;
        let preferred = entry.extents.last().map(|extent| extent.end());
        let taken = self.allocate_for_region(wanted - capacity, preferred).or_else(|error| {
            let is_worth_less = error.kind() == ErrorKind::NoSpace && least < wanted;
            if !is_worth_less {
                return Err(error);
            }
            self.allocate_for_region(least - capacity, preferred)
        });
        let taken = taken.map_err(|error| error.while_attempting(&attempt))?;
        self.attach(id, taken).map_err(|error| error.while_attempting(&attempt))?;
        self.capacity(id)
    }

    /// Makes an extent the end of a region, or gives it back.
    fn attach(&mut self, id: RegionId, taken: Extent) -> Result<()> {
        let is_shared = self.medium.keeps_allocation() || self.is_live();
        let entry = self.current.regions.get_mut(&id).ok_or_else(|| unknown(id))?;
        let before = entry.extents.clone();
        match entry.extents.last_mut() {
            Some(last) if last.end() == taken.offset => last.bytes += taken.bytes,
            _ => entry.extents.push(taken),
        }
        let view = self.regions.get_mut(&id).and_then(|region| region.view.as_mut());
        let Some(view) = view else {
            return Err(unknown(id));
        };
        if let Err(error) = view.extend(entry, is_shared) {
            entry.extents = before;
            self.space.give_back(taken);
            self.poison_if_damaged();
            return Err(error);
        }
        self.has_new_extents = true;
        self.announce()
    }

    fn allocate_for_region(&mut self, bytes: u64, preferred: Option<u64>) -> Result<Extent> {
        let extent = self.allocate(bytes, preferred)?;
        let covered = self.current.covered_bytes();
        if extent.end() <= covered {
            return Ok(extent);
        }
        // Half more than needed, so that the table has few extents.
        let wanted = extent.end() + extent.end() / 2 - covered;
        match self.allocate_table(table_bytes_for(wanted)) {
            Ok(table) => {
                self.current.checksums.push(table);
                self.has_new_extents = true;
                Ok(extent)
            }
            Err(error) => {
                self.space.give_back(extent);
                Err(error)
            }
        }
    }

    /// Takes `bytes` of the file that nothing refers to. They hold zeros, or what they held when
    /// they were freed: of this file, never of another.
    pub(crate) fn allocate(&mut self, bytes: u64, preferred: Option<u64>) -> Result<Extent> {
        if let Some(extent) = self.space.take(bytes, preferred) {
            return Ok(extent);
        }
        self.medium.allocate(self.space.end(), bytes).map_err(|error| {
            Error::from_io(&error, "fallocate", "cannot make the file longer; nothing was changed")
        })?;
        Ok(self.space.take_at_end(bytes))
    }
}
