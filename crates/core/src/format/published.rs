//! The sequence word and the published block: what a writer tells the other processes.
//!
//! Neither is ever synced for its own sake: after a power cut they may hold anything. Within one
//! boot the block is exact, for it is written after each sync that succeeded and before anything
//! builds on it; so it tells recovery which record and which header a failed sync may have left in
//! the page cache alone.

use super::fields::{Fields, PutFields};
use super::{PUBLISHED_OFFSET, checksum};

/// Even while the committed pages are whole, odd while a commit is written home. Half of it is
/// that commit: its record is durable, for it goes home only then.
pub(crate) const SEQUENCE_OFFSET: u64 = PUBLISHED_OFFSET;

/// The sequence word while a commit is written home.
pub(crate) fn sequence_during(commit: u64) -> u64 {
    commit * 2 + 1
}

/// The sequence word when a commit is home.
pub(crate) fn sequence_after(commit: u64) -> u64 {
    commit * 2
}

/// The commit that a sequence word tells of.
pub(crate) fn commit_of_sequence(sequence: u64) -> u64 {
    sequence / 2
}

/// Whether a sequence word says that nothing is on its way beyond a commit that is home.
pub(crate) fn is_at_rest(sequence: u64, commit: u64) -> bool {
    sequence.is_multiple_of(2) && commit_of_sequence(sequence) <= commit
}

/// A cache line further, so that readers of one do not disturb the other.
pub(crate) const BLOCK_OFFSET: u64 = PUBLISHED_OFFSET + 64;

/// The bytes of the block.
pub(crate) const BLOCK_BYTES: usize = 40;

/// What is published after each commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// The newest commit that is durable and written home.
    pub(crate) commit: u64,
    /// The epoch of the header that it builds on.
    pub(crate) epoch: u64,
    /// The boot in which this was written.
    pub(crate) boot_id: u64,
    /// True from the opening by a writer until its orderly close.
    pub(crate) is_open: bool,
}

impl Published {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        bytes.put_u64(self.commit);
        bytes.put_u64(self.epoch);
        bytes.put_u64(self.boot_id);
        bytes.put_u64(u64::from(self.is_open));
        let sum = checksum(&bytes);
        bytes.put_u64(sum);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let sum = checksum(bytes.get(..BLOCK_BYTES - 8)?);
        let mut fields = Fields::new(bytes);
        let (commit, epoch) = (fields.u64()?, fields.u64()?);
        let (boot_id, state) = (fields.u64()?, fields.u64()?);
        (fields.u64()? == sum && state <= 1).then_some(Self {
            commit,
            epoch,
            boot_id,
            is_open: state == 1,
        })
    }
}
