//! Aggregates, filters and sorts, as JavaScript calls them. `rows` is the number of rows of the
//! table, which the core may not know yet: it is at most the capacity of every region named.
#![expect(clippy::missing_errors_doc, reason = "the comment of the class says it for all")]
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands over owned values")]

mod column;
mod condition;
mod selection;

use napi::Env;
use napi::bindgen_prelude::{BigInt, Either};
use napi_derive::napi;
use stoa_core::kernels::{self, Column, Condition, Extremes, Total};
use stoa_core::{ErrorKind, RegionId};

pub use self::column::{NativeColumn, NativeSortKey};
pub use self::condition::NativeCondition;
use self::selection::{RowsOut, Selection, selected};
use crate::error::{Result, raised};
use crate::number::{double, region, whole};
use crate::open::Open;
use crate::store::NativeStore;

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
