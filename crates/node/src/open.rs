//! An open store together with the buffers that show its memory.

use std::collections::HashSet;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use napi::{Env, Unknown};
use stoa_core::kernels::Matches;
use stoa_core::{
    Close, Error, ErrorKind, File, Memory, Options, RegionId, Reservation, Result, Store,
};

use crate::compact::Begun;
use crate::environment;
use crate::error::panicked;
use crate::options::Access;
use crate::remains::Remains;
use crate::view::{self, View};

/// The smallest window: a region of a few rows grows within it.
const WINDOW_BYTES_MIN: u64 = 64 * 1024;

/// The first window of a larger region has no room to grow: it may only be read. V8 is told of a
/// window as memory outside of its heap, and collects: nothing below 64 MiB, in steps below half of
/// the heap's limit (2 GiB by default), all at once from there on, which takes some 5 ms of an empty
/// heap and 400 ms of a large one.
const FIRST_WINDOW_SLACK_MAX: u64 = 64 * 1024 * 1024;

/// A store that is open. Dropped without `close`, it is released as at the end of a process:
/// changes since the last commit are lost, the lock is free, and what JavaScript holds reads zeros.
pub(crate) struct Open {
    /// `None` only once it is closed or released.
    store: Option<Store<File>>,
    /// Every buffer over memory that the store still has.
    views: Vec<View>,
    /// The regions that had a buffer.
    shown: HashSet<RegionId>,
    /// The memory of dropped regions that JavaScript may still use.
    retired: Vec<Remains>,
    /// What the last filter found, until it is taken.
    matches: Option<Matches>,
    /// What was copied to a file that may take the place of the store's.
    compaction: Option<Begun>,
}

impl Open {
    /// Opens or creates the file at `path`, takes its lock, and recovers it; or opens it for
    /// reading.
    pub(crate) fn at(path: &Path, access: Access, options: &Options) -> Result<Self> {
        let store = match access {
            Access::Write => Store::open(path, options)?,
            Access::Read => Store::open_reading(path, options)?,
            Access::Share => Store::open_sharing(path, options)?,
        };
        Ok(Self {
            store: Some(store),
            views: Vec::new(),
            shown: HashSet::new(),
            retired: Vec::new(),
            matches: None,
            compaction: None,
        })
    }

    /// The core's store.
    pub(crate) fn store(&mut self) -> &mut Store<File> {
        self.store.as_mut().expect("a store that is not closed")
    }

    /// What the last filter found.
    pub(crate) fn matches(&mut self) -> &mut Option<Matches> {
        &mut self.matches
    }

    /// Keeps a compaction that was begun. One before it comes to nothing.
    pub(crate) fn set_compaction(&mut self, begun: Begun) {
        self.compaction = Some(begun);
    }

    pub(crate) fn take_compaction(&mut self) -> Option<Begun> {
        self.compaction.take()
    }

    /// A new buffer over the memory of a region, mostly longer than its capacity so that it can
    /// grow without another buffer, and at most `bytes_max` long.
    pub(crate) fn window<'env>(
        &mut self,
        env: &'env Env,
        id: RegionId,
        bytes_max: u64,
    ) -> Result<Unknown<'env>> {
        self.prune(*env);
        Remains::check_room()?;
        let capacity_bytes = self.store().window(id, 0)?;
        if capacity_bytes > bytes_max {
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "cannot show {capacity_bytes} bytes as one array: this runtime's arrays hold \
                     {bytes_max} bytes; use chunks()"
                ),
            ));
        }
        let is_first = !self.shown.contains(&id);
        let wanted_bytes = if is_first && capacity_bytes > FIRST_WINDOW_SLACK_MAX {
            capacity_bytes
        } else {
            let reserved_bytes = self.store().memory(id)?.reserved_bytes() as u64;
            capacity_bytes.next_power_of_two().max(WINDOW_BYTES_MIN).min(reserved_bytes)
        };
        let mapped_bytes = self.store().window(id, wanted_bytes)?;
        assert!(wanted_bytes <= mapped_bytes, "the core maps what was asked for");
        let bytes = usize::try_from(wanted_bytes.min(bytes_max)).expect("a part of a reservation");
        let (buffer, view) = View::create(env, self.store().memory(id)?, 0, bytes)?;
        self.views.push(view);
        self.shown.insert(id);
        Ok(buffer)
    }

    /// A new buffer over a part of a region's capacity, for what no single buffer can show.
    pub(crate) fn window_at<'env>(
        &mut self,
        env: &'env Env,
        id: RegionId,
        byte_offset: u64,
        bytes: u64,
    ) -> Result<Unknown<'env>> {
        self.prune(*env);
        Remains::check_room()?;
        let mapped_bytes = self.store().window(id, 0)?;
        let end = byte_offset.checked_add(bytes).filter(|end| bytes > 0 && *end <= mapped_bytes);
        if end.is_none() {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("cannot show {bytes} bytes at {byte_offset} of {mapped_bytes} bytes"),
            ));
        }
        // Both lie below the end of a mapping, which the address space holds.
        let [offset, bytes] = [byte_offset, bytes].map(|it| usize::try_from(it).expect("mapped"));
        let (buffer, view) = View::create(env, self.store().memory(id)?, offset, bytes)?;
        self.views.push(view);
        Ok(buffer)
    }

    /// A new buffer over the table of lengths of a live store.
    pub(crate) fn live_lengths<'env>(&mut self, env: &'env Env) -> Result<Unknown<'env>> {
        self.prune(*env);
        Remains::check_room()?;
        let (memory, bytes) = self.store().live_lengths()?;
        let bytes = usize::try_from(bytes).expect("a mapped table");
        let (buffer, view) = View::create(env, memory, 0, bytes)?;
        self.views.push(view);
        Ok(buffer)
    }

    /// Takes over the memory that the core has no use for: of regions that were dropped, with zeros
    /// over it, and of a file that another took the place of. Its buffers stay; the memory goes as soon as none of them can be used.
    pub(crate) fn retire(&mut self, env: Env) {
        for (_, memory) in self.store().take_retired() {
            self.retired.extend(Remains::of(memory, &mut self.views));
        }
        self.prune(env);
    }

    /// Closes the store in the way given (`None`: releases it), empties every buffer, and leaves
    /// the memory to the environment. All of it happens even when it returns an error.
    pub(crate) fn close(mut self, env: Env, how: Option<Close>) -> Result<()> {
        let failure = how.and_then(|how| self.close_store(how).err());
        let memories = self.release();
        let mut remains = mem::take(&mut self.retired);
        for memory in memories {
            remains.extend(Remains::of(memory, &mut self.views));
        }
        for it in &remains {
            it.detach(env);
        }
        // Only a store that broke while it was released leaves any here.
        for view in &self.views {
            view.detach(env);
        }
        environment::keep(env, remains);
        failure.map_or(Ok(()), Err)
    }

    /// Closes the core's store, and keeps what memory it gives back with the rest.
    fn close_store(&mut self, how: Close) -> Result<()> {
        let store = self.store();
        let closed = catch_unwind(AssertUnwindSafe(|| store.close(how)));
        let (memories, result) =
            closed.unwrap_or_else(|payload| (Vec::new(), Err(panicked(&*payload))));
        for (_, memory) in memories {
            self.retired.extend(Remains::of(memory, &mut self.views));
        }
        result
    }

    /// Takes what memory the store still has, with zeros over it, and drops the store.
    fn release(&mut self) -> Vec<Reservation> {
        let Some(mut store) = self.store.take() else {
            return Vec::new();
        };
        let Ok(memories) = catch_unwind(AssertUnwindSafe(|| store.release())) else {
            // The store may still have memory that JavaScript uses: it must never be dropped.
            mem::forget(store);
            return Vec::new();
        };
        memories.into_iter().map(|(_, memory)| memory).collect()
    }

    /// Forgets the buffers that are over, and gives back what memory they were the last of.
    fn prune(&mut self, env: Env) {
        view::prune(&mut self.views, env);
        self.retired.retain_mut(|remains| !remains.is_over(env));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        for memory in self.release() {
            self.retired.extend(Remains::of(memory, &mut self.views));
        }
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Open")
            .field("views", &self.views.len())
            .field("retired", &self.retired.len())
            .finish_non_exhaustive()
    }
}
