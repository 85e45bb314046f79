//! What a filter found.

use crate::error::{Error, ErrorKind, Result};
use crate::os::populate;
use crate::simd::{self, Work};

/// The rows that satisfied the conditions of a [`filter`](crate::kernels::filter). Takes one bit a row.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    words: Vec<u64>,
    count: u64,
}

impl Matches {
    /// The rows whose bits are set, the first in the least significant.
    pub(super) fn new(words: Vec<u64>) -> Self {
        let count = words.iter().map(|word| u64::from(word.count_ones())).sum();
        Self { words, count }
    }

    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Writes the row numbers, ascending, into the first [`count`](Self::count) places of a list.
    ///
    /// # Errors
    /// `Limit` where the list is shorter, or a row number has more than 32 bits. Nothing was
    /// written.
    pub fn write(&self, list: &mut [u32]) -> Result<()> {
        self.check_room(list.len())?;
        if self.words.len() > 1 << 26 {
            return Err(Error::new(ErrorKind::Limit, "row numbers of 2^32 and more need doubles"));
        }
        populate(list);
        #[expect(clippy::cast_possible_truncation, reason = "below 2^32, as was just checked")]
        simd::run(Writing { words: &self.words, list, number: |row| row as u32 });
        Ok(())
    }

    /// The same, as numbers of JavaScript.
    ///
    /// # Errors
    /// `Limit` where the list is shorter. Nothing was written.
    pub fn write_doubles(&self, list: &mut [f64]) -> Result<()> {
        self.check_room(list.len())?;
        populate(list);
        #[expect(clippy::cast_precision_loss, reason = "no file has 2^53 rows")]
        simd::run(Writing { words: &self.words, list, number: |row| row as f64 });
        Ok(())
    }

    fn check_room(&self, len: usize) -> Result<()> {
        if len as u64 >= self.count {
            return Ok(());
        }
        let message = format!("{} rows were found, the list has room for {len}", self.count);
        Err(Error::new(ErrorKind::Limit, message))
    }
}

struct Writing<'a, T, F> {
    words: &'a [u64],
    list: &'a mut [T],
    number: F,
}

impl<T: Copy, F: Fn(usize) -> T> Work for Writing<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut rest = self.list;
        for (at, word) in self.words.iter().enumerate() {
            let mut word = *word;
            let count = word.count_ones() as usize;
            let (targets, behind) = rest.split_at_mut(count);
            rest = behind;
            if word == u64::MAX {
                for (bit, target) in targets.iter_mut().enumerate() {
                    *target = (self.number)(64 * at + bit);
                }
                continue;
            }
            for target in targets {
                *target = (self.number)(64 * at + word.trailing_zeros() as usize);
                word &= word.wrapping_sub(1);
            }
        }
    }
}
