//! What a check of a store found, for JavaScript, and the task that makes it.
#![expect(clippy::missing_errors_doc, reason = "the comment of the class says it for all")]

use std::fmt;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use stoa_core::{File, Place, Problem, Verified, Verifier};

use crate::error::{Result, rejected};
use crate::number::double;
use crate::store::NativeStore;
use crate::task::caught;

/// Something that is not as it was written.
#[napi(object)]
#[derive(Clone, Debug)]
pub struct NativeProblem {
    /// `identity`, `header`, `directory`, `log`, `published`, `checksums` or `region`.
    pub place: String,
    /// Of a header 0 or 1, of a region its id, else 0.
    pub number: u32,
    /// The region's name, else empty.
    pub name: String,
    /// The elements of the region that may have been changed: the first, and the one behind them.
    pub start: f64,
    /// See `start`.
    pub end: f64,
    /// What was found.
    pub message: String,
}

/// What a check of a store found. Sizes are bytes.
#[napi(object)]
#[derive(Clone, Debug)]
pub struct NativeReport {
    /// Compared with a checksum.
    pub bytes_checked: f64,
    /// At most a hundred.
    pub problems: Vec<NativeProblem>,
    /// How many more there are.
    pub more_problems: f64,
}

impl From<Problem> for NativeProblem {
    fn from(Problem { place, message }: Problem) -> Self {
        let at = |place: &str, number| Self {
            place: place.to_owned(),
            number,
            name: String::new(),
            start: 0.0,
            end: 0.0,
            message,
        };
        match place {
            Place::Identity => at("identity", 0),
            Place::HeaderSlot(slot) => at("header", u32::from(slot > 0)),
            Place::Directory => at("directory", 0),
            Place::Log => at("log", 0),
            Place::Published => at("published", 0),
            Place::Region { id, name, elements } => Self {
                name,
                start: double(elements.start),
                end: double(elements.end),
                ..at("region", id.0)
            },
            _ => at("checksums", 0),
        }
    }
}

impl From<Verified> for NativeReport {
    fn from(verified: Verified) -> Self {
        Self {
            bytes_checked: double(verified.bytes_checked),
            problems: verified.problems.into_iter().map(NativeProblem::from).collect(),
            more_problems: double(verified.more_problems),
        }
    }
}

/// Checks a store on the thread pool. It holds what it needs of it.
pub struct VerifyTask(Verifier<File>);

impl Task for VerifyTask {
    type Output = stoa_core::Result<Verified>;
    type JsValue = NativeReport;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(caught(|| self.0.verify()))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        output.map(NativeReport::from).map_err(|error| rejected(env, &error))
    }
}

impl fmt::Debug for VerifyTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VerifyTask").finish_non_exhaustive()
    }
}

#[napi]
impl NativeStore {
    /// Checks every committed byte against its checksum, on the thread pool. Commits wait for it.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeReport>")]
    pub fn verify(&self) -> Result<AsyncTask<VerifyTask>> {
        let verifier = self.with(|open| open.store().verifier())?;
        Ok(AsyncTask::new(VerifyTask(verifier)))
    }
}
