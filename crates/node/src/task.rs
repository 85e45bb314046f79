//! The work that leaves JavaScript's thread: opening, and the disk's part of a commit.
//!
//! A panic in a task would end the process, as nothing of napi-rs catches it, so each catches its
//! own.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use napi::{Env, Task};
use stoa_core::{Committer, File, Options};

use crate::error::{panicked, rejected};
use crate::options::Access;
use crate::store::{NativeStore, Shared};

/// Opens a store on the thread pool.
pub struct OpenTask {
    shared: Arc<Shared>,
    access: Access,
    options: Options,
}

impl OpenTask {
    pub(crate) fn new(shared: Arc<Shared>, access: Access, options: Options) -> Self {
        Self { shared, access, options }
    }
}

impl Task for OpenTask {
    type Output = stoa_core::Result<()>;
    type JsValue = NativeStore;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(caught(|| self.shared.open(self.access, &self.options)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        output.map_err(|error| rejected(env, &error))?;
        // If no promise takes it, because its worker ends, it is released when it is dropped.
        Ok(NativeStore::new(Arc::clone(&self.shared)))
    }
}

impl fmt::Debug for OpenTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenTask").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Performs a captured commit on the thread pool. It holds what it needs of the store, so neither
/// close nor the end of the environment can take it away.
pub struct CommitTask {
    committer: Arc<Committer<File>>,
    commit_id: u64,
}

impl CommitTask {
    pub(crate) fn new(committer: Arc<Committer<File>>, commit_id: u64) -> Self {
        Self { committer, commit_id }
    }
}

impl fmt::Debug for CommitTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CommitTask")
            .field("commit_id", &self.commit_id)
            .finish_non_exhaustive()
    }
}

impl Task for CommitTask {
    type Output = stoa_core::Result<()>;
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(caught(|| self.committer.complete(self.commit_id)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        output.map_err(|error| rejected(env, &error))
    }
}

/// The result of the call, or the error that its panic becomes.
pub(crate) fn caught<T>(call: impl FnOnce() -> stoa_core::Result<T>) -> stoa_core::Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| Err(panicked(&*payload)))
}
