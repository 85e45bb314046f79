//! The sum of the products of two columns.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    reason = "integers are read as a type that holds all of their column"
)]

use super::blocks::{BLOCK_ROWS, Filling, Source, for_numbers, valid_words};
use super::column::{Column, Values};
use super::number::{Number, add_signed, add_unsigned};
use super::pairwise::{Pairwise, add_products};
use super::rows::{Kind, RowNumber, Rows};
use super::sum::Total;
use super::unfit;
use super::validity::Validity;
use crate::error::{Error, ErrorKind, Result};
use crate::simd::{self, Work};

/// The sum of the products of the rows where neither is null; 0 where there are none. Exact for
/// integers; with one column of floating-point numbers both are taken as `f64`, and the products
/// are added pairwise.
///
/// # Errors
/// `Internal` where a column holds no numbers; `Limit` where a sum of integers, on the way, has
/// more than 128 bits.
///
/// # Panics
/// If `rows` was made for more rows than a column has, or the columns differ in length.
pub fn sum_product(one: &Column<'_>, other: &Column<'_>, rows: Rows<'_>) -> Result<Total> {
    use Class::{Double, Signed32, Signed64, Unsigned32, Unsigned64};
    let classes = (Class::of(&one.values)?, Class::of(&other.values)?);
    let pair = Pair { one, other, rows };
    match classes {
        (Double, _) | (_, Double) => {
            let mut sum = Pairwise::default();
            pair.for_each::<f64, f64>(|one, other| sum.push(simd::run(Doubles { one, other })));
            Ok(Total::Double(sum.total()))
        }
        (Signed32, Signed32) => pair.add_up::<i32, i32>(|one, other| {
            let products = one.iter().zip(other).map(|(one, other)| *one as i64 * *other as i64);
            Some(add_signed(products, one.len()))
        }),
        (Unsigned32, Unsigned32) => pair.add_up::<u32, u32>(|one, other| {
            let products = one.iter().zip(other).map(|(one, other)| *one as u64 * *other as u64);
            Some(add_unsigned(products))
        }),
        (Signed32 | Unsigned32, Signed32 | Unsigned32) => pair.add_up::<i64, i64>(|one, other| {
            // 32 bits with a sign times 32 bits without need 64 bits with a sign at most.
            let products = one.iter().zip(other).map(|(one, other)| *one * *other);
            Some(add_signed(products, one.len()))
        }),
        (Signed32 | Unsigned32 | Signed64, Signed32 | Unsigned32 | Signed64) => pair
            .add_up::<i64, i64>(|one, other| {
                let products = one.iter().zip(other);
                add_wide(products.map(|(one, other)| Some(*one as i128 * *other as i128)))
            }),
        (Unsigned64, Unsigned64) => pair.add_up::<u64, u64>(|one, other| {
            let products = one.iter().zip(other);
            let product = |(one, other): (&u64, &u64)| *one as u128 * *other as u128;
            add_wide(products.map(|pair| i128::try_from(product(pair)).ok()))
        }),
        (Unsigned64, _) => pair.add_up::<u64, i64>(|one, other| {
            let products = one.iter().zip(other);
            add_wide(products.map(|(one, other)| Some(*one as i128 * *other as i128)))
        }),
        (_, Unsigned64) => {
            Pair { one: other, other: one, rows }.add_up::<u64, i64>(|one, other| {
                let products = one.iter().zip(other);
                add_wide(products.map(|(one, other)| Some(*one as i128 * *other as i128)))
            })
        }
    }
}

/// Types whose numbers are multiplied in the same way.
#[derive(Clone, Copy)]
enum Class {
    /// All integers that fit into an `i32`.
    Signed32,
    Unsigned32,
    Signed64,
    Unsigned64,
    Double,
}

impl Class {
    fn of(values: &Values<'_>) -> Result<Self> {
        Ok(match values {
            Values::I8(_) | Values::I16(_) | Values::I32(_) | Values::U8(_) | Values::U16(_) => {
                Self::Signed32
            }
            Values::U32(_) => Self::Unsigned32,
            Values::I64(_) => Self::Signed64,
            Values::U64(_) => Self::Unsigned64,
            Values::F16(_) | Values::F32(_) | Values::F64(_) => Self::Double,
            other => return Err(unfit("multiply the values", other.noun())),
        })
    }
}

/// Products of doubles, to be added.
struct Doubles<'b> {
    one: &'b [f64],
    other: &'b [f64],
}

impl Work for Doubles<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        add_products(self.one, self.other)
    }
}

/// The sum of products of more than 64 bits; `None` where it has more than 128.
fn add_wide(products: impl Iterator<Item = Option<i128>>) -> Option<i128> {
    products.into_iter().try_fold(0_i128, |sum, product| sum.checked_add(product?))
}

/// A number as a kernel reads it.
trait Operand: Number {
    fn of(number: impl Number) -> Self;
    /// The values of a column of this very type.
    fn lent<'a>(values: &Values<'a>) -> Option<&'a [Self]>;
}

macro_rules! operands {
    ($($type:ty, $variant:ident;)*) => {$(
        impl Operand for $type {
            #[inline(always)]
            fn of(number: impl Number) -> Self {
                number.wide() as Self
            }

            fn lent<'a>(values: &Values<'a>) -> Option<&'a [Self]> {
                if let Values::$variant(values) = values { Some(values) } else { None }
            }
        }
    )*};
}

operands!(i32, I32; u32, U32; i64, I64; u64, U64;);

impl Operand for f64 {
    #[inline(always)]
    fn of(number: impl Number) -> Self {
        number.double()
    }

    fn lent<'a>(values: &Values<'a>) -> Option<&'a [Self]> {
        if let Values::F64(values) = values { Some(values) } else { None }
    }
}

struct Pair<'a> {
    one: &'a Column<'a>,
    other: &'a Column<'a>,
    rows: Rows<'a>,
}

impl Pair<'_> {
    /// The sum of what `multiply` gives for each block.
    fn add_up<A: Operand, B: Operand>(
        &self,
        multiply: impl Fn(&[A], &[B]) -> Option<i128>,
    ) -> Result<Total> {
        let mut sum = Some(0_i128);
        self.for_each::<A, B>(|one, other| {
            let block = simd::run(Multiplying { one, other, multiply: &multiply });
            sum = sum.and_then(|sum| sum.checked_add(block?));
        });
        sum.map(Total::Integer).ok_or_else(|| {
            Error::new(ErrorKind::Limit, "the sum of the products has more than 128 bits")
        })
    }

    /// Gives both columns in blocks, with zeros where one of them is null.
    fn for_each<A: Operand, B: Operand>(&self, mut take: impl FnMut(&[A], &[B])) {
        match self.rows.0 {
            Kind::All => self.every_row(&mut take),
            Kind::Narrow(list) => self.listed_rows(list, &mut take),
            Kind::Wide(list) => self.listed_rows(list, &mut take),
        }
    }

    fn every_row<A: Operand, B: Operand>(&self, take: &mut impl FnMut(&[A], &[B])) {
        let Self { one, other, .. } = self;
        let validities: Vec<Validity<'_>> =
            [one.validity, other.validity].into_iter().flatten().collect();
        let (mut ones, mut others) = ([A::default(); BLOCK_ROWS], [B::default(); BLOCK_ROWS]);
        let (mut filled, mut other_filled) = (ones, others);
        let rows = count_rows(&one.values);
        assert_eq!(rows, count_rows(&other.values), "two columns of one table");
        for start in (0..rows).step_by(BLOCK_ROWS) {
            let len = BLOCK_ROWS.min(rows - start);
            let ones = block(&one.values, start, &mut ones[..len]);
            let others = block(&other.values, start, &mut others[..len]);
            let (words, count) = valid_words(&validities, start, len);
            if count == len as u64 {
                take(ones, others);
            } else if count > 0 {
                fill(ones, &words, &mut filled);
                fill(others, &words, &mut other_filled);
                take(&filled[..len], &other_filled[..len]);
            }
        }
    }

    fn listed_rows<A: Operand, B: Operand>(
        &self,
        list: &[impl RowNumber],
        take: &mut impl FnMut(&[A], &[B]),
    ) {
        let Self { one, other, .. } = self;
        let (mut ones, mut others) = ([A::default(); BLOCK_ROWS], [B::default(); BLOCK_ROWS]);
        let mut valid = [0; BLOCK_ROWS];
        let is_valid = |validity: Option<Validity<'_>>, row| {
            validity.is_none_or(|validity| validity.is_valid(row))
        };
        for rows in list.chunks(BLOCK_ROWS) {
            let mut count = 0;
            for row in rows {
                valid[count] = row.index();
                let both =
                    is_valid(one.validity, row.index()) & is_valid(other.validity, row.index());
                count += usize::from(both);
            }
            gather(&one.values, &valid[..count], &mut ones[..count]);
            gather(&other.values, &valid[..count], &mut others[..count]);
            take(&ones[..count], &others[..count]);
        }
    }
}

struct Multiplying<'b, A, B, F> {
    one: &'b [A],
    other: &'b [B],
    multiply: F,
}

impl<A, B, F: Fn(&[A], &[B]) -> Option<i128>> Work for Multiplying<'_, A, B, F> {
    type Output = Option<i128>;

    #[inline(always)]
    fn run(self) -> Option<i128> {
        (self.multiply)(self.one, self.other)
    }
}

fn count_rows(values: &Values<'_>) -> usize {
    for_numbers!(*values, source => source.len(), _other => 0)
}

/// The numbers from `start` on, as the kernel reads them.
fn block<'b, T: Operand>(values: &Values<'b>, start: usize, room: &'b mut [T]) -> &'b [T] {
    if let Some(lent) = T::lent(values) {
        return &lent[start..start + room.len()];
    }
    for_numbers!(*values,
        source => simd::run(Reading { source, start, target: &mut *room }),
        _other => {}
    );
    room
}

fn fill<T: Operand>(block: &[T], words: &[u64; BLOCK_ROWS / 64], filled: &mut [T; BLOCK_ROWS]) {
    simd::run(Filling { block, words, neutral: T::default(), filled });
}

fn gather<T: Operand>(values: &Values<'_>, rows: &[usize], target: &mut [T]) {
    for_numbers!(*values,
        source => for (target, row) in target.iter_mut().zip(rows) {
            *target = T::of(source.at(*row));
        },
        _other => {}
    );
}

struct Reading<'t, S, T> {
    source: S,
    start: usize,
    target: &'t mut [T],
}

impl<S: Source, T: Operand> Work for Reading<'_, S, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut converted = [S::Number::default(); BLOCK_ROWS];
        let numbers = self.source.block(self.start, self.target.len(), &mut converted);
        for (target, number) in self.target.iter_mut().zip(numbers) {
            *target = T::of(*number);
        }
    }
}
