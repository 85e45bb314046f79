//! Rows brought into another order, in place.

use super::no_memory;
use crate::error::Result;
use crate::medium::PAGE_BYTES;
use crate::os::populate;

/// Wider rows are moved one by one along the cycles of the order, with memory for one of them.
const WIDE_BYTES: usize = 64;

/// Memory to move rows in, had before anything changes.
#[derive(Debug, Default)]
pub(super) struct Room {
    bytes: Vec<u8>,
    /// One bit a row.
    moved: Vec<u64>,
    /// Where each row goes, if that is better to follow than where each comes from.
    targets: Vec<u32>,
}

/// An order of at most so many ascending runs is followed from the side of the rows: they are read
/// one after the other, and each run is written so. Elsewhere reading here and there is as good.
const RUNS_MAX: usize = 256;

impl Room {
    /// Has memory for an order, for regions of these widths (bytes of a row), and for bitmaps if
    /// `has_bits`.
    pub(super) fn reserve(order: &[u32], widths: &[usize], has_bits: bool) -> Result<Self> {
        let rows = order.len();
        let narrow = widths.iter().filter(|width| **width <= WIDE_BYTES).map(|width| width * rows);
        let wide = widths.iter().filter(|width| **width > WIDE_BYTES).copied();
        let bytes = narrow.chain(wide.clone()).max().unwrap_or(0);
        let words = if has_bits || wide.count() > 0 { rows.div_ceil(64) } else { 0 };
        let runs = order.windows(2).filter(|pair| pair[0] > pair[1]).take(RUNS_MAX).count() + 1;
        let targets = if runs <= RUNS_MAX { rows } else { 0 };
        let mut room =
            Self { bytes: zeros(bytes)?, moved: zeros(words)?, targets: zeros(targets)? };
        if !room.targets.is_empty() {
            for (target, from) in (0..).zip(order) {
                room.targets[*from as usize] = target;
            }
        }
        Ok(room)
    }

    /// Brings rows of `width` bytes into an order: row `i` becomes what row `order[i]` was.
    pub(super) fn permute(&mut self, memory: &mut [u8], width: usize, order: &[u32]) {
        let memory = &mut memory[..width * order.len()];
        match width {
            1 => self.permute_narrow::<1>(memory, order),
            2 => self.permute_narrow::<2>(memory, order),
            4 => self.permute_narrow::<4>(memory, order),
            8 => self.permute_narrow::<8>(memory, order),
            16 => self.permute_narrow::<16>(memory, order),
            _ if width <= WIDE_BYTES => {
                let copy = &mut self.bytes[..memory.len()];
                for (target, row) in copy.chunks_exact_mut(width).zip(order) {
                    let start = *row as usize * width;
                    target.copy_from_slice(&memory[start..start + width]);
                }
                overwrite(memory, copy);
            }
            _ => self.permute_wide(memory, width, order),
        }
    }

    fn permute_narrow<const WIDTH: usize>(&mut self, memory: &mut [u8], order: &[u32]) {
        let copy = &mut self.bytes[..memory.len()];
        let (rows, _) = memory.as_chunks::<WIDTH>();
        let (sorted, _) = copy.as_chunks_mut::<WIDTH>();
        if self.targets.is_empty() {
            for (target, row) in sorted.iter_mut().zip(order) {
                *target = rows[*row as usize];
            }
        } else {
            for (row, target) in rows.iter().zip(&self.targets) {
                sorted[*target as usize] = *row;
            }
        }
        overwrite(memory, copy);
    }

    fn permute_wide(&mut self, memory: &mut [u8], width: usize, order: &[u32]) {
        self.moved.fill(0);
        let held = &mut self.bytes[..width];
        for start in 0..order.len() {
            if self.moved[start / 64] >> (start % 64) & 1 != 0 || order[start] as usize == start {
                continue;
            }
            // The cycle: each row is filled from the next, the last from the first.
            held.copy_from_slice(&memory[start * width..(start + 1) * width]);
            let mut row = start;
            loop {
                self.moved[row / 64] |= 1 << (row % 64);
                let next = order[row] as usize;
                if next == start {
                    break;
                }
                memory.copy_within(next * width..(next + 1) * width, row * width);
                row = next;
            }
            memory[row * width..(row + 1) * width].copy_from_slice(held);
        }
    }

    /// The same for a bitmap, one bit a row. Bits behind the last row stay.
    pub(super) fn permute_bits(&mut self, memory: &mut [u8], order: &[u32]) {
        let bit = |row: usize| u64::from(memory[row / 8] >> (row % 8) & 1);
        for (word, rows) in self.moved.iter_mut().zip(order.chunks(64)) {
            *word = rows.iter().rev().fold(0, |word, row| word << 1 | bit(*row as usize));
        }
        for (at, byte) in memory.iter_mut().enumerate().take(order.len() / 8) {
            *byte = byte_of(&self.moved, at);
        }
        let (rest, last) = (order.len() % 8, order.len() / 8);
        if rest > 0 {
            let within = (1 << rest) - 1;
            memory[last] = memory[last] & !within | byte_of(&self.moved, last) & within;
        }
    }
}

/// Writes bytes over others. Pages of the file that have them already do not become copies.
fn overwrite(memory: &mut [u8], bytes: &[u8]) {
    let mut end = memory.as_ptr().align_offset(PAGE_BYTES).min(memory.len());
    let (mut start, mut differing) = (0, 0..0);
    while start < memory.len() {
        if memory[start..end] == bytes[start..end] {
            copy(&mut memory[differing.clone()], &bytes[differing]);
            differing = end..end;
        } else {
            differing.end = end;
        }
        start = end;
        end = memory.len().min(end + PAGE_BYTES);
    }
    copy(&mut memory[differing.clone()], &bytes[differing]);
}

fn copy(memory: &mut [u8], bytes: &[u8]) {
    populate(memory);
    memory.copy_from_slice(bytes);
}

/// Memory that may not be had.
fn zeros<T: Clone + Default>(len: usize) -> Result<Vec<T>> {
    let mut memory = Vec::new();
    let refused = |_| no_memory("sort the rows", len * size_of::<T>());
    memory.try_reserve_exact(len).map_err(refused)?;
    memory.resize(len, T::default());
    Ok(memory)
}

/// Eight bits of a bitmap of words.
fn byte_of(words: &[u64], at: usize) -> u8 {
    u8::try_from(words[at / 8] >> (at % 8 * 8) & 255).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::overwrite;

    #[test]
    fn what_is_overwritten_is_the_new_bytes_whatever_pages_had_them_before() {
        let mut before = vec![7; 50_000];
        for (start, end) in [(0, 0), (0, 50_000), (1, 1), (5, 4000), (4095, 4097), (3, 49_999)] {
            for changed in [start..start, start..end, start..end.min(start + 9000), end..end] {
                let mut expected = before.clone();
                expected[changed].fill(9);
                overwrite(&mut before[start..end], &expected[start..end]);
                assert_eq!(before, expected);
                before.fill(7);
            }
        }
    }
}
