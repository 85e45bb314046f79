//! The keys of a sort, taken apart into numbers whose order is that of the rows.
//!
//! A *part* gives each row a number of few bits: how far its value is from the least, or from the
//! greatest if it descends, with places before and behind for nulls and NaN. Neighbouring parts
//! share a word of 64 bits: a *stage*. Strings have stages of their own, seven bytes each.

use std::cmp::Ordering;

use super::blocks::{Ranked, Source, Truths, for_numbers};
use super::bounds::{Bounds, bounds};
use super::column::{Column, Values};
use super::number::Number;
use super::rows::Rows;
use super::text::Texts;
use super::unfit;
use super::validity::Validity;
use crate::error::{Error, ErrorKind, Result};

/// Where null rows go, whatever the direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nulls {
    /// Before all values.
    First,
    /// Behind all values, and behind NaN.
    #[default]
    Last,
}

/// What rows are sorted by. NaN comes behind all other values, in both directions; −0 equals 0.
#[derive(Clone, Copy, Debug)]
pub struct SortKey<'a> {
    /// The values.
    pub column: Column<'a>,
    /// For a column of codes: the rank of each, which it is sorted by instead.
    pub ranks: Option<&'a [u32]>,
    /// The greatest first. Rows that are equal keep their order all the same.
    pub descending: bool,
    /// Where nulls go.
    pub nulls: Nulls,
}

/// What rows are sorted by before the next stage sorts those that tie.
pub(super) enum Stage<'a> {
    Parts(Vec<Part<'a>>),
    Text { texts: Texts<'a>, validity: Option<Validity<'a>>, descending: bool },
}

/// A number for each row.
pub(super) struct Part<'a> {
    bits: u32,
    codes: Box<dyn Codes + 'a>,
}

/// The stages of a sort of `len` rows, the first the one that counts most.
pub(super) fn stages<'a>(keys: &[SortKey<'a>], len: usize) -> Result<Vec<Stage<'a>>> {
    let mut stages = Vec::new();
    let (mut parts, mut bits) = (Vec::<Part<'a>>::new(), 0);
    for key in keys {
        for part in key.parts(len)? {
            if bits + part.bits > u64::BITS {
                stages.push(Stage::Parts(std::mem::take(&mut parts)));
                bits = 0;
            }
            bits += part.bits;
            parts.push(part);
        }
        if let Values::Text(texts) = key.column.values {
            if !parts.is_empty() {
                stages.push(Stage::Parts(std::mem::take(&mut parts)));
                bits = 0;
            }
            let (validity, descending) = (key.column.validity, key.descending);
            stages.push(Stage::Text { texts, validity, descending });
        }
    }
    if !parts.is_empty() {
        stages.push(Stage::Parts(parts));
    }
    Ok(stages)
}

impl<'a> SortKey<'a> {
    /// The numbers of the key, but for strings: of these only which are null.
    fn parts(&self, len: usize) -> Result<Vec<Part<'a>>> {
        match (self.column.values, self.ranks) {
            (Values::Text(_), None) => Ok(self.null_part(len).into_iter().collect()),
            (Values::Bool(bytes), None) => Ok(self.number_parts(Truths(bytes))),
            (values, None) => for_numbers!(values,
                source => Ok(self.number_parts(source)),
                other => Err(unfit("sort by the values", other.noun()))
            ),
            (Values::U8(codes), Some(ranks)) => self.ranked_parts(codes, ranks),
            (Values::U16(codes), Some(ranks)) => self.ranked_parts(codes, ranks),
            (Values::U32(codes), Some(ranks)) => self.ranked_parts(codes, ranks),
            (other, Some(_)) => Err(unfit("sort by the ranks of the codes", other.noun())),
        }
    }

    /// A bit that says whether a row is null, if any is.
    fn null_part(&self, len: usize) -> Option<Part<'a>> {
        let validity = self.column.validity?;
        if validity.count(len) == len as u64 {
            return None;
        }
        let is_first = self.nulls == Nulls::First;
        Some(Part { bits: 1, codes: Box::new(NullCodes { validity, is_first }) })
    }

    fn ranked_parts<T: Number>(&self, codes: &'a [T], ranks: &'a [u32]) -> Result<Vec<Part<'a>>> {
        let limits = bounds(codes, self.column.validity, Rows::ALL);
        if let Some(greatest) = limits.map(|limits| limits.greatest.table_index())
            && greatest >= ranks.len()
        {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("a row has code {greatest}, but there are {} labels", ranks.len()),
            ));
        }
        Ok(self.number_parts(Ranked { codes, ranks }))
    }

    fn number_parts<S: Source + 'a>(&self, source: S) -> Vec<Part<'a>> {
        let validity = self.column.validity;
        let Some(limits) = bounds(source, validity, Rows::ALL) else {
            // All rows are null, or there are none.
            return Vec::new();
        };
        let nulls = (limits.valid < source.len() as u64).then_some(self.nulls);
        if let Some(part) = NumberCodes::part(source, validity, &limits, self.descending, nulls) {
            return vec![part];
        }
        // All 64 bits are taken: nulls have a part of their own, and any place in this one.
        let part = NumberCodes::part(source, validity, &limits, self.descending, None);
        self.null_part(source.len()).into_iter().chain(part).collect()
    }
}

trait Codes {
    /// Shifts the bits that are there, and puts the number of each row behind them: `codes[i]` is
    /// that of row `rows[i]`, or of row `i`.
    fn append(&self, bits: u32, rows: Option<&[u32]>, codes: &mut [u64]);
}

struct NullCodes<'a> {
    validity: Validity<'a>,
    is_first: bool,
}

impl Codes for NullCodes<'_> {
    fn append(&self, bits: u32, rows: Option<&[u32]>, codes: &mut [u64]) {
        append(bits, rows, codes, |row| u64::from(self.validity.is_valid(row) == self.is_first));
    }
}

struct NumberCodes<'a, S> {
    source: S,
    validity: Option<Validity<'a>>,
    /// The code of the value that comes first.
    origin: u64,
    descending: bool,
    /// The number of that value: 1 behind nulls, else 0.
    first: u64,
    nan: u64,
    null: u64,
}

impl<'a, S: Source + 'a> NumberCodes<'a, S> {
    /// `None` where the numbers have more than 64 bits.
    fn part(
        source: S,
        validity: Option<Validity<'a>>,
        limits: &Bounds<S::Number>,
        descending: bool,
        nulls: Option<Nulls>,
    ) -> Option<Part<'a>> {
        // A column of nothing but NaN has no span: its codes are never looked at.
        let (least, greatest) = (limits.least.code(), limits.greatest.code());
        let span = if limits.least.is_nan() { 0 } else { greatest - least };
        let first = u64::from(nulls == Some(Nulls::First));
        let beyond = first.checked_add(span)?.checked_add(u64::from(limits.has_nan))?;
        let end = beyond.checked_add(u64::from(nulls == Some(Nulls::Last)))?;
        let null = if nulls == Some(Nulls::Last) { end } else { 0 };
        let origin = if descending { greatest } else { least };
        let bits = u64::BITS - end.leading_zeros();
        let codes = Self { source, validity, origin, descending, first, nan: beyond, null };
        Some(Part { bits, codes: Box::new(codes) })
    }

    #[inline]
    fn code(&self, row: usize) -> u64 {
        let value = self.source.at(row);
        let code = value.code();
        let distance = if self.descending {
            self.origin.wrapping_sub(code)
        } else {
            code.wrapping_sub(self.origin)
        };
        let code = if value.is_nan() { self.nan } else { self.first.wrapping_add(distance) };
        let is_valid = self.validity.is_none_or(|validity| validity.is_valid(row));
        if is_valid { code } else { self.null }
    }
}

impl<'a, S: Source + 'a> Codes for NumberCodes<'a, S> {
    fn append(&self, bits: u32, rows: Option<&[u32]>, codes: &mut [u64]) {
        append(bits, rows, codes, |row| self.code(row));
    }
}

#[inline]
fn append(bits: u32, rows: Option<&[u32]>, codes: &mut [u64], code: impl Fn(usize) -> u64) {
    // A part of 64 bits is alone in its stage.
    let add = |codes: &mut u64, row| *codes = codes.checked_shl(bits).unwrap_or(0) | code(row);
    match rows {
        None => codes.iter_mut().enumerate().for_each(|(row, codes)| add(codes, row)),
        Some(rows) => {
            codes.iter_mut().zip(rows).for_each(|(codes, row)| add(codes, *row as usize));
        }
    }
}

/// Bytes of a string that one stage sorts by. The eighth byte tells how many are left.
const TEXT_BYTES: usize = 7;
/// What it says if they are more than this stage sorts by.
const MORE: u64 = TEXT_BYTES as u64 + 1;

impl Stage<'_> {
    /// The codes of rows, as for `Codes`. `depth` counts the stages of the same strings before.
    pub(super) fn fill(&self, depth: usize, rows: Option<&[u32]>, codes: &mut [u64]) -> Result<()> {
        let (texts, validity, descending) = match self {
            Self::Parts(parts) => {
                codes.fill(0);
                for part in parts {
                    part.codes.append(part.bits, rows, codes);
                }
                return Ok(());
            }
            Self::Text { texts, validity, descending } => (texts, validity, *descending),
        };
        for (at, code) in codes.iter_mut().enumerate() {
            let row = rows.map_or(at, |rows| rows[at] as usize);
            *code = if validity.is_none_or(|validity| validity.is_valid(row)) {
                text_code(texts.get(row)?.get(TEXT_BYTES * depth..).unwrap_or(&[]))
            } else {
                0
            };
            *code ^= if descending { u64::MAX } else { 0 };
        }
        Ok(())
    }

    /// Whether rows of this code may still differ in the same strings.
    pub(super) fn goes_on(&self, code: u64) -> bool {
        match self {
            Self::Parts(_) => false,
            Self::Text { descending: true, .. } => !code & 255 == MORE,
            Self::Text { .. } => code & 255 == MORE,
        }
    }

    /// The order of two rows in this stage, strings as a whole. A row that has no value fails, and
    /// is ordered like the least all the same: a sort must never see an order that contradicts
    /// itself.
    pub(super) fn compare(&self, one: u32, other: u32, result: &mut Result<()>) -> Ordering {
        match self {
            Self::Parts(_) => {
                let mut code = |row: u32| {
                    let mut codes = [0];
                    if let Err(error) = self.fill(0, Some(&[row]), &mut codes) {
                        *result = Err(error);
                    }
                    codes[0]
                };
                code(one).cmp(&code(other))
            }
            Self::Text { texts, validity, descending } => {
                let mut text = |row: u32| {
                    let is_valid = validity.is_none_or(|it| it.is_valid(row as usize));
                    let text = if is_valid { texts.get(row as usize) } else { Ok(&[][..]) };
                    text.unwrap_or_else(|error| {
                        *result = Err(error);
                        &[]
                    })
                };
                let order = text(one).cmp(text(other));
                if *descending { order.reverse() } else { order }
            }
        }
    }
}

/// The first seven bytes, and behind them how many there are: a string sorts before those that it
/// begins.
#[inline]
fn text_code(text: &[u8]) -> u64 {
    if let Some(bytes) = text.first_chunk() {
        return u64::from_ne_bytes(*bytes).to_be() & !255 | MORE;
    }
    let mut bytes = [0; 8];
    bytes[..text.len()].copy_from_slice(text);
    u64::from_ne_bytes(bytes).to_be() | text.len() as u64
}
