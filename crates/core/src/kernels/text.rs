//! Strings: views of 16 bytes, and the heap that holds what does not fit into them.
//!
//! ```text
//! up to 12 bytes   length (4) | the bytes, padded with zeros (12)
//! more             length (4) | the first 4 bytes | block (4) | offset in the block (4)
//! ```
//!
//! Block `b` of the heap starts at byte `b * 2^31`; no string crosses into another block. A file
//! may be damaged or made to harm, so a view is checked whenever the heap is read.

use crate::error::{Error, ErrorKind, Result};

/// The longest string that its view holds.
pub(super) const INLINE_BYTES: usize = 12;
/// Bytes of a block of the heap.
pub(crate) const BLOCK_BYTES: u64 = 1 << 31;

/// The strings of a column. They are compared by their bytes, which is the order of code points.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    pub(super) views: &'a [[u8; 16]],
    heap: &'a [u8],
}

impl<'a> Texts<'a> {
    /// Strings by their views.
    #[must_use]
    pub fn new(views: &'a [[u8; 16]], heap: &'a [u8]) -> Self {
        Self { views, heap }
    }

    /// The bytes of a string.
    ///
    /// # Errors
    /// `Corrupt` where the view points outside the heap, or across two blocks of it.
    ///
    /// # Panics
    /// If there is no such row.
    #[inline]
    pub fn get(&self, row: usize) -> Result<&'a [u8]> {
        let view = &self.views[row];
        match place(view) {
            None => Ok(&view[4..4 + length(view)]),
            Some(place) => self.look_up(&place).ok_or_else(|| astray(row, view, self.heap.len())),
        }
    }

    #[inline]
    fn look_up(&self, place: &Place) -> Option<&'a [u8]> {
        let start = usize::try_from(place.start()?).ok()?;
        self.heap.get(start..start.checked_add(place.bytes)?)
    }
}

/// Where the heap holds a string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    block: u32,
    offset: u32,
    pub(crate) bytes: usize,
}

impl Place {
    /// Its first byte, if the string lies within one block.
    #[inline]
    pub(crate) fn start(self) -> Option<u64> {
        let end = u64::from(self.offset) + self.bytes as u64;
        (end <= BLOCK_BYTES).then(|| u64::from(self.block) * BLOCK_BYTES + u64::from(self.offset))
    }
}

/// The length of a string in bytes.
#[inline]
pub(super) fn length(view: &[u8; 16]) -> usize {
    number(view, 0) as usize
}

/// Where the string of a view lies, or `None` if the view holds it.
#[inline]
pub(crate) fn place(view: &[u8; 16]) -> Option<Place> {
    let bytes = length(view);
    let place = || Place { block: number(view, 8), offset: number(view, 12), bytes };
    (bytes > INLINE_BYTES).then(place)
}

/// Makes the view of a string that the heap holds say that it starts there.
pub(crate) fn put_start(view: &mut [u8; 16], start: u64) {
    let block = u32::try_from(start / BLOCK_BYTES).expect("a heap lies within the address space");
    let offset = u32::try_from(start % BLOCK_BYTES).expect("less than a block");
    view[8..12].copy_from_slice(&block.to_ne_bytes());
    view[12..].copy_from_slice(&offset.to_ne_bytes());
}

/// The first 4 bytes of a string, the first as the most significant, zeros behind its end: in the
/// order of the strings.
#[inline]
pub(super) fn prefix(view: &[u8; 16]) -> u32 {
    number(view, 4).to_be()
}

#[inline]
fn number(view: &[u8; 16], at: usize) -> u32 {
    u32::from_ne_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]])
}

#[cold]
pub(crate) fn astray(row: usize, view: &[u8; 16], heap_bytes: usize) -> Error {
    let (bytes, block, offset) = (length(view), number(view, 8), number(view, 12));
    Error::new(
        ErrorKind::Corrupt,
        format!(
            "the string of row {row} has {bytes} bytes from byte {offset} of block {block} on, \
             outside the {heap_bytes} bytes of its heap"
        ),
    )
}
