//! The opposite of growth: a region gives back what it has behind its rows.

use crate::error::{Result, poisoned};
use crate::format::directory::{Entry, RegionId};
use crate::format::{Extent, UNIT_BYTES};
use crate::medium::Medium;
use crate::planted::{Bug, planted};
use crate::region::unknown;
use crate::store::Store;

impl<M: Medium> Store<M> {
    /// Gives back what a region has behind its rows, in whole units of allocation, and returns the
    /// new capacity in elements. Part of the next commit; after it the space is free for others.
    /// Views made before show zeros there. Rows removed since the last commit keep their place,
    /// for a rollback needs it. Waits for commits in flight.
    ///
    /// # Errors
    /// `NotFound`; `Limit` where memory runs out; `Poisoned`. Nothing was changed.
    pub fn shrink(&mut self, id: RegionId) -> Result<u64> {
        self.check_writable()?;
        self.settle_all();
        if self.committer.is_poisoned() {
            return Err(poisoned());
        }
        self.take_own_lengths();
        let entry = self.current.regions.get_mut(&id).ok_or_else(|| unknown(id))?;
        let region = self.regions.get_mut(&id).ok_or_else(|| unknown(id))?;
        let width = entry.width();
        let rows = region.length.max(region.durable_length);
        let kept = (rows * width).next_multiple_of(UNIT_BYTES);
        let capacity = entry.capacity_bytes();
        if kept >= capacity {
            return Ok(capacity / width);
        }
        if let Some(view) = &mut region.view
            && let Err(error) = view.give_up(kept)
        {
            self.poison_if_damaged();
            return Err(error);
        }
        // What the region gets here later are other pages, which no log holds.
        region.direct_from = region.direct_from.min(kept);
        region.durable_direct_from = region.durable_direct_from.min(kept);
        let cut = cut(entry, kept);
        if planted(Bug::CutExtentsReusedAtOnce) {
            for extent in cut {
                self.space.give_back(extent);
            }
        } else {
            self.cut.extend(cut);
        }
        self.kept.retain(|(other, at)| *other != id || *at < kept);
        self.has_structural_changes = true;
        self.announce()?;
        Ok(kept / width)
    }
}

/// Takes the extents from the region's byte `kept` on.
fn cut(entry: &mut Entry, kept: u64) -> Vec<Extent> {
    let mut at = 0;
    let mut taken = Vec::new();
    entry.extents.retain_mut(|extent| {
        let stays = kept.saturating_sub(at).min(extent.bytes);
        at += extent.bytes;
        if stays < extent.bytes {
            let offset = extent.offset + stays;
            taken.push(Extent { offset, bytes: extent.bytes - stays });
            extent.bytes = stays;
        }
        stays > 0
    });
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::directory::ElementKind;

    const UNIT: usize = 64 * 1024;

    #[test]
    fn what_is_cut_and_what_stays_are_the_whole() {
        let extents: Vec<Extent> = [(8, 2), (20, 1), (30, 3)]
            .map(|(offset, count)| Extent {
                offset: offset * UNIT_BYTES,
                bytes: count * UNIT_BYTES,
            })
            .to_vec();
        for units in 0..=6 {
            let name = String::from("a");
            let mut entry =
                Entry { name, kind: ElementKind::U8, lanes: 1, extents: extents.clone() };
            let taken = cut(&mut entry, units * UNIT_BYTES);
            assert_eq!(entry.capacity_bytes(), units * UNIT_BYTES);
            assert!(entry.extents.iter().chain(&taken).all(|extent| extent.bytes > 0));
            let pages = |extents: &[Extent]| -> Vec<u64> {
                let of = |extent: &Extent| (extent.offset..extent.end()).step_by(UNIT);
                extents.iter().flat_map(of).collect()
            };
            assert_eq!([pages(&entry.extents), pages(&taken)].concat(), pages(&extents));
        }
    }
}
