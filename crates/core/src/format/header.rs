//! The identity of a store and its two header slots: 512 bytes each, a checksum last.
//!
//! The identity is written once, so no power cut can tear it. A slot is rewritten by every second
//! checkpoint, never while it is the only one that counts.

use super::fields::{Fields, PutFields};
use super::{
    DIRECTORY_BYTES_MAX, ENDIANNESS_MARK, Extent, FIRST_LOG, LOG_BYTES_MAX, MAGIC, READ_VERSION,
    SLOT_OFFSETS, WRITE_VERSION, checksum,
};
use crate::error::{Error, ErrorKind, Result};
use crate::planted::{Bug, planted};

/// The bytes of the identity and of a slot.
pub(crate) const HEADER_BYTES: usize = 512;

const CHECKSUM_AT: usize = HEADER_BYTES - 8;

/// One header slot: the state at a checkpoint, and where to go on from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Counts checkpoints. The slot is `epoch % 2`.
    pub(crate) epoch: u64,
    /// The commit that the directory describes. The log goes on from the next.
    pub(crate) base_commit: u64,
    /// The version that users give their data; the directory holds it too.
    pub(crate) data_version: u32,
    pub(crate) log: Extent,
    /// Where the directory begins, and its exact length.
    pub(crate) directory: Extent,
    pub(crate) directory_checksum: u64,
    /// Drawn for this epoch: in the log's records. Who writes values cannot know that of an epoch to
    /// come, so no value left in the log ever looks like a record.
    pub(crate) salt: u64,
}

/// The slot that an epoch writes.
pub(crate) fn slot_index(epoch: u64) -> usize {
    if planted(Bug::OneHeaderSlot) {
        return 0;
    }
    usize::from(!epoch.is_multiple_of(2))
}

/// What every header begins with: magic, endianness mark, versions.
fn put_prefix(bytes: &mut Vec<u8>) {
    bytes.put(&MAGIC);
    bytes.put_u16(ENDIANNESS_MARK);
    bytes.put_u16(WRITE_VERSION);
    bytes.put_u16(READ_VERSION);
    bytes.put_u16(0);
}

fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    assert!(bytes.len() <= CHECKSUM_AT, "a header's fields fit before its checksum");
    bytes.resize(CHECKSUM_AT, 0);
    let sum = checksum(&bytes);
    bytes.put_u64(sum);
    bytes
}

fn is_sealed(bytes: &[u8]) -> bool {
    Fields::new(&bytes[CHECKSUM_AT..]).u64() == Some(checksum(&bytes[..CHECKSUM_AT]))
}

/// The bytes at the start of every store.
pub(crate) fn encode_identity() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    put_prefix(&mut bytes);
    seal(bytes)
}

/// Checks the start of a file, `bytes` being as much of `HEADER_BYTES` as it has: magic, mark,
/// versions, checksum, in this order.
pub(crate) fn check_identity(bytes: &[u8]) -> Result<()> {
    let mut fields = Fields::new(bytes);
    if fields.take(MAGIC.len()) != Some(&MAGIC) {
        return Err(Error::new(
            ErrorKind::Format,
            "it is not a store: it does not begin with the magic bytes of one",
        ));
    }
    let corrupt =
        |what: &str| Error::new(ErrorKind::Corrupt, format!("the store is damaged: {what}"));
    match fields.u16() {
        Some(ENDIANNESS_MARK) => {}
        Some(mark) if mark == ENDIANNESS_MARK.swap_bytes() => {
            return Err(Error::new(
                ErrorKind::Endian,
                "the store is in the byte order of another machine; open it on a machine of that \
                 order and copy the values",
            ));
        }
        Some(mark) => {
            return Err(corrupt(&format!(
                "its endianness mark is {mark:#06x} instead of {ENDIANNESS_MARK:#06x}"
            )));
        }
        None => return Err(corrupt("it ends inside its first header")),
    }
    let (Some(write_version), Some(read_version)) = (fields.u16(), fields.u16()) else {
        return Err(corrupt("it ends inside its first header"));
    };
    if read_version > READ_VERSION || write_version > WRITE_VERSION {
        return Err(Error::new(
            ErrorKind::Version,
            format!(
                "the store has file format {write_version}, this build writes {WRITE_VERSION}; \
                 upgrade to a later version"
            ),
        ));
    }
    if bytes.len() < HEADER_BYTES || !is_sealed(bytes) {
        return Err(corrupt("the checksum of its first header does not match"));
    }
    Ok(())
}

impl Header {
    /// The bytes of the slot.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        put_prefix(&mut bytes);
        bytes.put_u64(self.epoch);
        bytes.put_u64(self.base_commit);
        bytes.put_u64(self.log.offset);
        bytes.put_u64(self.log.bytes);
        bytes.put_u64(self.directory.offset);
        bytes.put_u64(self.directory.bytes);
        bytes.put_u64(self.directory_checksum);
        bytes.put_u64(self.salt);
        bytes.put_u32(self.data_version);
        seal(bytes)
    }

    /// Where this header's slot lies.
    pub(crate) fn slot_offset(&self) -> u64 {
        SLOT_OFFSETS[slot_index(self.epoch)]
    }

    /// Reads what was found in slot `index`. `None` where it is torn, foreign or senseless.
    pub(crate) fn decode(bytes: &[u8], index: usize) -> Option<Self> {
        if bytes.len() < HEADER_BYTES || !is_sealed(&bytes[..HEADER_BYTES]) {
            return None;
        }
        let mut fields = Fields::new(&bytes[..CHECKSUM_AT]);
        if fields.take(MAGIC.len())? != MAGIC || fields.u16()? != ENDIANNESS_MARK {
            return None;
        }
        let (_write_version, _read_version) = (fields.u16()?, fields.u16()?);
        fields.u16()?;
        let header = Self {
            epoch: fields.u64()?,
            base_commit: fields.u64()?,
            log: Extent { offset: fields.u64()?, bytes: fields.u64()? },
            directory: Extent { offset: fields.u64()?, bytes: fields.u64()? },
            directory_checksum: fields.u64()?,
            salt: fields.u64()?,
            data_version: fields.u32()?,
        };
        // Sums of hostile numbers must not overflow later.
        let is_sound = |extent: Extent| {
            extent.offset.checked_add(extent.bytes).is_some_and(|end| end < i64::MAX as u64)
        };
        let is_place = header.log.offset >= FIRST_LOG.offset
            && header.log.offset.is_multiple_of(super::UNIT_BYTES)
            && header.log.bytes.is_multiple_of(super::UNIT_BYTES)
            && header.log.bytes > 0
            && header.log.bytes <= LOG_BYTES_MAX;
        (slot_index(header.epoch) == index
            && header.epoch < u64::MAX / 2
            && header.base_commit < u64::MAX / 2
            && is_sound(header.log)
            && is_sound(header.directory)
            && header.directory.bytes <= DIRECTORY_BYTES_MAX
            && is_place)
            .then_some(header)
    }
}
