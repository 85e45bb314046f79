//! The bytes of a store file. `docs/format.md` tells the same in tables.
//!
//! ```text
//! unit 0   identity | header slot A | directory area A
//! unit 1            | header slot B | directory area B
//! unit 2   sequence word, published block
//! unit 3…  log (4 units in a new store), checksum table (1 unit), then extents of regions
//! ```
//!
//! A unit is 64 KiB, so that what is mapped or synced apart is apart on every machine's pages.
//! All integers are in the machine's own byte order.

pub(crate) mod claim;
pub mod directory;
pub(crate) mod fields;
pub(crate) mod header;
pub(crate) mod live;
pub(crate) mod published;
pub(crate) mod record;
pub(crate) mod table;

use crate::medium::PAGE_BYTES;
use twox_hash::XxHash3_64;

/// The first eight bytes of every store. The high bit and the line ends show a text transfer.
pub const MAGIC: [u8; 8] = *b"\x8bstoa\r\n\x1a";

/// Reads as `0x3412` in the byte order of the other machines.
pub const ENDIANNESS_MARK: u16 = 0x1234;

/// The version this build writes.
pub const WRITE_VERSION: u16 = 1;

/// The lowest version of a reader that understands what this build writes.
pub const READ_VERSION: u16 = 1;

/// The unit of allocation: extents begin and end at its multiples.
pub const UNIT_BYTES: u64 = 64 * 1024;

/// `PAGE_BYTES` as a file offset.
pub(crate) const PAGE: u64 = PAGE_BYTES as u64;

/// Where the two header slots begin, each in a page of its own.
pub(crate) const SLOT_OFFSETS: [u64; 2] = [PAGE, UNIT_BYTES + PAGE];

/// The directories that fit beside their slot; larger ones get an extent of their own.
pub(crate) const DIRECTORY_AREAS: [Extent; 2] = [
    Extent { offset: 2 * PAGE, bytes: UNIT_BYTES - 2 * PAGE },
    Extent { offset: UNIT_BYTES + 2 * PAGE, bytes: UNIT_BYTES - 2 * PAGE },
];

/// The sequence word and the published block.
pub(crate) const PUBLISHED_OFFSET: u64 = 2 * UNIT_BYTES;

/// The log of a new store. Small, so that a small store is small; it grows with use.
pub(crate) const FIRST_LOG: Extent = Extent { offset: 3 * UNIT_BYTES, bytes: 4 * UNIT_BYTES };

/// The checksum table of a new store: one unit covers 31.5 MiB of file.
pub(crate) const FIRST_CHECKSUMS: Extent = Extent { offset: FIRST_LOG.end(), bytes: UNIT_BYTES };

/// The length of a new store.
pub(crate) const FIRST_BYTES: u64 = FIRST_CHECKSUMS.end();

/// The longest directory, metadata included: what a file claims beyond it is not believed, and what
/// a program asks for beyond it is refused.
pub const DIRECTORY_BYTES_MAX: u64 = 64 << 20;

/// The longest record. A commit of more than that is refused.
pub(crate) const RECORD_BYTES_MAX: u64 = 16 << 30;

/// The longest log.
pub(crate) const LOG_BYTES_MAX: u64 = 2 * RECORD_BYTES_MAX;

const _: () = assert!(UNIT_BYTES.is_multiple_of(PAGE));
const _: () = assert!(SLOT_OFFSETS[0] + PAGE == DIRECTORY_AREAS[0].offset);
const _: () = assert!(DIRECTORY_AREAS[1].end() == PUBLISHED_OFFSET);

/// A run of bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// How long it is.
    pub bytes: u64,
}

impl Extent {
    /// The first byte behind it.
    #[must_use]
    pub const fn end(self) -> u64 {
        self.offset + self.bytes
    }
}

/// The checksum of the format: XXH3, 64 bits.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The same, of bytes that are valid only in the epoch of this salt, as it goes on.
#[must_use]
pub(crate) fn salted_checksum(salt: u64) -> XxHash3_64 {
    XxHash3_64::with_seed(salt)
}
