//! The task that makes a backup.
#![expect(clippy::missing_errors_doc, reason = "the comment of the class says it for all")]

use std::fmt;
use std::path::PathBuf;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use stoa_core::{Backer, File};

use crate::error::{Result, rejected};
use crate::store::NativeStore;
use crate::task::caught;

/// Makes a backup on the thread pool. It holds what it needs of the store.
pub struct BackupTask {
    backer: Backer<File>,
    path: PathBuf,
}

impl Task for BackupTask {
    type Output = stoa_core::Result<()>;
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(caught(|| self.backer.backup(&self.path)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        output.map_err(|error| rejected(env, &error))
    }
}

impl fmt::Debug for BackupTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BackupTask").field("path", &self.path).finish_non_exhaustive()
    }
}

#[napi]
impl NativeStore {
    /// Copies the last commit to a new file, a store of its own, on the thread pool. Commits go on but
    /// for a moment.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn backup(&self, path: String) -> Result<AsyncTask<BackupTask>> {
        let backer = self.with(|open| open.store().backer())?;
        Ok(AsyncTask::new(BackupTask { backer, path: path.into() }))
    }
}
