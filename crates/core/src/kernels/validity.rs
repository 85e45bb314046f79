//! Which rows of a nullable column are present.

use super::rows::RowNumber;

/// A bitmap of rows, one byte for eight of them, the least significant bit first; 1 is present.
#[derive(Clone, Copy, Debug)]
pub struct Validity<'a> {
    bytes: &'a [u8],
}

impl<'a> Validity<'a> {
    /// Row `i` is bit `i % 8` of `bytes[i / 8]`. Rows behind the last byte are null.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The bits of the 64 rows from `64 * index` on, the first in the least significant bit.
    #[inline]
    pub(super) fn word(self, index: usize) -> u64 {
        let rest = self.bytes.get(8 * index..).unwrap_or(&[]);
        if let Some(bytes) = rest.first_chunk() {
            // A bitmap is bytes in every byte order of the machine.
            return u64::from_ne_bytes(*bytes).to_le();
        }
        let mut bytes = [0; 8];
        bytes[..rest.len()].copy_from_slice(rest);
        u64::from_ne_bytes(bytes).to_le()
    }

    /// Whether a row is present.
    #[inline]
    pub(super) fn is_valid(self, row: usize) -> bool {
        self.bytes[row / 8] >> (row % 8) & 1 != 0
    }

    /// How many of the first `rows` rows are present.
    pub(super) fn count(self, rows: usize) -> u64 {
        let whole = (0..rows / 64).map(|index| u64::from(self.word(index).count_ones()));
        let rest = self.word(rows / 64) & low_bits(rows % 64);
        whole.sum::<u64>() + u64::from(rest.count_ones())
    }

    /// How many of the listed rows are present.
    pub(super) fn count_of(self, list: &[impl RowNumber]) -> u64 {
        list.iter().map(|row| u64::from(self.is_valid(row.index()))).sum()
    }
}

/// A word whose `count` least significant bits are set, for `count` below 64.
#[inline]
pub(super) fn low_bits(count: usize) -> u64 {
    (1 << count) - 1
}
