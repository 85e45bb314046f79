//! Aggregates, filters and sorts, as JavaScript calls them. `rows` is the number of rows of the
//! table, which the core may not know yet: it is at most the capacity of every region named.
#![expect(clippy::missing_errors_doc, reason = "the comment of the class says it for all")]
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands over owned values")]

use std::fmt;

use napi::Env;
use napi::bindgen_prelude::{BigInt, Either, Float64Array, Uint8Array, Uint32Array};
use napi_derive::napi;
use stoa_core::kernels::{
    self, Column, ColumnSource, Comparison, Condition, Constant, Extremes, Nulls, Rows, RowsError,
    StoredKey, Test, Total,
};
use stoa_core::{ErrorKind, RegionId};

use crate::error::{Result, raised};
use crate::number::{double, region, whole};
use crate::open::Open;
use crate::store::NativeStore;

/// The regions of a column.
#[napi(object, object_to_js = false)]
pub struct NativeColumn {
    /// The values.
    pub data: f64,
    /// Which rows are present; absent: all are.
    pub validity: Option<f64>,
    /// The bytes of strings.
    pub heap: Option<f64>,
    /// To sort codes by: the rank of each.
    pub ranks: Option<Uint32Array>,
    /// The values are bytes that mean true or false.
    pub is_bool: Option<bool>,
}

/// A condition on the rows of a column. A null satisfies `null` and nothing else.
#[napi(object, object_to_js = false)]
pub struct NativeCondition {
    /// The column.
    pub column: NativeColumn,
    /// `in`: equal to one of the values; `codes`: the entry of the code in `codes` is not 0; the
    /// others but `null` and `notNull` take exactly one value.
    #[napi(
        ts_type = "'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in' | 'codes' | 'null' | 'notNull'"
    )]
    pub op: String,
    /// Values, of any size and with any fraction, for numbers of all types.
    pub numbers: Option<Float64Array>,
    /// Values of any size.
    pub bigints: Option<Vec<BigInt>>,
    /// Values for strings.
    pub texts: Option<Vec<String>>,
    /// An entry for each code.
    pub codes: Option<Uint8Array>,
}

/// What rows are sorted by.
#[napi(object, object_to_js = false)]
pub struct NativeSortKey {
    /// The column.
    pub column: NativeColumn,
    /// The greatest first.
    pub descending: bool,
    /// Nulls before all values; else behind all, NaN included.
    pub nulls_first: bool,
}

/// Row numbers that are given.
type Selection<'a> = Option<Either<&'a [u32], &'a [f64]>>;
/// Where row numbers are written.
type RowsOut<'a> = Either<&'a mut [u32], &'a mut [f64]>;

#[napi]
impl NativeStore {
    /// The sum of the rows that are not null, 0 where there are none: a bigint for 64-bit
    /// integers, else a number. Beyond 2^53: `ERR_STOA_LIMIT`. A row number that is none: a
    /// `RangeError`, as in all calls with a selection.
    #[napi(catch_unwind)]
    pub fn sum(
        &self,
        env: Env,
        column: NativeColumn,
        rows: f64,
        #[napi(ts_arg_type = "Uint32Array | Float64Array | undefined | null")] selection: Selection<
            '_,
        >,
    ) -> Result<Either<f64, BigInt>> {
        let (rows, selection) = selected(env, rows, selection)?;
        let (total, is_wide) = self.with_column(&column, rows, |column| {
            Ok((kernels::sum(column, selection)?, column.is_wide()))
        })?;
        integer_or_double(total, is_wide)
    }

    /// The least and the greatest of the rows that are not null; null where there are none. NaN
    /// if one is.
    #[napi(catch_unwind, ts_return_type = "[number, number] | [bigint, bigint] | null")]
    pub fn extremes(
        &self,
        env: Env,
        column: NativeColumn,
        rows: f64,
        #[napi(ts_arg_type = "Uint32Array | Float64Array | undefined | null")] selection: Selection<
            '_,
        >,
    ) -> Result<Option<Vec<Either<f64, BigInt>>>> {
        let (rows, selection) = selected(env, rows, selection)?;
        let (found, is_wide) = self.with_column(&column, rows, |column| {
            Ok((kernels::extremes(column, selection)?, column.is_wide()))
        })?;
        let Some(found) = found else {
            return Ok(None);
        };
        let (least, greatest) = match found {
            Extremes::Integers(least, greatest) => {
                (Total::Integer(least), Total::Integer(greatest))
            }
            Extremes::Doubles(least, greatest) => (Total::Double(least), Total::Double(greatest)),
        };
        let ends = [least, greatest].map(|end| integer_or_double(end, is_wide));
        ends.into_iter().collect::<Result<_>>().map(Some)
    }

    /// The mean of the rows that are not null; null where there are none.
    #[napi(catch_unwind)]
    pub fn mean(
        &self,
        env: Env,
        column: NativeColumn,
        rows: f64,
        #[napi(ts_arg_type = "Uint32Array | Float64Array | undefined | null")] selection: Selection<
            '_,
        >,
    ) -> Result<Option<f64>> {
        let (rows, selection) = selected(env, rows, selection)?;
        self.with_column(&column, rows, |column| kernels::mean(column, selection))
    }

    /// How many rows are not null.
    #[napi(catch_unwind)]
    pub fn count_valid(
        &self,
        env: Env,
        column: NativeColumn,
        rows: f64,
        #[napi(ts_arg_type = "Uint32Array | Float64Array | undefined | null")] selection: Selection<
            '_,
        >,
    ) -> Result<f64> {
        let (rows, selection) = selected(env, rows, selection)?;
        let len = in_memory(rows)?;
        self.with_column(&column, rows, |column| {
            Ok(double(kernels::count_valid(column, len, selection)))
        })
    }

    /// The sum of the products of the rows where neither is null: a bigint where one column is of
    /// 64-bit integers and neither of floating-point numbers, else a number. Too large for that:
    /// `ERR_STOA_LIMIT`.
    #[napi(catch_unwind)]
    pub fn sum_product(
        &self,
        env: Env,
        one: NativeColumn,
        other: NativeColumn,
        rows: f64,
        #[napi(ts_arg_type = "Uint32Array | Float64Array | undefined | null")] selection: Selection<
            '_,
        >,
    ) -> Result<Either<f64, BigInt>> {
        let (rows, selection) = selected(env, rows, selection)?;
        let sources = [one.source()?, other.source()?];
        let (total, is_wide) = self.with(|open| {
            let columns = open.store().lend(&sources, rows)?;
            let is_wide = columns.iter().any(Column::is_wide);
            Ok((kernels::sum_product(&columns[0], &columns[1], selection)?, is_wide))
        })?;
        integer_or_double(total, is_wide)
    }

    /// Finds the rows that satisfy all conditions, keeps them for `takeFiltered` and returns how
    /// many they are. What an earlier call found is forgotten.
    #[napi(catch_unwind)]
    pub fn filter(&self, conditions: Vec<NativeCondition>, rows: f64) -> Result<f64> {
        let rows = whole("rows", rows)?;
        let len = in_memory(rows)?;
        let found = self.with_conditions(&conditions, rows, |open_conditions| {
            kernels::filter(open_conditions, len)
        });
        self.with(|open| {
            *open.matches() = None;
            Ok(())
        })?;
        let found = found?;
        let count = double(found.count());
        self.with(|open| {
            *open.matches() = Some(found);
            Ok(count)
        })
    }

    /// Writes the ascending row numbers that the last `filter` found into the start of an array,
    /// and forgets them.
    #[napi(catch_unwind)]
    pub fn take_filtered(
        &self,
        #[napi(ts_arg_type = "Uint32Array | Float64Array")] into: RowsOut<'_>,
    ) -> Result<()> {
        self.with(|open| match (open.matches().take(), into) {
            (Some(found), Either::A(into)) => found.write(into),
            (Some(found), Either::B(into)) => found.write_doubles(into),
            (None, _) => {
                let message = "cannot take what was filtered: there was no filter before";
                Err(stoa_core::Error::new(ErrorKind::Internal, message))
            }
        })
    }

    /// The first row that satisfies the condition, or -1.
    #[napi(catch_unwind)]
    pub fn index_of(&self, condition: NativeCondition, rows: f64) -> Result<f64> {
        let rows = whole("rows", rows)?;
        let len = in_memory(rows)?;
        let found = self.with_conditions(&[condition], rows, |conditions| {
            kernels::first_matching(&conditions[0], len)
        })?;
        Ok(found.map_or(-1.0, |row| double(row as u64)))
    }

    /// How many rows satisfy the condition.
    #[napi(catch_unwind)]
    pub fn count_matching(&self, condition: NativeCondition, rows: f64) -> Result<f64> {
        let rows = whole("rows", rows)?;
        let len = in_memory(rows)?;
        self.with_conditions(&[condition], rows, |conditions| {
            kernels::count_matching(&conditions[0], len).map(double)
        })
    }

    /// Writes the row numbers in the order of the keys into an array of `rows` places. Stable.
    #[napi(catch_unwind)]
    pub fn argsort(
        &self,
        keys: Vec<NativeSortKey>,
        rows: f64,
        #[napi(ts_arg_type = "Uint32Array | Float64Array")] into: RowsOut<'_>,
    ) -> Result<()> {
        let rows = whole("rows", rows)?;
        let len = in_memory(rows)?;
        let keys = keys.iter().map(NativeSortKey::stored).collect::<Result<Vec<_>>>()?;
        let room = match &into {
            Either::A(into) => into.len(),
            Either::B(into) => into.len(),
        };
        if room != len {
            let message = format!("cannot write the order of {len} rows into {room} places");
            return Err(raised(ErrorKind::Internal, message));
        }
        let order = self.with(|open| kernels::stored_order(open.store(), &keys, rows))?;
        match into {
            Either::A(into) => into.copy_from_slice(&order),
            Either::B(into) => {
                into.iter_mut().zip(order).for_each(|(into, row)| *into = f64::from(row));
            }
        }
        Ok(())
    }

    /// Sorts the rows of regions in place: `regions` have an element a row, `bitRegions` a bit.
    /// Stable. On an error nothing was changed.
    #[napi(catch_unwind)]
    pub fn sort_rows(
        &self,
        keys: Vec<NativeSortKey>,
        regions: &[u32],
        bit_regions: &[u32],
        rows: f64,
    ) -> Result<()> {
        let rows = whole("rows", rows)?;
        let keys = keys.iter().map(NativeSortKey::stored).collect::<Result<Vec<_>>>()?;
        let ids = |ids: &[u32]| ids.iter().map(|id| RegionId(*id)).collect::<Vec<_>>();
        let (regions, bitmaps) = (ids(regions), ids(bit_regions));
        self.with(|open| kernels::sort_rows(open.store(), &keys, &regions, &bitmaps, rows))
    }

    /// How many of the first `heapBytes` bytes of a heap, or of its length as the core knows it,
    /// belong to none of the first `rows` strings.
    #[napi(catch_unwind)]
    pub fn heap_garbage(
        &self,
        views: f64,
        heap: f64,
        rows: f64,
        heap_bytes: Option<f64>,
    ) -> Result<f64> {
        let (views, heap) = (region(views)?, region(heap)?);
        let rows = whole("rows", rows)?;
        let heap_bytes = heap_bytes.map(|bytes| whole("heapBytes", bytes)).transpose()?;
        self.with(|open| {
            let store = open.store();
            let heap_bytes = heap_bytes.map_or_else(|| store.len(heap), Ok)?;
            kernels::heap_garbage(store, views, heap, rows, heap_bytes).map(double)
        })
    }
}

impl NativeStore {
    fn with_column<T>(
        &self,
        column: &NativeColumn,
        rows: u64,
        call: impl FnOnce(&Column<'_>) -> stoa_core::Result<T>,
    ) -> Result<T> {
        let source = column.source()?;
        self.with(|open| call(&open.store().lend(&[source], rows)?[0]))
    }

    fn with_conditions<T>(
        &self,
        conditions: &[NativeCondition],
        rows: u64,
        call: impl FnOnce(&[Condition<'_>]) -> stoa_core::Result<T>,
    ) -> Result<T> {
        let sources = conditions.iter().map(|condition| condition.column.source());
        let sources = sources.collect::<Result<Vec<_>>>()?;
        let constants: Vec<_> = conditions.iter().map(NativeCondition::constants).collect();
        let tests = conditions.iter().zip(&constants);
        let tests = tests.map(|(condition, constants)| condition.test(constants));
        let tests = tests.collect::<Result<Vec<_>>>()?;
        self.with(|open: &mut Open| {
            let columns = open.store().lend(&sources, rows)?.into_iter();
            let conditions = columns.zip(tests).map(|(column, test)| Condition { column, test });
            call(&conditions.collect::<Vec<_>>())
        })
    }
}

impl NativeColumn {
    fn source(&self) -> Result<ColumnSource> {
        Ok(ColumnSource {
            data: region(self.data)?,
            validity: self.validity.map(region).transpose()?,
            heap: self.heap.map(region).transpose()?,
            is_bool: self.is_bool.unwrap_or(false),
        })
    }
}

impl NativeSortKey {
    fn stored(&self) -> Result<StoredKey<'_>> {
        Ok(StoredKey {
            column: self.column.source()?,
            ranks: self.column.ranks.as_deref(),
            descending: self.descending,
            nulls: if self.nulls_first { Nulls::First } else { Nulls::Last },
        })
    }
}

impl NativeCondition {
    fn constants(&self) -> Vec<Constant<'_>> {
        let numbers = self.numbers.iter().flat_map(|numbers| numbers.iter());
        let bigints = self.bigints.iter().flatten();
        let texts = self.texts.iter().flatten();
        numbers
            .map(|number| Constant::Double(*number))
            .chain(bigints.map(|bigint| Constant::Integer(saturated(bigint))))
            .chain(texts.map(|text| Constant::Text(text)))
            .collect()
    }

    fn test<'a>(&'a self, constants: &'a [Constant<'a>]) -> Result<Test<'a>> {
        let comparison = match self.op.as_str() {
            "null" => return Ok(Test::IsNull),
            "notNull" => return Ok(Test::IsNotNull),
            "in" => return Ok(Test::In(constants)),
            "codes" => return Ok(Test::Codes(self.codes.as_deref().unwrap_or(&[]))),
            "eq" => Comparison::Eq,
            "ne" => Comparison::Ne,
            "lt" => Comparison::Lt,
            "lte" => Comparison::Lte,
            "gt" => Comparison::Gt,
            "gte" => Comparison::Gte,
            other => {
                let message = format!("no condition is called '{other}'");
                return Err(raised(ErrorKind::Internal, message));
            }
        };
        match constants {
            [constant] => Ok(Test::Compare(comparison, *constant)),
            _ => {
                let (op, found) = (&self.op, constants.len());
                let message = format!("'{op}' compares with one value, found {found}");
                Err(raised(ErrorKind::Internal, message))
            }
        }
    }
}

/// The bigint, or the end of 128 bits that is nearest: no column has values out there.
fn saturated(bigint: &BigInt) -> i128 {
    let (low, high) = bigint.words.split_at(bigint.words.len().min(2));
    let magnitude = low.iter().rev().fold(0_u128, |all, word| all << 64 | u128::from(*word));
    let is_large = high.iter().any(|word| *word != 0);
    let magnitude = i128::try_from(magnitude).ok().filter(|_| !is_large).unwrap_or(i128::MAX);
    if bigint.sign_bit { -magnitude } else { magnitude }
}

/// The rows that a kernel looks at. A row number that is none becomes a `RangeError`.
fn selected<'a>(env: Env, rows: f64, selection: Selection<'a>) -> Result<(u64, Rows<'a>)> {
    let rows = whole("rows", rows)?;
    let selected = match selection {
        None => Ok(Rows::ALL),
        Some(Either::A(list)) => Rows::of(list, rows),
        Some(Either::B(list)) => Rows::of_doubles(list, rows),
    };
    let out_of_range = |RowsError { position, found }| {
        let message = format!(
            "cannot look at the rows: number {position} of the list is {found}, expected a whole \
             number from 0 to below {rows}"
        );
        // The exception that is pending is the one that JavaScript sees.
        let thrown = env.throw_range_error(&message, Some("ERR_OUT_OF_RANGE"));
        raised(ErrorKind::Internal, thrown.map_or_else(|error| error.reason, |()| message))
    };
    Ok((rows, selected.map_err(out_of_range)?))
}

fn integer_or_double(total: Total, is_wide: bool) -> Result<Either<f64, BigInt>> {
    match total {
        Total::Integer(total) if is_wide => Ok(Either::B(BigInt::from(total))),
        Total::Integer(total) if total.unsigned_abs() > 1 << 53 => {
            let message = format!(
                "the sum is {total}, which no number of JavaScript stands for alone; add up parts, \
                 or use a column of i64"
            );
            Err(raised(ErrorKind::Limit, message))
        }
        total => Ok(Either::A(total.double())),
    }
}

fn in_memory(rows: u64) -> Result<usize> {
    usize::try_from(rows).map_err(|_| {
        raised(ErrorKind::Limit, format!("{rows} rows do not fit into this process's memory"))
    })
}

macro_rules! opaque {
    ($($type:ident)*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(NativeColumn NativeCondition NativeSortKey);
