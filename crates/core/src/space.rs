//! Which parts of the file are free. Derived from the directory at opening, never stored.

use crate::format::{Extent, UNIT_BYTES};

/// The free extents, and the end of what was ever allocated.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    /// Sorted, not empty, not touching.
    free: Vec<Extent>,
    end: u64,
}

impl Space {
    /// All that lies between the `used` extents is free.
    pub(crate) fn new(mut used: Vec<Extent>, first: u64) -> Self {
        used.sort_unstable();
        let mut space = Self { free: Vec::new(), end: first };
        for extent in used {
            let end = extent.end().next_multiple_of(UNIT_BYTES);
            if extent.offset > space.end {
                space.free.push(Extent { offset: space.end, bytes: extent.offset - space.end });
            }
            space.end = space.end.max(end);
        }
        space
    }

    /// The end of the last extent ever used: where the file must be longer to hold more.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn free_bytes(&self) -> u64 {
        self.free.iter().map(|extent| extent.bytes).sum()
    }

    /// Takes `bytes` out of the free extents: at `preferred` if they are free there, else the
    /// first that is large enough. `None` where there is none: the file must grow.
    pub(crate) fn take(&mut self, bytes: u64, preferred: Option<u64>) -> Option<Extent> {
        let at_preferred = |extent: &Extent| Some(extent.offset) == preferred;
        let is_large_enough = |extent: &&Extent| extent.bytes >= bytes;
        let index = self
            .free
            .iter()
            .position(|extent| at_preferred(extent) && is_large_enough(&extent))
            .or_else(|| self.free.iter().position(|extent| is_large_enough(&extent)))?;
        let found = &mut self.free[index];
        let taken = Extent { offset: found.offset, bytes };
        if found.bytes == bytes {
            self.free.remove(index);
        } else {
            found.offset += bytes;
            found.bytes -= bytes;
        }
        Some(taken)
    }

    /// Takes `bytes` at the end. The caller makes the file longer.
    pub(crate) fn take_at_end(&mut self, bytes: u64) -> Extent {
        let taken = Extent { offset: self.end, bytes };
        self.end += bytes;
        taken
    }

    /// Gives an extent back, and joins it with its neighbours.
    pub(crate) fn give_back(&mut self, extent: Extent) {
        let index = self.free.partition_point(|free| free.offset < extent.offset);
        assert!(
            index == 0 || self.free[index - 1].end() <= extent.offset,
            "an extent is given back once"
        );
        self.free.insert(index, extent);
        if index + 1 < self.free.len() && self.free[index].end() == self.free[index + 1].offset {
            self.free[index].bytes += self.free.remove(index + 1).bytes;
        }
        if index > 0 && self.free[index - 1].end() == self.free[index].offset {
            self.free[index - 1].bytes += self.free.remove(index).bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn units(offset: u64, count: u64) -> Extent {
        Extent { offset: offset * UNIT_BYTES, bytes: count * UNIT_BYTES }
    }

    #[test]
    fn what_lies_between_used_extents_is_free_and_comes_back_whole() {
        let mut space = Space::new(vec![units(12, 2), units(8, 1)], 8 * UNIT_BYTES);
        assert_eq!((space.end(), space.free_bytes()), (14 * UNIT_BYTES, 3 * UNIT_BYTES));
        assert_eq!(space.take(4 * UNIT_BYTES, None), None);
        let one = space.take(UNIT_BYTES, Some(9 * UNIT_BYTES));
        let two = space.take(2 * UNIT_BYTES, None);
        assert_eq!((one, two), (Some(units(9, 1)), Some(units(10, 2))));
        for extent in [two, one, Some(units(8, 1))].into_iter().flatten() {
            space.give_back(extent);
        }
        assert_eq!(space.take(4 * UNIT_BYTES, None), Some(units(8, 4)));
        assert_eq!(space.take_at_end(UNIT_BYTES), units(14, 1));
    }
}
