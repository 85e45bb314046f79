//! Regions by name: creating, dropping, their lengths.

use crate::error::{Error, ErrorKind, Result};
use crate::format::directory::{ElementKind, Entry, LANES_MAX, NAME_BYTES_MAX, RegionId};
use crate::info::RegionInfo;
use crate::live::ENTRY_BYTES_MAX;
use crate::medium::Medium;
use crate::region::{Dropped, Region, unknown};
use crate::store::Store;

impl<M: Medium> Store<M> {
    /// Adds an empty region. `lanes` elements of `kind` make one element of it.
    ///
    /// # Errors
    /// `Schema` where the name is taken; `Limit` where it is too long. Nothing was changed.
    pub fn create_region(&mut self, name: &str, kind: ElementKind, lanes: u32) -> Result<RegionId> {
        self.check_writable()?;
        if name.len() > NAME_BYTES_MAX || lanes == 0 || lanes > LANES_MAX {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "a region has a name of at most {NAME_BYTES_MAX} bytes and 1 to {LANES_MAX} \
                     lanes; asked for {} bytes and {lanes} lanes",
                    name.len()
                ),
            ));
        }
        if self.find_region(name).is_some() {
            let message = format!("there is a region '{name}' in this store already");
            return Err(Error::new(ErrorKind::Schema, message));
        }
        let id = RegionId(self.current.next_region);
        let Some(next) = id.0.checked_add(1) else {
            return Err(Error::new(ErrorKind::Limit, "the store has had 2^32 regions"));
        };
        self.make_room_to_tell(ENTRY_BYTES_MAX)?;
        self.current.next_region = next;
        let entry = Entry { name: name.to_owned(), kind, lanes, extents: Vec::new() };
        self.regions.insert(id, Region::new(0, entry.width()));
        self.current.regions.insert(id, entry);
        self.has_structural_changes = true;
        self.announce()?;
        Ok(id)
    }

    /// How many elements the last settled commit says that a region has.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn committed_len(&self, id: RegionId) -> Result<u64> {
        self.region(id).map(|(_, region)| region.durable_length)
    }

    /// The region of that name.
    #[must_use]
    pub fn find_region(&self, name: &str) -> Option<RegionId> {
        let mut named = self.current.regions.iter().filter(|(_, entry)| entry.name == name);
        named.next().map(|(id, _)| *id)
    }

    /// Drops a region. Its views show it until the commit, and zeros from then on.
    ///
    /// # Errors
    /// `NotFound`; nothing was changed.
    pub fn drop_region(&mut self, id: RegionId) -> Result<()> {
        self.check_writable()?;
        let entry = self.current.regions.remove(&id).ok_or_else(|| unknown(id))?;
        let region = self.regions.remove(&id).ok_or_else(|| unknown(id))?;
        self.dropped.push(Dropped { id, entry, region });
        self.has_structural_changes = true;
        self.announce()
    }

    /// All regions, in the order of their creation.
    pub fn regions(&self) -> impl Iterator<Item = RegionInfo> + '_ {
        self.current.regions.iter().map(|(id, entry)| RegionInfo {
            id: *id,
            name: entry.name.clone(),
            kind: entry.kind,
            lanes: entry.lanes,
            len: self.regions.get(id).map_or(0, |region| region.length),
            capacity: entry.capacity_bytes() / entry.width(),
            extents: entry.extents.len(),
        })
    }

    /// The number, the elements and the capacity of all regions, in the order of their creation.
    #[doc(hidden)]
    pub fn lengths_and_capacities(&self) -> impl Iterator<Item = (RegionId, u64, u64)> + '_ {
        self.regions.iter().filter_map(|(id, region)| {
            let entry = self.current.regions.get(id)?;
            Some((*id, region.length, entry.capacity_bytes() / entry.width()))
        })
    }

    pub(crate) fn region(&self, id: RegionId) -> Result<(&Entry, &Region<M::Memory>)> {
        let entry = self.current.regions.get(&id);
        entry.zip(self.regions.get(&id)).ok_or_else(|| unknown(id))
    }

    /// Elements of a region.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn len(&self, id: RegionId) -> Result<u64> {
        self.region(id).map(|(_, region)| region.length)
    }

    /// Elements that a region has room for without growing.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn capacity(&self, id: RegionId) -> Result<u64> {
        self.region(id).map(|(entry, _)| entry.capacity_bytes() / entry.width())
    }

    /// Says how many elements a region has: those below `elements`, whatever was written there.
    /// Write all that is added first: what nobody wrote since the store was opened is undefined, and
    /// need not even be the same after a power cut.
    ///
    /// # Errors
    /// `NotFound`; `Limit` beyond the capacity; `ReadOnly`. Nothing was changed.
    pub fn set_len(&mut self, id: RegionId, elements: u64) -> Result<()> {
        // A store that is poisoned still closes quietly.
        self.refuse_reader()?;
        let (entry, region) = self.region(id)?;
        let (width, capacity) = (entry.width(), entry.capacity_bytes());
        if elements.checked_mul(width).is_none_or(|used| used > capacity) {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "'{}' has room for {} elements, not for {elements}; grow it first",
                    entry.name,
                    capacity / width
                ),
            ));
        }
        if elements > region.length {
            self.ensure_view(id)?;
        }
        if let Some(region) = self.regions.get_mut(&id) {
            region.length = elements;
        }
        self.tell_length(id, elements);
        Ok(())
    }
}
