//! The order of rows by keys, and rows brought into it.

use std::cmp::Ordering;

use super::column::ColumnSource;
use super::no_memory;
use super::permutation::Room;
use super::radix;
use super::sort_key::{Nulls, SortKey, Stage, stages};
use crate::error::{Error, ErrorKind, Result};
use crate::format::directory::{ElementKind, RegionId};
use crate::os::File;
use crate::store::Store;

/// Runs of ties up to this are sorted by comparing.
const FEW: usize = 24;

/// The numbers of the first `len` rows, ordered by the keys: the first counts most. Stable. Cost:
/// 28 bytes of memory a row while it runs.
///
/// # Errors
/// `Internal` where a column cannot be sorted by; `Corrupt` where a string lies outside its heap
/// or a code has no rank; `Limit` from 2^32 rows on, or where memory runs out.
///
/// # Panics
/// If a column has fewer rows.
pub fn argsort(keys: &[SortKey<'_>], len: usize) -> Result<Vec<u32>> {
    let rows = u32::try_from(len).map_err(|_| {
        Error::new(ErrorKind::Limit, format!("cannot sort {len} rows: the limit is 2^32 - 1"))
    })?;
    let mut sorter = Sorter::new(stages(keys, len)?, rows)?;
    let mut tasks = vec![Task { start: 0, end: len, stage: 0, depth: 0 }];
    let mut is_first = true;
    while let Some(task) = tasks.pop() {
        sorter.sort(&task, is_first, &mut tasks)?;
        is_first = false;
    }
    Ok(sorter.order)
}

/// Rows `start..end` of the order tie in all stages before.
struct Task {
    start: usize,
    end: usize,
    stage: usize,
    depth: usize,
}

struct Sorter<'a> {
    stages: Vec<Stage<'a>>,
    order: Vec<u32>,
    codes: Vec<u64>,
    room: radix::Room,
}

impl<'a> Sorter<'a> {
    fn new(stages: Vec<Stage<'a>>, rows: u32) -> Result<Self> {
        let len = rows as usize;
        let memory = || no_memory("sort", 28 * len);
        let mut order = Vec::new();
        order.try_reserve_exact(len).map_err(|_| memory())?;
        order.extend(0..rows);
        let mut codes = Vec::new();
        codes.try_reserve_exact(len).map_err(|_| memory())?;
        let room = radix::Room::reserve(len).map_err(|_| memory())?;
        Ok(Self { stages, order, codes, room })
    }

    /// Sorts the rows of a task, and leaves those that tie to new ones.
    fn sort(&mut self, task: &Task, is_first: bool, tasks: &mut Vec<Task>) -> Result<()> {
        let Some(stage) = self.stages.get(task.stage) else {
            return Ok(());
        };
        let rows = &mut self.order[task.start..task.end];
        self.codes.clear();
        self.codes.resize(rows.len(), 0);
        stage.fill(task.depth, (!is_first).then_some(rows), &mut self.codes)?;
        let wants_codes = task.stage + 1 < self.stages.len() || matches!(stage, Stage::Text { .. });
        self.room.sort(&mut self.codes, rows, is_first, wants_codes);
        if wants_codes { self.sort_ties(task, tasks) } else { Ok(()) }
    }

    fn sort_ties(&mut self, task: &Task, tasks: &mut Vec<Task>) -> Result<()> {
        let stage = &self.stages[task.stage];
        let mut at = 0;
        while at < self.codes.len() {
            let code = self.codes[at];
            let tie = self.codes[at..].iter().take_while(|next| **next == code).count();
            let (start, end) = (task.start + at, task.start + at + tie);
            at += tie;
            let (stage, depth) = if stage.goes_on(code) {
                (task.stage, task.depth + 1)
            } else {
                (task.stage + 1, 0)
            };
            if tie > FEW {
                tasks.push(Task { start, end, stage, depth });
            } else if tie > 1 {
                sort_few(&self.stages[stage..], &mut self.order[start..end])?;
            }
        }
        Ok(())
    }
}

fn sort_few(stages: &[Stage<'_>], rows: &mut [u32]) -> Result<()> {
    let mut result = Ok(());
    rows.sort_by(|one, other| {
        let orders = stages.iter().map(|stage| stage.compare(*one, *other, &mut result));
        // Lazy: the next stage is asked only where the rows tie in all before.
        let mut orders = orders.skip_while(|order| order.is_eq());
        orders.next().unwrap_or(Ordering::Equal)
    });
    result
}

/// A key whose column is in regions of a store.
#[derive(Clone, Copy, Debug)]
pub struct StoredKey<'a> {
    /// The values.
    pub column: ColumnSource,
    /// As in [`SortKey`].
    pub ranks: Option<&'a [u32]>,
    /// As in [`SortKey`].
    pub descending: bool,
    /// As in [`SortKey`].
    pub nulls: Nulls,
}

/// Sorts the first `rows` rows of regions in place: `regions` hold an element a row, `bitmaps` a
/// bit. What the keys are made of may be among them. Rows that stand where they belong, before the
/// first and behind the last that do not, are not written to.
///
/// # Errors
/// As [`argsort`]; `NotFound`, `Schema`; `Limit` beyond a capacity, or where memory runs out.
/// Nothing was changed.
pub fn sort_rows(
    store: &mut Store<File>,
    keys: &[StoredKey<'_>],
    regions: &[RegionId],
    bitmaps: &[RegionId],
    rows: u64,
) -> Result<()> {
    store.check_usable()?;
    let mut widths = Vec::new();
    for id in regions {
        store.check_rows(*id, rows)?;
        let (entry, _) = store.region(*id)?;
        widths.push(usize::try_from(entry.width()).unwrap_or(usize::MAX));
    }
    for id in bitmaps {
        store.check_rows(*id, rows.div_ceil(8))?;
        if store.region(*id)?.0.kind != ElementKind::Bits {
            return Err(store.unlike(*id, "validity bits"));
        }
    }
    let mut order = stored_order(store, keys, rows)?;
    let is_moved = |(row, from): (usize, &u32)| row != *from as usize;
    let Some(first) = order.iter().enumerate().position(is_moved) else {
        return Ok(());
    };
    let end = order.iter().enumerate().rposition(is_moved).map_or(0, |last| last + 1);
    // Whole bytes of the bitmaps.
    let first = first / 8 * 8;
    let offset = u32::try_from(first).unwrap_or(0);
    order.truncate(end);
    order.drain(..first);
    if offset > 0 {
        for from in &mut order {
            *from -= offset;
        }
    }
    let mut room = Room::reserve(&order, &widths, !bitmaps.is_empty())?;
    for id in regions.iter().chain(bitmaps) {
        store.ensure_view(*id)?;
    }
    for (id, width) in regions.iter().zip(widths) {
        let memory = store.memory_mut(*id)?;
        room.permute(memory.bytes_mut(first * width, order.len() * width), width, &order);
    }
    for id in bitmaps {
        let memory = store.memory_mut(*id)?;
        room.permute_bits(memory.bytes_mut(first / 8, order.len().div_ceil(8)), &order);
    }
    Ok(())
}

/// The order of the first `rows` rows by columns of a store, as [`argsort`].
///
/// # Errors
/// As [`argsort`] and [`Store::lend`].
pub fn stored_order(
    store: &mut Store<File>,
    keys: &[StoredKey<'_>],
    rows: u64,
) -> Result<Vec<u32>> {
    let sources: Vec<ColumnSource> = keys.iter().map(|key| key.column).collect();
    let columns = store.lend(&sources, rows)?;
    let keys: Vec<SortKey<'_>> = keys
        .iter()
        .zip(columns)
        .map(|(key, column)| SortKey {
            column,
            ranks: key.ranks,
            descending: key.descending,
            nulls: key.nulls,
        })
        .collect();
    argsort(&keys, usize::try_from(rows).unwrap_or(usize::MAX))
}
