//! Sorting rows by codes of 64 bits.
//!
//! A row is a word: 32 bits of its code, then its position. So words are never equal, and every
//! way of sorting them keeps equal codes in order. The leading 32 bits that differ are sorted by
//! their digits, the least significant first; runs that tie in them are sorted by the next 32.
#![expect(clippy::cast_possible_truncation, reason = "takes words apart")]

/// Fewer words than this are sorted by comparing.
const FEW: usize = 192;
/// Bits of a digit: as many counters as the nearest cache holds besides what is sorted.
const DIGIT_BITS_MAX: u32 = 11;

/// How the codes lay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// In order.
    Sorted,
    /// Each above the next.
    Reversed,
    /// Otherwise: the positions of the codes in order are in the low halves of the words.
    Shuffled,
}

/// Sorts positions by their codes, stable. At most 2^32 codes. `words` and `scratch` must have
/// room for as many.
pub(super) fn sort(codes: &[u64], words: &mut Vec<u64>, scratch: &mut Vec<u64>) -> Found {
    if codes.is_sorted() {
        return Found::Sorted;
    }
    if codes.is_sorted_by(|one, next| one > next) {
        return Found::Reversed;
    }
    words.clear();
    words.extend(0..codes.len() as u64);
    scratch.clear();
    scratch.resize(codes.len(), 0);
    sort_run(codes, words, scratch);
    Found::Shuffled
}

/// The position in a word.
#[inline]
pub(super) fn position(word: u64) -> usize {
    low_half(word) as usize
}

/// The same, as it is stored.
#[inline]
pub(super) fn low_half(word: u64) -> u32 {
    word as u32
}

/// Sorts words by the codes at their positions. Words of equal codes are in the order of their
/// positions before, and so after.
fn sort_run(codes: &[u64], run: &mut [u64], scratch: &mut [u64]) {
    if run.len() < FEW {
        run.sort_unstable_by_key(|word| (codes[position(*word)], position(*word)));
        return;
    }
    let first = codes[position(run[0])];
    let (mut least, mut greatest, mut differing) = (first, first, 0);
    for word in &*run {
        let code = codes[position(*word)];
        (least, greatest) = (least.min(code), greatest.max(code));
        differing |= code ^ first;
    }
    // Whole numbers in floating point, for one, have the same zeros at their ends.
    let bits = u64::BITS - (greatest - least).leading_zeros();
    let shift = bits.saturating_sub(32).max(differing.trailing_zeros().min(bits));
    let is_decided = differing.trailing_zeros() >= shift;
    for word in &mut *run {
        let position = position(*word);
        *word = ((codes[position] - least) >> shift) << 32 | position as u64;
    }
    sort_by_high_half(run, scratch, bits - shift);
    if !is_decided {
        let mut start = 0;
        for end in 1..=run.len() {
            if end < run.len() && run[end] >> 32 == run[end - 1] >> 32 {
                continue;
            }
            if end - start > 1 {
                sort_run(codes, &mut run[start..end], scratch);
            }
            start = end;
        }
    }
}

/// Sorts words by the low `bits` of their high half.
fn sort_by_high_half(words: &mut [u64], scratch: &mut [u64], bits: u32) {
    let digits = bits.div_ceil(DIGIT_BITS_MAX) as usize;
    if digits == 0 {
        return;
    }
    let digit_bits = bits.div_ceil(digits as u32);
    let mask = (1 << digit_bits) - 1;
    let digit = |word: u64, at: usize| (word >> (32 + at as u32 * digit_bits)) as usize & mask;
    let mut counts = vec![[0_u32; 1 << DIGIT_BITS_MAX]; digits];
    for word in &*words {
        for (at, counts) in counts.iter_mut().enumerate() {
            counts[digit(*word, at)] += 1;
        }
    }
    let scratch = &mut scratch[..words.len()];
    let (mut source, mut target) = (words, scratch);
    let mut is_moved = false;
    for (at, counts) in counts.iter_mut().enumerate() {
        if counts[digit(source[0], at)] as usize == source.len() {
            continue;
        }
        // From now on: where the next word of a digit goes.
        let mut start = 0;
        for count in counts.iter_mut() {
            (*count, start) = (start, start + *count);
        }
        for word in &*source {
            let place = &mut counts[digit(*word, at)];
            target[*place as usize] = *word;
            *place += 1;
        }
        (source, target) = (target, source);
        is_moved = !is_moved;
    }
    if is_moved {
        target.copy_from_slice(source);
    }
}
