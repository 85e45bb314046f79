//! Rows that satisfy conditions.

use super::blocks::Halves;
use super::column::{Column, Values};
use super::condition::{Condition, Test};
use super::domain::Domain;
use super::lane::Lane;
use super::matches::Matches;
use super::number_test::{HalfTest, NumberTest, Wanted};
use super::predicate::Predicate;
use super::text_test::TextTest;
use super::validity::{Validity, low_bits};
use super::{no_memory, unfit};
use crate::error::{Error, Result};
use crate::simd::bits;

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
    let wants_null = match test {
        Test::IsNull => Some(true),
        Test::IsNotNull => Some(false),
        _ => None,
    };
    if let Some(wants_null) = wants_null {
        return Ok(Box::new(NullTest { validity, wants_null }));
    }
    if let Values::Text(texts) = values {
        let test = TextTest::new(texts, validity, test).ok_or_else(|| misfit(test, &values))?;
        return Ok(Box::new(test));
    }
    let domain = values.domain().ok_or_else(|| misfit(test, &values))?;
    let predicate = Predicate::of(test, domain).ok_or_else(|| misfit(test, &values))?;
    let compiling = Compiling { validity, predicate, domain };
    Ok(match values {
        Values::I8(values) => compiling.test(bits(values)),
        Values::I16(values) => compiling.test(bits(values)),
        Values::I32(values) => compiling.test(bits(values)),
        Values::I64(values) => compiling.test(bits(values)),
        Values::U8(values) => compiling.test(values),
        Values::U16(values) => compiling.test(values),
        Values::U32(values) => compiling.test(values),
        Values::U64(values) => compiling.test(values),
        Values::F32(values) => compiling.test(values),
        Values::F64(values) => compiling.test(values),
        Values::F16(halves) => {
            let wanted = Wanted::new(compiling.predicate, domain.sign());
            Box::new(HalfTest::new(Halves(halves), validity, wanted))
        }
        Values::Bool(bytes) => compiling.truths().test(bytes),
        Values::Text(_) | Values::Several => return Err(misfit(test, &values)),
    })
}

/// A condition on numbers of a type that is not known yet.
struct Compiling<'a> {
    validity: Option<Validity<'a>>,
    predicate: Predicate,
    domain: Domain,
}

impl<'a> Compiling<'a> {
    fn test<T: Lane>(self, values: &'a [T]) -> Box<dyn RowTest + 'a> {
        let wanted = Wanted::new(self.predicate, self.domain.sign());
        Box::new(NumberTest::new(values, self.validity, wanted))
    }

    /// Every byte but 0 is true, which compares as 1.
    fn truths(self) -> Self {
        let predicate = match (self.predicate.holds(0), self.predicate.holds(1)) {
            (false, false) => Predicate::Never,
            (true, true) => Predicate::Always,
            (true, false) => Predicate::Inside(0, 0),
            (false, true) => Predicate::Outside(0, 0),
        };
        Self { predicate, ..self }
    }
}

#[cold]
fn misfit(test: Test<'_>, values: &Values<'_>) -> Error {
    match test {
        Test::Compare(_, constant) => {
            unfit(&format!("compare {} with rows", constant.noun()), values.noun())
        }
        _ => unfit("test rows", values.noun()),
    }
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

/// Clears the bits of rows that are null.
pub(super) fn drop_nulls(validity: Option<Validity<'_>>, first_row: usize, words: &mut [u64]) {
    let Some(validity) = validity else {
        return;
    };
    for (at, word) in words.iter_mut().enumerate() {
        *word &= validity.word(first_row / 64 + at);
    }
}
