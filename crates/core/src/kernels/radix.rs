//! Sorting rows by codes of 64 bits.
//!
//! A row is a word: 32 bits of its code, then its position. So words are never equal, and every
//! way of sorting them keeps equal codes in order. The leading 32 bits that differ are sorted by
//! their digits, the least significant first; runs that tie in them are sorted by the next 32.
#![expect(clippy::cast_possible_truncation, reason = "takes words apart")]

use std::collections::TryReserveError;

use crate::os::prefer_large_pages;

/// Fewer words than this are sorted by comparing.
const FEW: usize = 192;
/// Bits of a digit: as many counters as the nearest cache holds besides what is sorted.
const DIGIT_BITS_MAX: u32 = 11;
/// Codes of no more bits are sorted by counting them, in one pass.
const COUNTED_BITS_MAX: u32 = 16;

/// Room to sort in, for the rows of the longest run.
#[derive(Debug, Default)]
pub(super) struct Room {
    words: Vec<u64>,
    scratch: Vec<u64>,
}

impl Room {
    /// Has memory for `rows` rows, which is touched only when it is needed.
    pub(super) fn reserve(rows: usize) -> Result<Self, TryReserveError> {
        let mut room = Self::default();
        room.words.try_reserve_exact(rows)?;
        room.scratch.try_reserve_exact(rows)?;
        prefer_large_pages(room.words.spare_capacity_mut());
        prefer_large_pages(room.scratch.spare_capacity_mut());
        Ok(room)
    }

    /// Brings rows into the order of their codes, and the codes too if `wants_codes`. Stable.
    /// At most 2^32 rows. `are_numbered`: the rows are 0, 1, 2 and so on.
    pub(super) fn sort(
        &mut self,
        codes: &mut Vec<u64>,
        rows: &mut [u32],
        are_numbered: bool,
        wants_codes: bool,
    ) {
        if codes.is_sorted() {
            return;
        }
        if codes.is_sorted_by(|one, next| one > next) {
            codes.reverse();
            rows.reverse();
            return;
        }
        self.words.clear();
        let span = Span::of(codes.iter().copied());
        let is_counted = span.is_decided && span.bits <= COUNTED_BITS_MAX;
        if is_counted && codes.len() >> span.bits > 0 {
            if !are_numbered {
                self.words.extend(rows.iter().map(|row| u64::from(*row)));
            }
            let row = |at: usize| if are_numbered { at as u32 } else { low_half(self.words[at]) };
            count(codes, &span, rows, row);
            return;
        }
        self.words.extend(0..codes.len() as u64);
        self.scratch.clear();
        self.scratch.resize(codes.len(), 0);
        sort_run(codes, &mut self.words, &mut self.scratch);
        if wants_codes {
            for (code, word) in self.scratch.iter_mut().zip(&self.words) {
                *code = codes[position(*word)];
            }
            std::mem::swap(codes, &mut self.scratch);
        }
        if !are_numbered {
            for word in &mut self.words {
                *word = u64::from(rows[position(*word)]);
            }
        }
        for (row, word) in rows.iter_mut().zip(&self.words) {
            *row = low_half(*word);
        }
    }
}

/// The bits in which codes differ.
struct Span {
    least: u64,
    /// Zeros or not, the bits below are the same in all codes, or there is no room for them.
    shift: u32,
    bits: u32,
    /// Codes that agree in those bits are equal.
    is_decided: bool,
}

impl Span {
    fn of(mut codes: impl Iterator<Item = u64>) -> Self {
        let first = codes.next().unwrap_or(0);
        let (mut least, mut greatest, mut differing) = (first, first, 0);
        for code in codes {
            (least, greatest) = (least.min(code), greatest.max(code));
            differing |= code ^ first;
        }
        let bits = u64::BITS - (greatest - least).leading_zeros();
        // Whole numbers in floating point, for one, have the same zeros at their ends.
        let same = differing.trailing_zeros().min(bits);
        let shift = bits.saturating_sub(32).max(same);
        Self { least, shift, bits: bits - shift, is_decided: same >= shift }
    }

    #[inline]
    fn digits(&self, code: u64) -> u64 {
        (code - self.least) >> self.shift
    }
}

/// Sorts by counting how often each code occurs. `row` gives the rows in the order of `codes`.
fn count(codes: &mut [u64], span: &Span, rows: &mut [u32], row: impl Fn(usize) -> u32) {
    let mut places = vec![0_u32; (1 << span.bits) + 1];
    for code in &*codes {
        places[span.digits(*code) as usize + 1] += 1;
    }
    for at in 1..places.len() {
        places[at] += places[at - 1];
    }
    for (at, code) in codes.iter().enumerate() {
        let place = &mut places[span.digits(*code) as usize];
        rows[*place as usize] = row(at);
        *place += 1;
    }
    // Each place now is the end of its run.
    let mut start = 0;
    for (digits, end) in (0..1 << span.bits).zip(places) {
        let code = span.least + (digits << span.shift);
        codes[start..end as usize].fill(code);
        start = end as usize;
    }
}

/// The position in a word.
#[inline]
fn position(word: u64) -> usize {
    low_half(word) as usize
}

#[inline]
fn low_half(word: u64) -> u32 {
    word as u32
}

/// Sorts words by the codes at their positions. Words of equal codes are in the order of their
/// positions before, and so after.
fn sort_run(codes: &[u64], run: &mut [u64], scratch: &mut [u64]) {
    if run.len() < FEW {
        run.sort_unstable_by_key(|word| (codes[position(*word)], position(*word)));
        return;
    }
    let span = Span::of(run.iter().map(|word| codes[position(*word)]));
    for word in &mut *run {
        let position = position(*word);
        *word = span.digits(codes[position]) << 32 | position as u64;
    }
    sort_by_high_half(run, scratch, span.bits);
    if !span.is_decided {
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
