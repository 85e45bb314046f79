//! Compaction: the part that leaves JavaScript's thread, and the part that changes the store.
#![expect(clippy::missing_errors_doc, reason = "the comment of the class says it for all")]

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use stoa_core::{Compaction, ErrorKind, File, RegionId, Text};

use crate::error::{Result, raised, rejected};
use crate::store::NativeStore;
use crate::task::caught;

/// A compaction that was begun, until its store takes it up. `None`: what was copied is gone.
pub(crate) type Begun = Arc<Mutex<Option<Compaction<File>>>>;

/// Copies ahead on the thread pool. It holds what it needs of the store.
pub struct CompactTask {
    begun: Begun,
    texts: Vec<Text>,
}

impl Task for CompactTask {
    type Output = stoa_core::Result<()>;
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut compaction) = begun.take() else { return Ok(Ok(())) };
        Ok(caught(|| {
            compaction.copy_ahead(&self.texts)?;
            *begun = Some(compaction);
            Ok(())
        }))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        output.map_err(|error| rejected(env, &error))
    }
}

impl fmt::Debug for CompactTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CompactTask").field("texts", &self.texts).finish_non_exhaustive()
    }
}

/// Columns of text: the ids of views and heap by turns.
fn texts_of(ids: &[u32]) -> Result<Vec<Text>> {
    let (pairs, rest) = ids.as_chunks();
    if !rest.is_empty() {
        return Err(raised(ErrorKind::Internal, "views without a heap"));
    }
    let text = |[views, heap]: &[u32; 2]| Text { views: RegionId(*views), heap: RegionId(*heap) };
    Ok(pairs.iter().map(text).collect())
}

#[napi]
impl NativeStore {
    /// Copies what is committed to a file beside the store, on the thread pool, while commits go on.
    /// `texts` holds the ids of the views and of the heap of each text column by turns. Call `compact`
    /// when it is done; without that, nothing comes of it.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn copy_ahead(&self, texts: &[u32]) -> Result<AsyncTask<CompactTask>> {
        let texts = texts_of(texts)?;
        let begun = self.with(|open| {
            let begun = Arc::new(Mutex::new(Some(open.store().begin_compaction()?)));
            open.set_compaction(Arc::clone(&begun));
            Ok(begun)
        })?;
        Ok(AsyncTask::new(CompactTask { begun, texts }))
    }

    /// Commits what is pending, brings what `copyAhead` copied up to date, and takes that file for the
    /// store's. Set lengths before. Buffers made before stay as they are and belong to nothing.
    #[napi(catch_unwind)]
    pub fn compact(&self, env: Env, texts: &[u32]) -> Result<()> {
        let texts = texts_of(texts)?;
        self.with(|open| {
            let begun = open.take_compaction();
            let begun =
                begun.and_then(|it| it.lock().unwrap_or_else(PoisonError::into_inner).take());
            let compacted = match begun {
                Some(compaction) => open.store().finish_compaction(compaction, &texts),
                None => open.store().compact(&texts),
            };
            open.retire(env);
            compacted
        })
    }
}
