//! Bytes of a heap that no string needs.

use super::no_memory;
use super::text::{astray, place};
use crate::error::Result;
use crate::format::directory::{ElementKind, RegionId};
use crate::os::File;
use crate::region::unknown;
use crate::store::Store;

/// How many of the first `heap_bytes` bytes of a heap belong to none of the first `rows` strings.
/// Strings may share bytes. Cost: a look at each view; a sort where they do not follow each other.
///
/// # Errors
/// `Corrupt` where a string lies outside what the heap has room for; `Schema` where a region is
/// neither views nor bytes; `Limit` beyond the capacity, or where memory runs out.
pub fn heap_garbage(
    store: &mut Store<File>,
    views: RegionId,
    heap: RegionId,
    rows: u64,
    heap_bytes: u64,
) -> Result<u64> {
    store.check_usable()?;
    [views, heap].into_iter().try_for_each(|id| store.ensure_view(id))?;
    let (entry, _) = store.region(views)?;
    if entry.kind != ElementKind::View || entry.lanes != 1 {
        return Err(store.unlike(views, "views of strings"));
    }
    let rows = store.check_rows(views, rows)?;
    let heap = store.all_bytes(heap)?;
    let memory = store.mapped(views).ok_or_else(|| unknown(views))?;
    let (views, _) = memory.as_slice::<u8>(16 * rows).as_chunks();
    Ok(heap_bytes - count_used(views, heap.len(), heap_bytes)?)
}

/// The bytes below `limit` that a view refers to.
fn count_used(views: &[[u8; 16]], heap_len: usize, limit: u64) -> Result<u64> {
    let mut stretches = Vec::new();
    let long = views.iter().filter(|view| place(view).is_some()).count();
    stretches.try_reserve_exact(long).map_err(|_| no_memory("look for garbage", 16 * long))?;
    for (row, view) in views.iter().enumerate() {
        let Some(place) = place(view) else {
            continue;
        };
        let start = place.start();
        let end = start.map(|start| start + place.bytes as u64);
        match start.zip(end.filter(|end| *end <= heap_len as u64)) {
            Some((start, end)) => stretches.push((start, end.min(limit))),
            None => return Err(astray(row, view, heap_len)),
        }
    }
    if !stretches.is_sorted() {
        stretches.sort_unstable();
    }
    let (mut used, mut done) = (0, 0);
    for (start, end) in stretches {
        used += end.saturating_sub(start.max(done));
        done = end.max(done);
    }
    Ok(used)
}
