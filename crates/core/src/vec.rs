//! `MmapVec`: a `Vec` whose memory is a file, on a store with one region.

use crate::error::{Error, ErrorKind, Result};
use crate::format::directory::{ElementKind, RegionId};
use crate::growth::Growth;
use crate::options::Options;
use crate::os::{Element, File};
use crate::store::{Close, Store};
use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, Deref, DerefMut, RangeBounds};
use std::path::Path;

const REGION: &str = "elements";

/// A growable array of numbers that lives in a file. It reads and changes as a slice does, grows
/// without moving, and [`commit`](Self::commit) makes what it holds durable.
///
/// ```
/// # fn main() -> stoa_core::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("stoa-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).expect("a folder for the example");
/// let path = folder.join("heights.stoa");
/// let mut heights = stoa_core::MmapVec::<f64>::open(&path, &stoa_core::Options::default())?;
/// heights.push(1.83)?;
/// heights.extend_from_slice(&[1.75, 1.62])?;
/// heights[0] = 1.84;
/// heights.commit()?;
/// heights.push(99.0)?;
/// heights.rollback()?;
/// assert_eq!(&heights[..], [1.84, 1.75, 1.62]);
/// heights.close()?;
/// # std::fs::remove_dir_all(&folder).expect("the example's folder goes away");
/// # Ok(())
/// # }
/// ```
pub struct MmapVec<T: Element> {
    store: Store<File>,
    region: RegionId,
    len: usize,
    capacity: usize,
    elements: PhantomData<T>,
}

impl<T: Element> fmt::Debug for MmapVec<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MmapVec")
            .field("len", &self.len)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// What the elements of an array of `T` are.
fn kind_of<T: Element>() -> ElementKind {
    let kinds = [
        (TypeId::of::<i8>(), ElementKind::I8),
        (TypeId::of::<i16>(), ElementKind::I16),
        (TypeId::of::<i32>(), ElementKind::I32),
        (TypeId::of::<i64>(), ElementKind::I64),
        (TypeId::of::<u8>(), ElementKind::U8),
        (TypeId::of::<u16>(), ElementKind::U16),
        (TypeId::of::<u32>(), ElementKind::U32),
        (TypeId::of::<u64>(), ElementKind::U64),
        (TypeId::of::<f32>(), ElementKind::F32),
        (TypeId::of::<f64>(), ElementKind::F64),
    ];
    let kind = kinds.iter().find(|(id, _)| *id == TypeId::of::<T>());
    kind.expect("every element type has its kind").1
}

fn in_memory(elements: u64) -> usize {
    usize::try_from(elements).expect("what is mapped fits into the address space")
}

impl<T: Element> MmapVec<T> {
    /// Opens the array in the file at `path`, or creates it. Takes the exclusive lock.
    ///
    /// # Errors
    /// As [`Store::open`]; `Schema` where the file holds elements of another type.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self> {
        let mut store = Store::open(path, options)?;
        let kind = kind_of::<T>();
        let region = match store.find_region(REGION) {
            Some(region) => region,
            None if store.regions().next().is_none() => store.create_region(REGION, kind, 1)?,
            None => {
                let message = "the store holds tables, not one array; open it as a store";
                return Err(Error::new(ErrorKind::Schema, message));
            }
        };
        let found =
            store.regions().find(|info| info.id == region).map(|info| (info.kind, info.lanes));
        if found != Some((kind, 1)) {
            return Err(Error::new(
                ErrorKind::Schema,
                format!("the file holds elements of {found:?}, asked for {kind:?}"),
            ));
        }
        let len = in_memory(store.len(region)?);
        let capacity = in_memory(store.grow(region, len as u64, Growth::Exact)?);
        Ok(Self { store, region, len, capacity, elements: PhantomData })
    }

    /// Elements that there is room for without growing.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The number of the last commit.
    #[must_use]
    pub fn commit_id(&self) -> u64 {
        self.store.commit_id()
    }

    /// Makes room for `additional` more elements. What is there does not move.
    ///
    /// # Errors
    /// `NoSpace`, `Limit`: nothing was changed.
    pub fn reserve(&mut self, additional: usize) -> Result<()> {
        let needed = self.len.saturating_add(additional);
        if needed > self.capacity {
            let grown = self.store.grow(self.region, needed as u64, Growth::Amortised)?;
            self.capacity = in_memory(grown);
        }
        Ok(())
    }

    fn slots(&mut self, len: usize) -> &mut [T] {
        match self.store.mapped_mut(self.region) {
            Some(memory) => memory.as_mut_slice(len),
            None => &mut [],
        }
    }

    /// Adds an element. Amortised O(1).
    ///
    /// # Errors
    /// `NoSpace`, `Limit`: nothing was changed.
    pub fn push(&mut self, value: T) -> Result<()> {
        self.extend_from_slice(&[value])
    }

    /// Adds elements, one copy of memory.
    ///
    /// # Errors
    /// `NoSpace`, `Limit`: nothing was changed.
    pub fn extend_from_slice(&mut self, values: &[T]) -> Result<()> {
        self.reserve(values.len())?;
        let (start, end) = (self.len, self.len + values.len());
        self.slots(end)[start..].copy_from_slice(values);
        self.len = end;
        Ok(())
    }

    /// Takes the last element.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.last().copied();
        self.len = self.len.saturating_sub(1);
        last
    }

    /// Puts an element before `index`. O(n).
    ///
    /// # Errors
    /// `NoSpace`, `Limit`: nothing was changed.
    ///
    /// # Panics
    /// If `index > len`, as `Vec::insert` does.
    pub fn insert(&mut self, index: usize, value: T) -> Result<()> {
        assert!(index <= self.len, "insertion index {index} is beyond the length {}", self.len);
        self.push(value)?;
        self[index..].rotate_right(1);
        Ok(())
    }

    /// Takes the element at `index` and closes the gap. O(n).
    ///
    /// # Panics
    /// If `index >= len`, as `Vec::remove` does.
    pub fn remove(&mut self, index: usize) -> T {
        self[index..].rotate_left(1);
        self.pop().expect("the element that was moved to the end")
    }

    /// Takes the element at `index` and puts the last one there. O(1).
    ///
    /// # Panics
    /// If `index >= len`, as `Vec::swap_remove` does.
    pub fn swap_remove(&mut self, index: usize) -> T {
        let last = self.len - 1;
        self.swap(index, last);
        self.pop().expect("the element that was moved to the end")
    }

    /// Removes a range of elements and closes the gap. O(n).
    ///
    /// # Panics
    /// If the range is not within the length, as `Vec::drain` does.
    pub fn remove_range(&mut self, range: impl RangeBounds<usize>) {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end + 1,
            Bound::Excluded(end) => *end,
            Bound::Unbounded => self.len,
        };
        assert!(start <= end && end <= self.len, "range {start}..{end} of {}", self.len);
        self.copy_within(end.., start);
        self.len -= end - start;
    }

    /// Keeps the first `len` elements. The capacity stays.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Removes all elements. The capacity stays.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Makes everything since the last commit durable and atomic. Gives the commit's number.
    ///
    /// # Errors
    /// `NoSpace`: the changes are pending. `Io`: the store is poisoned. `Poisoned`.
    pub fn commit(&mut self) -> Result<u64> {
        self.store.set_len(self.region, self.len as u64)?;
        self.store.commit()
    }

    /// Takes back everything since the last commit.
    ///
    /// # Errors
    /// `Poisoned`; `Io`, and then the store is poisoned.
    pub fn rollback(&mut self) -> Result<()> {
        self.store.set_len(self.region, self.len as u64)?;
        self.store.rollback()?;
        // An array whose creation was never committed begins anew.
        if self.store.find_region(REGION).is_none() {
            self.region = self.store.create_region(REGION, kind_of::<T>(), 1)?;
        }
        self.len = in_memory(self.store.len(self.region)?);
        self.capacity = in_memory(self.store.grow(self.region, self.len as u64, Growth::Exact)?);
        Ok(())
    }

    /// Commits, and closes the file. Dropping an array instead loses what was not committed.
    ///
    /// # Errors
    /// What the commit says; the file is closed all the same.
    pub fn close(mut self) -> Result<()> {
        let counted = self.store.set_len(self.region, self.len as u64);
        let (_memory, closed) = self.store.close(Close::Commit);
        counted.and(closed)
    }
}

impl<T: Element> Deref for MmapVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self.store.mapped(self.region) {
            Some(memory) => memory.as_slice(self.len),
            None => &[],
        }
    }
}

impl<T: Element> DerefMut for MmapVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.slots(self.len)
    }
}
