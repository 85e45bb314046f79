//! Rows that satisfy conditions.
#![expect(clippy::needless_bitwise_bool, reason = "a loop with branches is not vectorised")]

use super::blocks::{Source, for_numbers};
use super::column::{Column, Values};
use super::condition::{Condition, Test};
use super::matches::Matches;
use super::predicate::{FEW, Predicate, is_among, is_listed};
use super::text_test::TextTest;
use super::validity::{Validity, low_bits};
use super::{no_memory, unfit};
use crate::error::Result;
use crate::simd::{self, Work};

/// Words of a block: all conditions are tested on 4096 rows before the next are looked at.
const BLOCK_WORDS: usize = 64;

/// The first `len` rows that satisfy all conditions. Cost: a look at each column, one after the
/// other where the earlier ones leave any row of a block.
///
/// # Errors
/// `Internal` where a test does not fit its column; `Corrupt` where a string lies outside its
/// heap; `Limit` where memory runs out.
///
/// # Panics
/// If a column has fewer rows.
pub fn filter(conditions: &[Condition<'_>], len: usize) -> Result<Matches> {
    let tests = compile(conditions)?;
    let mut words = Vec::new();
    let needed = len.div_ceil(64);
    words.try_reserve_exact(needed).map_err(|_| no_memory("filter", 8 * needed))?;
    for_each_block(&tests, len, |block| {
        words.extend_from_slice(block);
        true
    })?;
    Ok(Matches::new(words))
}

/// How many of the first `len` rows satisfy the condition.
///
/// # Errors
/// As [`filter`].
///
/// # Panics
/// If the column has fewer rows.
pub fn count_matching(condition: &Condition<'_>, len: usize) -> Result<u64> {
    let tests = compile(std::slice::from_ref(condition))?;
    let mut count = 0;
    for_each_block(&tests, len, |block| {
        count += count_ones(block);
        true
    })?;
    Ok(count)
}

/// The first of `len` rows that satisfies the condition. Stops looking when it is found.
///
/// # Errors
/// As [`filter`].
///
/// # Panics
/// If the column has fewer rows.
pub fn first_matching(condition: &Condition<'_>, len: usize) -> Result<Option<usize>> {
    let tests = compile(std::slice::from_ref(condition))?;
    let (mut first, mut start) = (None, 0);
    for_each_block(&tests, len, |block| {
        let found = block.iter().position(|word| *word != 0);
        first = found.map(|at| start + 64 * at + block[at].trailing_zeros() as usize);
        start += 64 * block.len();
        first.is_none()
    })?;
    Ok(first)
}

fn count_ones(words: &[u64]) -> u64 {
    words.iter().map(|word| u64::from(word.count_ones())).sum()
}

/// A condition, ready for a column.
pub(super) trait RowTest {
    /// Clears the bits of rows that do not satisfy it. The first bit is row `first_row`, a
    /// multiple of 64; bits behind the last row are clear.
    fn narrow(&self, first_row: usize, words: &mut [u64]) -> Result<()>;
}

fn compile<'a>(conditions: &[Condition<'a>]) -> Result<Vec<Box<dyn RowTest + 'a>>> {
    // Strings are looked at last: they cost the most.
    let is_text = |condition: &&Condition<'_>| matches!(condition.column.values, Values::Text(_));
    let (texts, others): (Vec<&Condition<'a>>, Vec<_>) = conditions.iter().partition(is_text);
    others.into_iter().chain(texts).map(|condition| compile_one(*condition)).collect()
}

fn compile_one(Condition { column, test }: Condition<'_>) -> Result<Box<dyn RowTest + '_>> {
    let Column { values, validity } = column;
    let misfit = || match test {
        Test::Compare(_, constant) => {
            unfit(&format!("compare {} with rows", constant.noun()), values.noun())
        }
        _ => unfit("test rows", values.noun()),
    };
    match (test, values) {
        (Test::IsNull, _) => return Ok(Box::new(NullTest { validity, wants_null: true })),
        (Test::IsNotNull, _) => return Ok(Box::new(NullTest { validity, wants_null: false })),
        (_, Values::Text(texts)) => {
            let test = TextTest::new(texts, validity, test).ok_or_else(misfit)?;
            return Ok(Box::new(test));
        }
        (_, Values::Bool(source)) => {
            let predicate = Predicate::<u8>::of(test).ok_or_else(misfit)?;
            // Every byte but 0 is true, which compares as 1.
            let predicate = match (predicate.holds(0), predicate.holds(1)) {
                (false, false) => Predicate::Never,
                (true, true) => Predicate::Always,
                (true, false) => Predicate::Inside(0, 0),
                (false, true) => Predicate::Outside(0, 0),
            };
            return Ok(Box::new(NumberTest { source, validity, predicate }));
        }
        _ => {}
    }
    for_numbers!(values,
        source => {
            let predicate = Predicate::of(test).ok_or_else(misfit)?;
            Ok(Box::new(NumberTest { source, validity, predicate }))
        },
        _other => Err(misfit())
    )
}

/// Gives the bits of the rows that pass all tests to `take`, a block at a time, while it wants
/// more.
fn for_each_block(
    tests: &[Box<dyn RowTest + '_>],
    len: usize,
    mut take: impl FnMut(&[u64]) -> bool,
) -> Result<()> {
    let mut start = 0;
    while start < len {
        let rows = (len - start).min(64 * BLOCK_WORDS);
        let mut words = [u64::MAX; BLOCK_WORDS];
        let words = &mut words[..rows.div_ceil(64)];
        if !rows.is_multiple_of(64) {
            words[rows / 64] = low_bits(rows % 64);
        }
        for test in tests {
            if words.iter().all(|word| *word == 0) {
                break;
            }
            test.narrow(start, words)?;
        }
        if !take(words) {
            break;
        }
        start += rows;
    }
    Ok(())
}

struct NullTest<'a> {
    validity: Option<Validity<'a>>,
    wants_null: bool,
}

impl RowTest for NullTest<'_> {
    fn narrow(&self, first_row: usize, words: &mut [u64]) -> Result<()> {
        let flip = if self.wants_null { u64::MAX } else { 0 };
        for (at, word) in words.iter_mut().enumerate() {
            let valid = self.validity.map_or(u64::MAX, |it| it.word(first_row / 64 + at));
            *word &= valid ^ flip;
        }
        Ok(())
    }
}

struct NumberTest<'a, S: Source> {
    source: S,
    validity: Option<Validity<'a>>,
    predicate: Predicate<S::Number>,
}

impl<S: Source> RowTest for NumberTest<'_, S> {
    fn narrow(&self, first_row: usize, words: &mut [u64]) -> Result<()> {
        if let Some(validity) = self.validity {
            NullTest { validity: Some(validity), wants_null: false }.narrow(first_row, words)?;
        }
        let source = self.source;
        match &self.predicate {
            Predicate::Always => {}
            Predicate::Never => words.fill(0),
            &Predicate::Inside(low, high) => {
                let holds = |value| (value >= low) & (value <= high);
                simd::run(Testing { source, first_row, words, holds, flip: 0 });
            }
            &Predicate::Outside(low, high) => {
                let holds = |value| (value >= low) & (value <= high);
                simd::run(Testing { source, first_row, words, holds, flip: u64::MAX });
            }
            Predicate::Among(list) if list.len() <= FEW => {
                let holds = |value| list.iter().fold(false, |found, it| found | (*it == value));
                simd::run(Testing { source, first_row, words, holds, flip: 0 });
            }
            // Looking up gains nothing from vector instructions.
            Predicate::Among(list) => {
                let holds = |value| is_among(list, value);
                Testing { source, first_row, words, holds, flip: 0 }.run();
            }
            Predicate::Listed(table) => {
                let holds = |value| is_listed(table, value);
                Testing { source, first_row, words, holds, flip: 0 }.run();
            }
        }
        Ok(())
    }
}

struct Testing<'w, S, F> {
    source: S,
    first_row: usize,
    words: &'w mut [u64],
    holds: F,
    /// All bits set: the rows that it does not hold for.
    flip: u64,
}

impl<S: Source, F: Fn(S::Number) -> bool> Work for Testing<'_, S, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut converted = [S::Number::default(); 64];
        for (at, word) in self.words.iter_mut().enumerate() {
            let start = self.first_row + 64 * at;
            let rest = self.source.len() - start;
            if *word == 0 {
                continue;
            }
            if rest < 64 {
                let values = self.source.block(start, rest, &mut converted);
                let bits = values.iter().enumerate();
                let held = bits
                    .fold(0, |bits, (bit, value)| bits | u64::from((self.holds)(*value)) << bit);
                *word &= held ^ self.flip;
                continue;
            }
            let values = self.source.block(start, 64, &mut converted);
            // Truth values of a byte each, in a loop of vector instructions, then pressed together.
            let mut held = [0_u8; 64];
            for (target, value) in held.iter_mut().zip(values) {
                *target = u8::from((self.holds)(*value));
            }
            let (eights, _) = held.as_chunks::<8>();
            let mut bits = 0;
            for (at, eight) in eights.iter().enumerate() {
                // Moves bit 8 * i of the factor to bit 56 + i of the product, for each i.
                let pressed =
                    u64::from_ne_bytes(*eight).to_le().wrapping_mul(0x0102_0408_1020_4080);
                bits |= (pressed >> 56) << (8 * at);
            }
            *word &= bits ^ self.flip;
        }
    }
}
