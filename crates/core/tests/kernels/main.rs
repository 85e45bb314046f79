//! Goal: the kernels give what the plainest loop gives.
//!
//! Method: columns of every type with random values, the ends of the type, NaN, infinities, both
//! zeros and nulls, of lengths around the sizes that the kernels read in; each kernel beside a
//! loop over rows that compares exactly. `STOA_SEED` repeats a run.
#![expect(clippy::unwrap_used, reason = "the checks that tests share are tests")]
#![expect(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    reason = "what is compared is exact, or within a tolerance"
)]

mod aggregates;
mod columns;
mod filters;
mod sorts;
mod stored;

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of numbers that a seed repeats.
pub(crate) struct Random(u64);

impl Random {
    /// Seeded by `STOA_SEED`, or by the clock.
    pub(crate) fn new() -> Self {
        let given = env::var("STOA_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
            u64::from(now.subsec_nanos())
        });
        println!("STOA_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.bits() % limit as u64).expect("below a usize")
    }

    pub(crate) fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    /// 0 to below 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.bits() >> 32).expect("32 bits")) / 4_294_967_296.0
    }
}

/// Lengths around those of words and blocks.
pub(crate) const LENGTHS: [usize; 14] =
    [0, 1, 2, 7, 63, 64, 65, 191, 192, 1023, 1024, 1025, 4097, 9000];
