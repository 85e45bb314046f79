//! The class that the TypeScript layer calls: one method, one call of the core.
#![expect(clippy::missing_errors_doc, reason = "the comment of the class says it for all")]
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands over owned strings")]

use std::fmt;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Uint8ArraySlice};
use napi::{Env, Unknown};
use napi_derive::napi;
use stoa_core::{Close, ElementKind, ErrorKind, Growth, Options, RegionId};

use crate::environment;
use crate::error::{Result, raised, thrown};
use crate::info::{NativeInfo, NativeRegion};
use crate::number::{double, lengths_of, narrow, region, whole};
use crate::open::Open;
use crate::options::{Access, NativeOptions};
use crate::task::{CommitTask, OpenTask};

/// An open store. Every call may throw an error with a `code` of `ERR_STOA_…` whose message is a
/// JSON text `{"message", "path"?, "syscall"?, "errno"?}`; after `close` all throw
/// `ERR_STOA_CLOSED`.
#[napi]
pub struct NativeStore {
    shared: Arc<Shared>,
}

/// What the class shares with the list of its environment, and while it opens with the task.
pub(crate) struct Shared {
    path: String,
    state: Mutex<State>,
}

enum State {
    Opening,
    Open(Box<Open>),
    Closed,
}

impl Shared {
    /// A store that is to be opened, known to its environment from now on: an environment that
    /// ends meanwhile may never hear of a task's end.
    fn new(env: Env, path: String) -> Result<Arc<Self>> {
        let shared = Arc::new(Self { path, state: Mutex::new(State::Opening) });
        environment::enter(env, &shared).map_err(|error| thrown(&error))?;
        Ok(shared)
    }

    /// Opens the store, or fails, or finds that it was abandoned meanwhile. On any thread.
    pub(crate) fn open(&self, access: Access, options: &Options) -> stoa_core::Result<()> {
        let open = Open::at(Path::new(&self.path), access, options)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Opening) {
            *state = State::Open(Box::new(open));
        }
        Ok(())
    }

    /// Releases the store without a commit, if it is open. On any thread.
    pub(crate) fn abandon(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<Box<Open>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match mem::replace(&mut *state, State::Closed) {
            State::Open(open) => Some(open),
            State::Opening | State::Closed => None,
        }
    }
}

impl NativeStore {
    /// The object for a store that was opened.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(crate) fn with<T>(
        &self,
        call: impl FnOnce(&mut Open) -> stoa_core::Result<T>,
    ) -> Result<T> {
        let path = &self.shared.path;
        let Ok(mut state) = self.shared.state.lock() else {
            let message = format!("'{path}' was left half-way by an earlier bug; reopen it");
            return Err(raised(ErrorKind::Poisoned, message));
        };
        let State::Open(open) = &mut *state else {
            return Err(raised(ErrorKind::Closed, format!("'{path}' is closed")));
        };
        call(open).map_err(|error| thrown(&error))
    }
}

fn set_lengths(open: &mut Open, lengths: &[(RegionId, u64)]) -> stoa_core::Result<()> {
    lengths.iter().try_for_each(|(id, length)| open.store().set_len(*id, *length))
}

#[napi]
impl NativeStore {
    /// Opens or creates the file, takes its lock and recovers it. Blocks for `waitMs` at most.
    #[napi(catch_unwind)]
    pub fn open(env: Env, path: String, options: NativeOptions) -> Result<Self> {
        let (access, options) = (options.access(), options.checked()?);
        environment::sweep(env);
        let shared = Shared::new(env, path)?;
        shared.open(access, &options).map_err(|error| thrown(&error))?;
        Ok(Self::new(shared))
    }

    /// The same on the thread pool. Waiting is the caller's, with a timer: use `waitMs` 0.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeStore>")]
    pub fn open_async(
        env: Env,
        path: String,
        options: NativeOptions,
    ) -> Result<AsyncTask<OpenTask>> {
        let (access, options) = (options.access(), options.checked()?);
        Ok(AsyncTask::new(OpenTask::new(Shared::new(env, path)?, access, options)))
    }

    /// The id of the last settled commit.
    #[napi(catch_unwind)]
    pub fn commit_id(&self) -> Result<f64> {
        self.with(|open| Ok(double(open.store().commit_id())))
    }

    /// The length of the file in bytes.
    #[napi(catch_unwind)]
    pub fn byte_length(&self) -> Result<f64> {
        self.with(|open| Ok(double(open.store().byte_length())))
    }

    /// The user's own version of the data.
    #[napi(catch_unwind)]
    pub fn data_version(&self) -> Result<u32> {
        self.with(|open| Ok(open.store().data_version()))
    }

    /// Sets the user's own version of the data, 0 to 2^32 - 1; durable with the next commit.
    #[napi(catch_unwind)]
    pub fn set_data_version(&self, version: f64) -> Result<()> {
        let version = narrow("version", version)?;
        self.with(|open| open.store().set_data_version(version))
    }

    /// A copy of the metadata; empty in a new store.
    #[napi(catch_unwind)]
    pub fn metadata<'env>(&self, env: &'env Env) -> Result<Uint8ArraySlice<'env>> {
        let bytes = self.with(|open| Ok(open.store().metadata().to_vec()))?;
        Uint8ArraySlice::copy_from(env, bytes)
            .map_err(|error| raised(ErrorKind::Internal, format!("cannot copy metadata: {error}")))
    }

    /// Replaces the metadata; durable with the next commit.
    #[napi(catch_unwind)]
    pub fn set_metadata(&self, bytes: &[u8]) -> Result<()> {
        self.with(|open| open.store().set_metadata(bytes.to_vec()))
    }

    /// All regions.
    #[napi(catch_unwind)]
    pub fn regions(&self) -> Result<Vec<NativeRegion>> {
        self.with(|open| Ok(open.store().regions().map(NativeRegion::from).collect()))
    }

    /// Creates a region and returns its id. `kind`: I8=1 I16=2 I32=3 I64=4 U8=5 U16=6 U32=7 U64=8
    /// F16=9 F32=10 F64=11 Bits=12 View=13; `lanes`: how many of them an element has, at least 1.
    /// A name that is taken: `ERR_STOA_SCHEMA`.
    #[napi(catch_unwind)]
    pub fn create_region(&self, name: String, kind: f64, lanes: f64) -> Result<u32> {
        let code: u8 = narrow("kind", kind)?;
        let kind = ElementKind::try_from(code)
            .map_err(|_| raised(ErrorKind::Internal, format!("no element kind is {code}")))?;
        let lanes = narrow("lanes", lanes)?;
        self.with(|open| open.store().create_region(&name, kind, lanes).map(|RegionId(id)| id))
    }

    /// The id of the region of that name, or null.
    #[napi(catch_unwind)]
    pub fn region_id(&self, name: String) -> Result<Option<u32>> {
        self.with(|open| Ok(open.store().find_region(&name).map(|RegionId(id)| id)))
    }

    /// Drops a region. Its buffers stay usable, and show zeros once that is durable.
    #[napi(catch_unwind)]
    pub fn drop_region(&self, id: f64) -> Result<()> {
        let id = region(id)?;
        self.with(|open| open.store().drop_region(id))
    }

    /// Makes room for at least `elements` in all, exactly those or more for growth to come, and
    /// returns the capacity. No buffer moves. On an error nothing was changed.
    #[napi(catch_unwind)]
    pub fn grow(&self, id: f64, elements: f64, exact: bool) -> Result<f64> {
        let id = region(id)?;
        let elements = whole("elements", elements)?;
        let growth = if exact { Growth::Exact } else { Growth::Amortised };
        self.with(|open| open.store().grow(id, elements, growth).map(double))
    }

    /// Gives back what the region has behind its rows, of which `setLengths` told, as part of the
    /// next commit, and returns the capacity. Buffers show zeros there. Rows removed since the last
    /// commit keep their place. On an error nothing was changed.
    #[napi(catch_unwind)]
    pub fn shrink(&self, env: Env, id: f64) -> Result<f64> {
        let id = region(id)?;
        self.with(|open| {
            let shrunk = open.store().shrink(id);
            open.retire(env);
            shrunk.map(double)
        })
    }

    /// A new external `ArrayBuffer` over the region's memory, from its base. Covers the capacity
    /// rounded up to a power of two, at least 64 KiB and at most `maxBytes`, so that growth within
    /// it needs only a new typed array; exactly the capacity where that is above 64 MiB and this is
    /// the first. Behind the capacity lies memory of this process, which
    /// vanishes when the region grows over it. Cost: one external buffer of the engine, which may
    /// collect all garbage; call rarely. A capacity beyond `maxBytes`: `ERR_STOA_LIMIT`.
    #[napi(catch_unwind, ts_return_type = "ArrayBuffer")]
    pub fn window<'env>(&self, env: &'env Env, id: f64, max_bytes: f64) -> Result<Unknown<'env>> {
        let id = region(id)?;
        let bytes_max = whole("maxBytes", max_bytes)?;
        self.with(|open| open.window(env, id, bytes_max))
    }

    /// A new external `ArrayBuffer` over `bytes` of the region's capacity from `byteOffset` on: for
    /// regions longer than one buffer can be. Beyond the capacity: `ERR_STOA_LIMIT`. Costs as much
    /// as `window`.
    #[napi(catch_unwind, ts_return_type = "ArrayBuffer")]
    pub fn window_at<'env>(
        &self,
        env: &'env Env,
        id: f64,
        byte_offset: f64,
        bytes: f64,
    ) -> Result<Unknown<'env>> {
        let id = region(id)?;
        let byte_offset = whole("byteOffset", byte_offset)?;
        let bytes = whole("bytes", bytes)?;
        self.with(|open| open.window_at(env, id, byte_offset, bytes))
    }

    /// Copies bytes into the region's memory from `byteOffset` on, within the capacity: by one call
    /// into the file where nothing is committed, which takes a third of the time of pages touched
    /// one by one. For 64 KiB and more. Beyond the capacity: `ERR_STOA_LIMIT`.
    #[napi(catch_unwind)]
    pub fn write_through(&self, id: f64, byte_offset: f64, bytes: &[u8]) -> Result<()> {
        let id = region(id)?;
        let byte_offset = whole("byteOffset", byte_offset)?;
        self.with(|open| open.store().write_through(id, byte_offset, bytes))
    }

    /// Sets lengths in elements: `changes` holds the id of a region and its new length by turns.
    /// Call it before `capture` and `isDirty`. On an error the regions before the failing one are
    /// set.
    #[napi(catch_unwind)]
    pub fn set_lengths(&self, changes: &[f64]) -> Result<()> {
        let lengths = lengths_of(changes)?;
        self.with(|open| set_lengths(open, &lengths))
    }

    /// Whether a commit would write anything. Cost: the search for changed pages.
    #[napi(catch_unwind)]
    pub fn is_dirty(&self) -> Result<bool> {
        self.with(|open| open.store().is_dirty())
    }

    /// Sets lengths as `setLengths` does, commits on this thread, after the commits in flight, and
    /// returns the id.
    #[napi(catch_unwind)]
    pub fn commit_sync(&self, env: Env, changes: &[f64]) -> Result<f64> {
        let lengths = lengths_of(changes)?;
        self.with(|open| {
            set_lengths(open, &lengths)?;
            let committed = open.store().commit();
            open.retire(env);
            committed.map(double)
        })
    }

    /// Captures what changed and returns the ticket of that commit, now in flight, or null when
    /// nothing did.
    #[napi(catch_unwind)]
    pub fn capture(&self) -> Result<Option<f64>> {
        self.with(|open| open.store().begin_commit().map(|id| id.map(double)))
    }

    /// The number that the newest captured commit gets. Its ticket may be larger: a ticket is
    /// never used again, the number of a commit that failed is.
    #[napi(catch_unwind)]
    pub fn captured_commit_id(&self) -> Result<f64> {
        self.with(|open| Ok(double(open.store().captured_commit_id())))
    }

    /// Makes a captured commit durable on the thread pool. One at a time a store, in the order of
    /// the captures.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn perform(&self, id: f64) -> Result<AsyncTask<CommitTask>> {
        let id = whole("id", id)?;
        let committer = self.with(|open| Ok(open.store().committer()))?;
        Ok(AsyncTask::new(CommitTask::new(committer, id)))
    }

    /// Takes up what `perform` has made durable; call it after each, on this thread.
    #[napi(catch_unwind)]
    pub fn settle(&self, env: Env) -> Result<()> {
        self.with(|open| {
            open.store().settle();
            open.retire(env);
            Ok(())
        })
    }

    /// Goes back to the last commit, those in flight included.
    #[napi(catch_unwind)]
    pub fn rollback(&self, env: Env) -> Result<()> {
        self.with(|open| {
            let returned = open.store().rollback();
            open.retire(env);
            returned
        })
    }

    /// The store as a whole.
    #[napi(catch_unwind)]
    pub fn info(&self) -> Result<NativeInfo> {
        self.with(|open| Ok(open.store().info().into()))
    }

    /// Completes the commits in flight, commits unless `discard`, empties every buffer and frees
    /// the lock, and only then throws what its own commit failed with. Again: nothing happens.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, discard: bool) -> Result<()> {
        environment::leave(env, &self.shared);
        // What a panic left half-way must not be committed, only released.
        let how = match discard {
            _ if self.shared.state.is_poisoned() => None,
            true => Some(Close::Discard),
            false => Some(Close::Commit),
        };
        let Some(open) = self.shared.take() else {
            return Ok(());
        };
        open.close(env, how).map_err(|error| thrown(&error))
    }
}

/// Collected without `close`: the store is released as at the end of its environment. This may run
/// on another thread, so the list of the environment is left to forget it by itself.
impl Drop for NativeStore {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

impl fmt::Debug for NativeStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NativeStore")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}
