//! Runs a loop with the widest vector instructions that the machine has.
#![expect(
    unsafe_code,
    reason = "calls what is compiled for one kind of processor, and reads numbers as their bits"
)]
#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `run` is compiled for the oldest processor"
)]

use std::slice;

/// A piece of work whose loops the compiler may turn into vector instructions.
pub(crate) trait Work {
    /// What it gives.
    type Output;

    /// Does it. Must be inlined, with all that it calls in its loops: what is not inlined is
    /// compiled for the oldest processor.
    fn run(self) -> Self::Output;
}

/// Does the work, compiled for AVX2 where the machine has it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    #[cfg(test)]
    if tests::WANTS_BASELINE.get() {
        return work.run();
    }
    if std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("popcnt")
    {
        // SAFETY: the function needs nothing but these three features of the processor, which
        // were just found.
        return unsafe { run_avx2(work) };
    }
    work.run()
}

/// Does the work, compiled for the processors that the target names: on aarch64 all have NEON.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn run<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn run_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

/// The least and the greatest of a block and one more number, and whether NaN is in the block, in one
/// pass, which the compiler does not find. `None` where the machine lacks the instructions.
macro_rules! ends {
    ($name:ident, $inner:ident, $type:ty, $lanes:literal, $set1:ident, $min:ident, $max:ident,
     $or:ident, $zero:ident, $unordered:ident, $store:ident, [$($lane:literal)*], $setr:ident) => {
        #[inline(always)]
        pub(crate) fn $name(block: &[$type], first: $type) -> Option<($type, $type, bool)> {
            #[cfg(target_arch = "x86_64")]
            {
                #[cfg(test)]
                if tests::WANTS_BASELINE.get() {
                    return None;
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the function needs nothing but this feature of the processor, which was
                    // just found.
                    return Some(unsafe { $inner(block, first) });
                }
            }
            let _ = (block, first);
            None
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $inner(block: &[$type], first: $type) -> ($type, $type, bool) {
            use std::arch::x86_64::{
                $max, $min, $or, $set1, $setr, $store, $unordered, $zero, _CMP_UNORD_Q,
            };

            const LANES: usize = $lanes;
            const WIDE: usize = 4;
            let (mut least, mut greatest) = ([$set1(first); WIDE], [$set1(first); WIDE]);
            let mut nans = [$zero(); WIDE];
            let (rows, rest) = block.as_chunks::<{ LANES * WIDE }>();
            for row in rows {
                for index in 0..WIDE {
                    let part = &row[index * LANES..][..LANES];
                    let values = $setr($(part[$lane]),*);
                    // Of an unordered pair both give the second, so NaN is never taken up.
                    least[index] = $min(values, least[index]);
                    greatest[index] = $max(values, greatest[index]);
                    nans[index] = $or(nans[index], $unordered::<_CMP_UNORD_Q>(values, values));
                }
            }
            let mut lanes = [[0.0; LANES]; 3];
            let [low, high, bits] = &mut lanes;
            let (mut least_of, mut greatest_of, mut has_nan) = (first, first, false);
            for index in 0..WIDE {
                for (lanes, vector) in [
                    (&mut *low, least[index]),
                    (&mut *high, greatest[index]),
                    (&mut *bits, nans[index]),
                ] {
                    // SAFETY: the array has as many lanes as the vector; any alignment will do.
                    unsafe { $store(lanes.as_mut_ptr(), vector) };
                }
                for lane in 0..LANES {
                    least_of = if low[lane] < least_of { low[lane] } else { least_of };
                    greatest_of = if high[lane] > greatest_of { high[lane] } else { greatest_of };
                    has_nan |= bits[lane].to_bits() != 0;
                }
            }
            for value in rest {
                least_of = if *value < least_of { *value } else { least_of };
                greatest_of = if *value > greatest_of { *value } else { greatest_of };
                has_nan |= value.is_nan();
            }
            (least_of, greatest_of, has_nan)
        }
    };
}

ends!(
    ends_f64, ends_f64_avx2, f64, 4, _mm256_set1_pd, _mm256_min_pd, _mm256_max_pd, _mm256_or_pd,
    _mm256_setzero_pd, _mm256_cmp_pd, _mm256_storeu_pd, [0 1 2 3], _mm256_setr_pd
);
ends!(
    ends_f32, ends_f32_avx2, f32, 8, _mm256_set1_ps, _mm256_min_ps, _mm256_max_ps, _mm256_or_ps,
    _mm256_setzero_ps, _mm256_cmp_ps, _mm256_storeu_ps, [0 1 2 3 4 5 6 7], _mm256_setr_ps
);

/// Asks for memory that is about to be read.
#[inline(always)]
pub(crate) fn prefetch<T>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..size_of_val(values).div_ceil(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        let address = values.as_ptr().cast::<i8>().wrapping_add(64 * line);
        // SAFETY: a prefetch is a hint, whatever the address. It needs SSE, which every processor
        // of this architecture has.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// The bits of 64 bytes that are 0 or 255 each, the first in the least significant.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn press(bytes: &[u8; 64]) -> u64 {
    use std::arch::x86_64::{_mm_loadu_si128, _mm_movemask_epi8};

    let (parts, _) = bytes.as_chunks::<16>();
    parts.iter().rev().fold(0, |bits, part| {
        // SAFETY: the part is 16 bytes, which is what is read, wherever they lie.
        let vector = unsafe { _mm_loadu_si128(part.as_ptr().cast()) };
        // SAFETY: needs SSE2, which every processor of this architecture has.
        let mask = unsafe { _mm_movemask_epi8(vector) };
        bits << 16 | u64::from(mask.cast_unsigned())
    })
}

/// The same of 64 words that have all bits set or none.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn press_wide(words: &[u64; 64]) -> u64 {
    use std::arch::x86_64::{
        __m128i, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32,
    };

    // Packing halves the width of numbers, and keeps -1 and 0.
    // SAFETY: needs SSE2, which every processor of this architecture has.
    let half = |one: __m128i, other| unsafe { _mm_packs_epi32(one, other) };
    let (parts, _) = words.as_chunks::<16>();
    parts.iter().rev().fold(0, |bits, part| {
        let (pairs, _) = part.as_chunks::<2>();
        // SAFETY: a pair is 16 bytes, which is what is read, wherever they lie.
        let pair = |at: usize| unsafe { _mm_loadu_si128(pairs[at].as_ptr().cast()) };
        // Four words, each in two numbers of 16 bits; then eight, each in one.
        let four = |at: usize| half(pair(2 * at), pair(2 * at + 1));
        let (low, high) = (half(four(0), four(1)), half(four(2), four(3)));
        // SAFETY: needs SSE2.
        let bytes = unsafe { _mm_packs_epi16(low, high) };
        // SAFETY: needs SSE2.
        let mask = unsafe { _mm_movemask_epi8(bytes) };
        bits << 16 | u64::from(mask.cast_unsigned())
    })
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use plain::{press, press_wide};

/// The same where the machine has no instruction for it.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain {
    #[inline(always)]
    pub(crate) fn press(bytes: &[u8; 64]) -> u64 {
        let (eights, _) = bytes.as_chunks::<8>();
        eights.iter().rev().fold(0, |bits, eight| {
            let ones = u64::from_ne_bytes(*eight).to_le() & 0x0101_0101_0101_0101;
            // Moves bit 8 * i of the factor to bit 56 + i of the product, for each i.
            bits << 8 | ones.wrapping_mul(0x0102_0408_1020_4080) >> 56
        })
    }

    #[inline(always)]
    pub(crate) fn press_wide(words: &[u64; 64]) -> u64 {
        press(&words.map(|word| if word == 0 { 0 } else { u8::MAX }))
    }
}

/// A signed integer.
pub(crate) trait Signed {
    /// An integer of as many bits without a sign.
    type Bits;
}

/// Signed integers as their bits.
pub(crate) fn bits<T: Signed>(numbers: &[T]) -> &[T::Bits] {
    const { assert!(size_of::<T>() == size_of::<T::Bits>()) };
    const { assert!(align_of::<T>() == align_of::<T::Bits>()) };
    // SAFETY: the integers of both types have the same size and alignment (asserted), and every
    // pattern of bits is a value of both: `Signed` is implemented here only.
    unsafe { slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

macro_rules! signed {
    ($($signed:ty, $bits:ty;)*) => {$(
        impl Signed for $signed {
            type Bits = $bits;
        }
    )*};
}

signed! { i8, u8; i16, u16; i32, u32; i64, u64; }

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    thread_local! {
        /// Work of this thread runs as on the oldest processor.
        pub(crate) static WANTS_BASELINE: Cell<bool> = const { Cell::new(false) };
    }

    #[test]
    fn bits_are_those_of_the_bytes_or_words_in_their_order() {
        for expected in [0, 1, 1 << 63, u64::MAX, 0x0123_4567_89ab_cdef, 0xf00f_8001_5555_aaaa] {
            let is_set = |at: usize| expected >> at & 1 == 1;
            let bytes = std::array::from_fn(|at| if is_set(at) { u8::MAX } else { 0 });
            let words = std::array::from_fn(|at| if is_set(at) { u64::MAX } else { 0 });
            let found = [super::press(&bytes), super::plain::press(&bytes)];
            assert_eq!(found, [expected; 2]);
            let found = [super::press_wide(&words), super::plain::press_wide(&words)];
            assert_eq!(found, [expected; 2]);
        }
    }
}
