//! Tests of strings. A view's own 12 bytes decide where they can; the heap is read where not.

use std::cmp::Ordering;

use super::condition::{Comparison, Constant, Test};
use super::filter::RowTest;
use super::text::{INLINE_BYTES, Texts, prefix};
use super::validity::Validity;
use crate::error::Result;
use crate::simd::{self, Work};

/// A condition on strings.
pub(super) struct TextTest<'a> {
    texts: Texts<'a>,
    validity: Option<Validity<'a>>,
    wanted: Wanted<'a>,
}

enum Wanted<'a> {
    /// Equal to one of these, ascending by length and first bytes, then by text.
    Among(Vec<Needle<'a>>),
    /// Equal to none of these.
    Except(Needle<'a>),
    /// In this order to the string.
    Ordered(Comparison, &'a [u8]),
}

/// A string that is looked for.
#[derive(Clone, Copy)]
struct Needle<'a> {
    text: &'a [u8],
    /// Its length and its first bytes, as far as a view has them.
    head: u128,
    /// The bits of a view that say so.
    mask: u128,
}

impl<'a> Needle<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.as_bytes();
        let shown = if text.len() > INLINE_BYTES { 4 } else { text.len() };
        let (mut head, mut mask) = ([0; 16], [0; 16]);
        // No view has a length of more than 32 bits: it never matches.
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        head[..4].copy_from_slice(&length.to_ne_bytes());
        head[4..4 + shown].copy_from_slice(&text[..shown]);
        mask[..4 + shown].fill(255);
        Self { text, head: u128::from_ne_bytes(head), mask: u128::from_ne_bytes(mask) }
    }

    fn key(&self) -> u64 {
        key(&self.head.to_ne_bytes())
    }

    #[inline(always)]
    fn may_be(&self, view: [u8; 16]) -> bool {
        u128::from_ne_bytes(view) & self.mask == self.head
    }

    /// Whether a row whose view agrees is equal.
    #[inline]
    fn is(&self, texts: &Texts<'_>, row: usize) -> Result<bool> {
        Ok(self.text.len() <= INLINE_BYTES || texts.get(row)? == self.text)
    }
}

impl<'a> TextTest<'a> {
    /// `None`: the test is not about strings.
    pub(super) fn new(
        texts: Texts<'a>,
        validity: Option<Validity<'a>>,
        test: Test<'a>,
    ) -> Option<Self> {
        let wanted = match test {
            Test::Compare(Comparison::Eq, Constant::Text(it)) => {
                Wanted::Among(vec![Needle::new(it)])
            }
            Test::Compare(Comparison::Ne, Constant::Text(it)) => Wanted::Except(Needle::new(it)),
            Test::Compare(comparison, Constant::Text(it)) => {
                Wanted::Ordered(comparison, it.as_bytes())
            }
            Test::In(list) => {
                let needle = |constant: &Constant<'a>| match constant {
                    Constant::Text(it) => Some(Needle::new(it)),
                    _ => None,
                };
                let mut needles = list.iter().map(needle).collect::<Option<Vec<_>>>()?;
                needles.sort_unstable_by_key(|needle| (needle.key(), needle.text));
                Wanted::Among(needles)
            }
            _ => return None,
        };
        Some(Self { texts, validity, wanted })
    }
}

/// The length and the first 4 bytes: what views and needles of every length have.
#[inline]
fn key(view: &[u8; 16]) -> u64 {
    view.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

impl RowTest for TextTest<'_> {
    fn narrow(&self, first_row: usize, words: &mut [u64]) -> Result<()> {
        for (at, word) in words.iter_mut().enumerate() {
            let first_row = first_row + 64 * at;
            *word &= self.validity.map_or(u64::MAX, |validity| validity.word(first_row / 64));
            if *word == 0 {
                continue;
            }
            let end = self.texts.views.len().min(first_row + 64);
            let views = &self.texts.views[first_row..end];
            *word = match &self.wanted {
                Wanted::Among(needles) if needles.len() <= 4 => {
                    needles.iter().try_fold(0, |found, needle| {
                        Ok(found | self.equal(needle, first_row, views, *word)?)
                    })?
                }
                Wanted::Among(needles) => {
                    keep(*word, |bit| self.is_among(needles, first_row + bit, &views[bit]))?
                }
                Wanted::Except(needle) => *word & !self.equal(needle, first_row, views, *word)?,
                Wanted::Ordered(comparison, text) => keep(*word, |bit| {
                    Ok(holds(*comparison, self.compare(first_row + bit, &views[bit], text)?))
                })?,
            };
        }
        Ok(())
    }
}

impl TextTest<'_> {
    /// The rows of a word that are equal.
    fn equal(
        &self,
        needle: &Needle<'_>,
        first_row: usize,
        views: &[[u8; 16]],
        word: u64,
    ) -> Result<u64> {
        let candidates = word & simd::run(Agreeing { needle, views });
        if needle.text.len() <= INLINE_BYTES {
            return Ok(candidates);
        }
        keep(candidates, |bit| needle.is(&self.texts, first_row + bit))
    }

    fn is_among(&self, needles: &[Needle<'_>], row: usize, view: &[u8; 16]) -> Result<bool> {
        let wanted = key(view);
        let start = needles.partition_point(|needle| needle.key() < wanted);
        let alike = needles[start..].partition_point(|needle| needle.key() == wanted);
        let alike = &needles[start..start + alike];
        if alike.is_empty() {
            return Ok(false);
        }
        let text = self.texts.get(row)?;
        Ok(alike.binary_search_by_key(&text, |needle| needle.text).is_ok())
    }

    fn compare(&self, row: usize, view: &[u8; 16], text: &[u8]) -> Result<Ordering> {
        let mut first = [0; 4];
        let shown = text.len().min(4);
        first[..shown].copy_from_slice(&text[..shown]);
        match prefix(view).cmp(&u32::from_ne_bytes(first).to_be()) {
            // Zeros behind the end may be bytes of the other string, so the whole decides.
            Ordering::Equal => Ok(self.texts.get(row)?.cmp(text)),
            order => Ok(order),
        }
    }
}

struct Agreeing<'a> {
    needle: &'a Needle<'a>,
    views: &'a [[u8; 16]],
}

impl Work for Agreeing<'_> {
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let bits = self.views.iter().enumerate();
        bits.fold(0, |bits, (bit, view)| bits | u64::from(self.needle.may_be(*view)) << bit)
    }
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Eq => order.is_eq(),
        Comparison::Ne => order.is_ne(),
        Comparison::Lt => order.is_lt(),
        Comparison::Lte => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Gte => order.is_ge(),
    }
}

/// Keeps the bits that a test holds for.
#[inline]
fn keep(word: u64, mut holds: impl FnMut(usize) -> Result<bool>) -> Result<u64> {
    let (mut rest, mut kept) = (word, word);
    while rest != 0 {
        let bit = rest & rest.wrapping_neg();
        if !holds(rest.trailing_zeros() as usize)? {
            kept ^= bit;
        }
        rest ^= bit;
    }
    Ok(kept)
}
