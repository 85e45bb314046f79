//! Mapped memory, lent as slices.
#![expect(unsafe_code, reason = "lends mapped memory as slices")]

use std::mem;
use std::slice;
use std::sync::atomic::AtomicU64;

use super::element::Element;
use super::map::Reservation;
use super::piece::Content;

impl Reservation {
    /// The bytes of a stretch that is mapped.
    pub(crate) fn bytes(&self, offset: usize, bytes: usize) -> &[u8] {
        self.require_mapped(offset, bytes);
        // SAFETY: the stretch is mapped and readable (asserted), lies in one reservation, and
        // stays so while `self` is borrowed: mapping and dropping need it whole. Any bytes are
        // initialised `u8`s. Nothing writes to it meanwhile: see `Reservation`.
        unsafe { slice::from_raw_parts(self.address(offset), bytes) }
    }

    /// The bytes of a stretch that is mapped, to be changed.
    pub(crate) fn bytes_mut(&mut self, offset: usize, bytes: usize) -> &mut [u8] {
        self.require_mapped(offset, bytes);
        // SAFETY: as for `bytes`; everything mapped is writable, and `self` is borrowed whole, so
        // nothing else is lent.
        unsafe { slice::from_raw_parts_mut(self.address(offset), bytes) }
    }

    /// The first `len` elements, all of them mapped.
    pub(crate) fn as_slice<T: Element>(&self, len: usize) -> &[T] {
        self.require_mapped(0, bytes_of::<T>(len));
        // SAFETY: as for `bytes`; the base is aligned to pages, and so to every `Element`, of
        // which every pattern of bits is a value.
        unsafe { slice::from_raw_parts(self.address(0).cast::<T>(), len) }
    }

    /// The first `len` elements, all of them mapped, to be changed.
    pub(crate) fn as_mut_slice<T: Element>(&mut self, len: usize) -> &mut [T] {
        self.require_mapped(0, bytes_of::<T>(len));
        // SAFETY: as for `as_slice`; everything mapped is writable, and `self` is borrowed whole,
        // so nothing else is lent.
        unsafe { slice::from_raw_parts_mut(self.address(0).cast::<T>(), len) }
    }

    /// A number that other processes may change.
    #[expect(clippy::cast_ptr_alignment, reason = "the base and the offset are aligned")]
    pub(super) fn number(&self, offset: usize) -> &AtomicU64 {
        assert!(offset.is_multiple_of(8), "a number at no multiple of its size");
        self.require_mapped(offset, 8);
        // SAFETY: the stretch is mapped, readable and writable (asserted), lies in one reservation,
        // and stays so while `self` is borrowed. The base is aligned to pages, and so is the offset
        // to 8. Whoever else changes the number, in this process or another, does so in one step.
        unsafe { AtomicU64::from_ptr(self.address(offset).cast::<u64>()) }
    }

    /// The bytes that the file has, now, where the memory shows it in one piece.
    pub(super) fn file_bytes(&self, offset: usize, bytes: usize) -> &[u8] {
        let pieces = self.covering(offset, bytes).expect("memory that is not mapped");
        let [piece] = pieces else { panic!("file bytes of more than one piece") };
        let Content::File(content) = &piece.content else {
            panic!("memory that shows no file has no bytes of it");
        };
        let file_offset = content.file_offset + (offset - piece.offset) as u64;
        let address = content.baseline.address(file_offset, bytes);
        // SAFETY: the baseline covers the stretch (asserted there) and lives as long as its piece,
        // which cannot change while `self` is borrowed. Any bytes are initialised `u8`s. That
        // nobody writes to the file meanwhile: see `Reservation`.
        unsafe { slice::from_raw_parts(address, bytes) }
    }
}

fn bytes_of<T>(len: usize) -> usize {
    len.checked_mul(mem::size_of::<T>()).expect("more elements than memory can hold")
}
