//! The live block: what a live store tells of itself while it is open, or was when its process was
//! killed. Like the published block it is never synced for its own sake, and means something in the
//! boot that wrote it only.

use super::fields::{Fields, PutFields};
use super::{DIRECTORY_BYTES_MAX, Extent, PUBLISHED_OFFSET, UNIT_BYTES, checksum};

/// Behind the published block, in the same page: one call reads both.
pub(crate) const LIVE_OFFSET: u64 = PUBLISHED_OFFSET + 128;

/// The bytes of the block.
pub(crate) const LIVE_BYTES: usize = 64;

/// Where the structure and the lengths of a live store lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveBlock {
    /// The boot in which this was written.
    pub(crate) boot_id: u64,
    /// The directory: its offset, and its exact length.
    pub(crate) directory: Extent,
    pub(crate) directory_checksum: u64,
    /// The table of lengths: eight bytes a region, by its number.
    pub(crate) lengths: Extent,
    /// Grows with every change of the structure, so that no two blocks are alike.
    pub(crate) change: u64,
}

impl LiveBlock {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LIVE_BYTES);
        bytes.put_u64(self.boot_id);
        bytes.put_u64(self.directory.offset);
        bytes.put_u64(self.directory.bytes);
        bytes.put_u64(self.directory_checksum);
        bytes.put_u64(self.lengths.offset);
        bytes.put_u64(self.lengths.bytes);
        bytes.put_u64(self.change);
        let sum = checksum(&bytes);
        bytes.put_u64(sum);
        bytes
    }

    /// What says that no store is live.
    pub(crate) fn none() -> Vec<u8> {
        vec![0; LIVE_BYTES]
    }

    /// What says that a sync of a live store failed: what it told counts no more, and of what the
    /// page cache shows nobody knows whether the disk has it.
    pub(crate) fn lost(boot_id: u64) -> Vec<u8> {
        let nowhere = Extent { offset: 0, bytes: 0 };
        let change = u64::MAX;
        let (directory, lengths) = (nowhere, nowhere);
        Self { boot_id, directory, directory_checksum: 0, lengths, change }.encode()
    }

    /// Whether it names a structure: else it is what `lost` gives.
    pub(crate) fn tells(&self) -> bool {
        self.directory.bytes > 0
    }

    /// Reads the block. `None` where there is none, or a senseless one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let sum = checksum(bytes.get(..LIVE_BYTES - 8)?);
        let mut fields = Fields::new(bytes);
        let block = Self {
            boot_id: fields.u64()?,
            directory: Extent { offset: fields.u64()?, bytes: fields.u64()? },
            directory_checksum: fields.u64()?,
            lengths: Extent { offset: fields.u64()?, bytes: fields.u64()? },
            change: fields.u64()?,
        };
        // Sums of hostile numbers must not overflow later.
        let is_sound = |extent: Extent| {
            extent.offset.is_multiple_of(UNIT_BYTES)
                && extent.offset.checked_add(extent.bytes).is_some_and(|end| end < i64::MAX as u64)
        };
        let is_whole = fields.u64()? == sum
            && block.boot_id != 0
            && is_sound(block.directory)
            && block.directory.bytes <= DIRECTORY_BYTES_MAX
            && is_sound(block.lengths)
            && block.lengths.bytes.is_multiple_of(UNIT_BYTES)
            && block.tells() == (block.lengths.bytes > 0);
        is_whole.then_some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_as_written_and_none_is_none() {
        let block = LiveBlock {
            boot_id: 7,
            directory: Extent { offset: 3 * UNIT_BYTES, bytes: 40 },
            directory_checksum: 9,
            lengths: Extent { offset: 5 * UNIT_BYTES, bytes: UNIT_BYTES },
            change: 2,
        };
        assert_eq!(LiveBlock::decode(&block.encode()), Some(block));
        assert_eq!(LiveBlock::decode(&LiveBlock::none()), None);
        assert!(LiveBlock::decode(&LiveBlock::lost(7)).is_some_and(|block| !block.tells()));
        let mut torn = block.encode();
        torn[8] ^= 1;
        assert_eq!(LiveBlock::decode(&torn), None);
    }
}
