//! A column read in blocks of numbers without nulls.

use super::half::single;
use super::number::Number;
use super::rows::{Kind, RowNumber, Rows};
use super::validity::{Validity, low_bits};
use crate::simd::{self, Work};

/// Rows of a block: two of them, as doubles, lie in the nearest cache of every machine.
pub(super) const BLOCK_ROWS: usize = 1024;

/// Numbers in memory.
pub(super) trait Source: Copy {
    type Number: Number;

    fn len(self) -> usize;
    fn at(self, row: usize) -> Self::Number;
    /// The `len` numbers from `start` on; `buffer` is room for them where they are converted.
    fn block<'b>(
        self,
        start: usize,
        len: usize,
        buffer: &'b mut [Self::Number],
    ) -> &'b [Self::Number]
    where
        Self: 'b;
}

impl<T: Number> Source for &[T] {
    type Number = T;

    #[inline(always)]
    fn len(self) -> usize {
        <[T]>::len(self)
    }

    #[inline(always)]
    fn at(self, row: usize) -> T {
        self[row]
    }

    #[inline(always)]
    fn block<'b>(self, start: usize, len: usize, _: &'b mut [T]) -> &'b [T]
    where
        Self: 'b,
    {
        &self[start..start + len]
    }
}

/// Numbers of 16 bits, read as `f32`.
#[derive(Clone, Copy)]
pub(super) struct Halves<'a>(pub(super) &'a [u16]);

impl Source for Halves<'_> {
    type Number = f32;

    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn at(self, row: usize) -> f32 {
        single(self.0[row])
    }

    #[inline(always)]
    fn block<'b>(self, start: usize, len: usize, buffer: &'b mut [f32]) -> &'b [f32]
    where
        Self: 'b,
    {
        simd::run(Converting { halves: &self.0[start..start + len], singles: &mut buffer[..len] });
        &buffer[..len]
    }
}

struct Converting<'b> {
    halves: &'b [u16],
    singles: &'b mut [f32],
}

impl Work for Converting<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (target, half) in self.singles.iter_mut().zip(self.halves) {
            *target = single(*half);
        }
    }
}

/// Codes, read as the ranks that a table gives them.
#[derive(Clone, Copy)]
pub(super) struct Ranked<'a, T> {
    pub(super) codes: &'a [T],
    /// Invariant: has a rank for each code of a row that is not null.
    pub(super) ranks: &'a [u32],
}

impl<T: Number> Source for Ranked<'_, T> {
    type Number = u32;

    #[inline(always)]
    fn len(self) -> usize {
        self.codes.len()
    }

    #[inline(always)]
    fn at(self, row: usize) -> u32 {
        self.ranks.get(self.codes[row].table_index()).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn block<'b>(self, start: usize, len: usize, buffer: &'b mut [u32]) -> &'b [u32]
    where
        Self: 'b,
    {
        for (at, rank) in buffer.iter_mut().enumerate().take(len) {
            *rank = Source::at(self, start + at);
        }
        &buffer[..len]
    }
}

/// Bytes that mean true or false, read as 1 or 0.
#[derive(Clone, Copy)]
pub(super) struct Truths<'a>(pub(super) &'a [u8]);

impl Source for Truths<'_> {
    type Number = u8;

    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn at(self, row: usize) -> u8 {
        u8::from(self.0[row] != 0)
    }

    #[inline(always)]
    fn block<'b>(self, start: usize, len: usize, buffer: &'b mut [u8]) -> &'b [u8]
    where
        Self: 'b,
    {
        for (truth, byte) in buffer.iter_mut().zip(&self.0[start..start + len]) {
            *truth = u8::from(*byte != 0);
        }
        &buffer[..len]
    }
}

/// Gives a column's numbers to `take` in blocks of at most [`BLOCK_ROWS`], in which `neutral`
/// stands for nulls. Returns how many rows were not null.
///
/// One copy a type of column: only what works on a block is compiled for several processors.
pub(super) fn for_each_block<S: Source>(
    source: S,
    validity: Option<Validity<'_>>,
    rows: Rows<'_>,
    neutral: S::Number,
    take: &mut dyn FnMut(&[S::Number]),
) -> u64 {
    match rows.0 {
        Kind::All => every_row(source, validity, neutral, take),
        Kind::Narrow(list) => listed_rows(source, validity, list, take),
        Kind::Wide(list) => listed_rows(source, validity, list, take),
    }
}

fn every_row<S: Source>(
    source: S,
    validity: Option<Validity<'_>>,
    neutral: S::Number,
    take: &mut dyn FnMut(&[S::Number]),
) -> u64 {
    let mut converted = [S::Number::default(); BLOCK_ROWS];
    let mut filled = [S::Number::default(); BLOCK_ROWS];
    let (mut valid, mut start) = (0, 0);
    while start < source.len() {
        let len = BLOCK_ROWS.min(source.len() - start);
        let block = source.block(start, len, &mut converted);
        start += len;
        let Some(validity) = validity else {
            valid += len as u64;
            take(block);
            continue;
        };
        let (words, count) = valid_words(&[validity], start - len, len);
        valid += count;
        if count == len as u64 {
            take(block);
        } else if count > 0 {
            simd::run(Filling { block, words: &words, neutral, filled: &mut filled });
            take(&filled[..len]);
        }
    }
    valid
}

/// The bits of the rows of a block that no bitmap says are null, and how many they are.
pub(super) fn valid_words(
    validities: &[Validity<'_>],
    start: usize,
    len: usize,
) -> ([u64; BLOCK_ROWS / 64], u64) {
    let mut words = [0; BLOCK_ROWS / 64];
    let mut count = 0;
    for (at, word) in words.iter_mut().enumerate().take(len.div_ceil(64)) {
        let rest = len - 64 * at;
        *word = if rest < 64 { low_bits(rest) } else { u64::MAX };
        for validity in validities {
            *word &= validity.word(start / 64 + at);
        }
        count += u64::from(word.count_ones());
    }
    (words, count)
}

/// Copies a block with `neutral` in the place of nulls.
pub(super) struct Filling<'b, T> {
    pub(super) block: &'b [T],
    pub(super) words: &'b [u64; BLOCK_ROWS / 64],
    pub(super) neutral: T,
    pub(super) filled: &'b mut [T; BLOCK_ROWS],
}

impl<T: Number> Work for Filling<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let words = self.block.chunks(64).zip(self.filled.chunks_mut(64)).zip(self.words);
        for ((values, targets), word) in words {
            // A loop of known length is vectorised better.
            let whole: (Result<&[T; 64], _>, Result<&mut [T; 64], _>) =
                (values.try_into(), (&mut *targets).try_into());
            if let (Ok(values), Ok(targets)) = whole {
                fill_nulls(values, *word, self.neutral, targets);
            } else {
                fill_nulls(values, *word, self.neutral, targets);
            }
        }
    }
}

#[inline(always)]
fn fill_nulls<T: Number>(values: &[T], word: u64, neutral: T, targets: &mut [T]) {
    for (row, (target, value)) in targets.iter_mut().zip(values).enumerate() {
        *target = value.or(word >> row & 1, neutral);
    }
}

fn listed_rows<S: Source, R: RowNumber>(
    source: S,
    validity: Option<Validity<'_>>,
    list: &[R],
    take: &mut dyn FnMut(&[S::Number]),
) -> u64 {
    let mut gathered = [S::Number::default(); BLOCK_ROWS];
    let mut valid = 0;
    for rows in list.chunks(BLOCK_ROWS) {
        let mut count = 0;
        match validity {
            None => {
                for (target, row) in gathered.iter_mut().zip(rows) {
                    *target = source.at(row.index());
                }
                count = rows.len();
            }
            Some(validity) => {
                for row in rows {
                    let row = row.index();
                    // Overwritten by the next, if this row is null.
                    gathered[count] = source.at(row);
                    count += usize::from(validity.is_valid(row));
                }
            }
        }
        valid += count as u64;
        take(&gathered[..count]);
    }
    valid
}

/// Runs `$body` with `$source` as the [`Source`] of a column's numbers, and `$other` with the
/// values of a column that has none.
macro_rules! for_numbers {
    ($values:expr, $source:ident => $body:expr, $other:ident => $otherwise:expr) => {
        match $values {
            $crate::kernels::Values::I8($source) => $body,
            $crate::kernels::Values::I16($source) => $body,
            $crate::kernels::Values::I32($source) => $body,
            $crate::kernels::Values::I64($source) => $body,
            $crate::kernels::Values::U8($source) => $body,
            $crate::kernels::Values::U16($source) => $body,
            $crate::kernels::Values::U32($source) => $body,
            $crate::kernels::Values::U64($source) => $body,
            $crate::kernels::Values::F32($source) => $body,
            $crate::kernels::Values::F64($source) => $body,
            $crate::kernels::Values::F16(halves) => {
                let $source = $crate::kernels::blocks::Halves(halves);
                $body
            }
            $other => $otherwise,
        }
    };
}
pub(super) use for_numbers;
