//! What a record claims about itself, judged before any of it is believed.

use super::fields::Fields;
use super::record::{CHECKSUMMED_FROM, HEADER_BYTES, MAGIC, used};
use super::{DIRECTORY_BYTES_MAX, PAGE, RECORD_BYTES_MAX, salted_checksum};
use std::hash::Hasher as _;
use twox_hash::XxHash3_64;

/// What the first bytes of a record claim. Nothing of it is proved yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// The salt that it was made with.
    pub(crate) salt: u64,
    pub(super) checksum: u64,
    pub(crate) commit: u64,
    /// Its length, padding excluded.
    pub(crate) bytes: u64,
    pub(crate) length_count: u32,
    pub(super) run_count: u32,
    pub(super) image_count: u32,
    pub(super) directory_bytes: u64,
    pub(super) epoch: u64,
}

/// The length of what a claim is read from.
pub(crate) const CLAIM_BYTES: usize = HEADER_BYTES;

impl Claim {
    /// Reads what the first `CLAIM_BYTES` of a record claim, of whatever epoch it is.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(bytes.get(..CLAIM_BYTES)?);
        let (salt, checksum) = (fields.u64()? ^ MAGIC, fields.u64()?);
        let (commit, bytes) = (fields.u64()?, fields.u64()?);
        let (length_count, run_count, image_count) = (fields.u32()?, fields.u32()?, fields.u32()?);
        fields.skip_zeros(4)?;
        let (directory_bytes, epoch) = (fields.u64()?, fields.u64()?);
        Some(Self {
            salt,
            checksum,
            commit,
            bytes,
            length_count,
            run_count,
            image_count,
            directory_bytes,
            epoch,
        })
    }

    /// Whether it is of the epoch with this salt.
    pub(crate) fn has_salt(&self, salt: u64) -> bool {
        self.salt == used(salt)
    }

    /// Whether the counts can make up the length, in a file of so many pages.
    pub(crate) fn adds_up(&self, file_pages: u64) -> bool {
        if self.bytes > RECORD_BYTES_MAX || self.directory_bytes > DIRECTORY_BYTES_MAX {
            return false;
        }
        let items = (u64::from(self.run_count) + u64::from(self.image_count)) * 16;
        let least = self.outline_bytes() + items;
        let most = u64::from(self.image_count) * PAGE + file_pages.saturating_mul(8);
        least <= self.bytes && self.bytes - least <= most
    }

    /// How many bytes at its start the directory and the lengths take.
    pub(crate) fn outline_bytes(&self) -> u64 {
        let lengths = u64::from(self.length_count) * 16;
        HEADER_BYTES as u64 + self.directory_bytes.next_multiple_of(8) + lengths
    }

    /// The hash of the record without its first `CLAIM_BYTES`, to be fed with the rest of it.
    pub(crate) fn hash(&self, first: &[u8]) -> XxHash3_64 {
        let mut hash = salted_checksum(self.salt);
        hash.write(&first[CHECKSUMMED_FROM..CLAIM_BYTES]);
        hash
    }

    /// Whether that is the hash of the whole record.
    pub(crate) fn is_proved_by(&self, hash: &XxHash3_64) -> bool {
        hash.finish() == self.checksum
    }
}
