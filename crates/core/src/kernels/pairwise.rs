//! Sums of floating-point numbers, added pairwise.
//!
//! A block is added in 16 lanes, and the sums of blocks as in a tournament: two of equal weight
//! make one of twice the weight. So a value takes part in at most about 64 + log2(blocks)
//! additions, and the rounding error grows as slowly. The order of the additions depends on the
//! number of rows alone, not on the machine.

use super::number::Number;

/// How many values are added side by side.
pub(super) const LANES: usize = 16;

/// The sum of a block.
#[inline(always)]
pub(super) fn add_all<T: Number>(block: &[T]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (rows, rest) = block.as_chunks::<LANES>();
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane += value.double();
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += value.double();
    }
    add_lanes(lanes)
}

/// The sum of the products of two blocks of one length.
#[inline(always)]
pub(super) fn add_products(one: &[f64], other: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (rows, rest) = one.as_chunks::<LANES>();
    let (other_rows, other_rest) = other.as_chunks::<LANES>();
    for (row, other) in rows.iter().zip(other_rows) {
        for lane in 0..LANES {
            lanes[lane] += row[lane] * other[lane];
        }
    }
    for ((lane, value), other) in lanes.iter_mut().zip(rest).zip(other_rest) {
        *lane += value * other;
    }
    add_lanes(lanes)
}

#[inline(always)]
fn add_lanes(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// Sums of blocks, to be added pairwise.
#[derive(Debug, Default)]
pub(super) struct Pairwise {
    /// Sums of 2^k blocks, for the bits k of `blocks`, the widest first.
    sums: Vec<f64>,
    blocks: u64,
}

impl Pairwise {
    pub(super) fn push(&mut self, mut sum: f64) {
        for _ in 0..self.blocks.trailing_ones() {
            sum += self.sums.pop().unwrap_or(0.0);
        }
        self.sums.push(sum);
        self.blocks += 1;
    }

    pub(super) fn total(&self) -> f64 {
        self.sums.iter().rev().fold(0.0, |total, sum| total + sum)
    }
}
