//! Tests of numbers, 64 at a time.

use super::blocks::{Halves, Source};
use super::filter::{RowTest, drop_nulls};
use super::lane::Lane;
use super::predicate::{FEW, Predicate, is_listed};
use super::validity::Validity;
use crate::error::Result;
use crate::simd::{self, Work};

/// Rows of halves that are converted at a time.
const HALVES: usize = 1024;

/// How far ahead memory is asked for: a page, so that its address is looked up in time, too.
const AHEAD_BYTES: usize = 4096;

/// A condition on numbers.
pub(super) struct NumberTest<'a, T> {
    values: &'a [T],
    validity: Option<Validity<'a>>,
    wanted: Wanted<T>,
}

/// The same on numbers of 16 bits, which are read as `f32`.
pub(super) struct HalfTest<'a> {
    halves: Halves<'a>,
    validity: Option<Validity<'a>>,
    wanted: Wanted<f32>,
}

impl<'a, T: Lane> NumberTest<'a, T> {
    pub(super) fn new(values: &'a [T], validity: Option<Validity<'a>>, wanted: Wanted<T>) -> Self {
        Self { values, validity, wanted }
    }
}

impl<'a> HalfTest<'a> {
    pub(super) fn new(
        halves: Halves<'a>,
        validity: Option<Validity<'a>>,
        wanted: Wanted<f32>,
    ) -> Self {
        Self { halves, validity, wanted }
    }
}

impl<T: Lane> RowTest for NumberTest<'_, T> {
    fn narrow(&self, first_row: usize, words: &mut [u64]) -> Result<()> {
        drop_nulls(self.validity, first_row, words);
        self.wanted.narrow(&self.values[first_row..], words);
        Ok(())
    }
}

impl RowTest for HalfTest<'_> {
    fn narrow(&self, first_row: usize, words: &mut [u64]) -> Result<()> {
        drop_nulls(self.validity, first_row, words);
        let mut room = [0.0; HALVES];
        let mut start = first_row;
        for words in words.chunks_mut(HALVES / 64) {
            let len = HALVES.min(self.halves.len() - start);
            self.wanted.narrow(self.halves.block(start, len, &mut room), words);
            start += len;
        }
        Ok(())
    }
}

/// What is wanted of values, ready to be compared with them.
pub(super) enum Wanted<T> {
    Nothing,
    Everything,
    /// From the one to the other, or what is not so.
    Range {
        low: T,
        high: T,
        is_outside: bool,
    },
    /// One of these.
    Few(Vec<T>),
    /// One of these codes, ascending.
    Many {
        codes: Vec<u64>,
        sign: u64,
    },
    /// A number whose entry is true.
    Listed {
        table: Vec<bool>,
        sign: u64,
    },
}

impl<T: Lane> Wanted<T> {
    /// `sign` is the bit that tells negative integers, if the type has any.
    pub(super) fn new(predicate: Predicate, sign: u64) -> Self {
        let value = |code| T::of_code(code, sign);
        match predicate {
            Predicate::Never => Self::Nothing,
            Predicate::Always => Self::Everything,
            Predicate::Inside(low, high) if low == high => Self::Few(vec![value(low)]),
            Predicate::Inside(low, high) => {
                Self::Range { low: value(low), high: value(high), is_outside: false }
            }
            Predicate::Outside(low, high) => {
                Self::Range { low: value(low), high: value(high), is_outside: true }
            }
            Predicate::Among(codes) if codes.len() <= FEW => {
                Self::Few(codes.into_iter().map(value).collect())
            }
            Predicate::Among(codes) => Self::Many { codes, sign },
            Predicate::Listed(table) => Self::Listed { table, sign },
        }
    }

    /// Clears the bits of values that are not wanted. There may be more values than bits.
    fn narrow(&self, values: &[T], words: &mut [u64]) {
        match self {
            Self::Everything => {}
            Self::Nothing => words.fill(0),
            Self::Range { low, high, is_outside } => {
                let flip = if *is_outside { 0 } else { u64::MAX };
                let bits = |values: &_| T::bits(values, T::beyond(*low, *high)) ^ flip;
                simd::run(Testing { values, words, bits });
            }
            Self::Few(list) => {
                let bits = |values: &_| {
                    list.iter().fold(0, |bits, it| bits | T::bits(values, |value| value == *it))
                };
                simd::run(Testing { values, words, bits });
            }
            // Looking up gains nothing from vector instructions.
            Self::Many { codes, sign } => {
                let holds = |value: T| codes.binary_search(&value.code(*sign)).is_ok();
                Testing { values, words, bits: |values: &_| T::bits(values, holds) }.run();
            }
            Self::Listed { table, sign } => {
                // Negative numbers become the greatest.
                let holds = |value: T| is_listed(table, value.code(*sign).wrapping_sub(*sign));
                Testing { values, words, bits: |values: &_| T::bits(values, holds) }.run();
            }
        }
    }
}

struct Testing<'w, T, F> {
    values: &'w [T],
    words: &'w mut [u64],
    bits: F,
}

impl<T: Lane, F: Fn(&[T; 64]) -> u64> Work for Testing<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (wholes, rest) = self.values.as_chunks();
        for (at, (word, values)) in self.words.iter_mut().zip(wholes).enumerate() {
            if *word != 0 {
                if let Some(next) = wholes.get(at + AHEAD_BYTES / size_of_val(values)) {
                    simd::prefetch(next);
                }
                *word &= (self.bits)(values);
            }
        }
        if let Some(word) = self.words.get_mut(wholes.len()) {
            let mut values = [T::default(); 64];
            values[..rest.len()].copy_from_slice(rest);
            *word &= (self.bits)(&values);
        }
    }
}
