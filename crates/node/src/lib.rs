//! The binding between Node-API and the core. It translates and decides nothing: one method is
//! one call of the core, and every failure becomes an error with the core's code.
//!
//! What it does own is the life of the memory that JavaScript sees: `view` makes the buffers,
//! `remains` keeps address space for as long as one of them may use it, and `environment` lets go
//! of the stores that a worker leaves open.

mod backup;
mod compact;
mod environment;
mod error;
mod info;
mod kernels;
mod number;
mod open;
mod options;
mod reader;
mod remains;
mod store;
mod task;
mod verify;
mod view;

pub use backup::BackupTask;
pub use compact::CompactTask;
pub use error::{Code, Error, Result};
pub use info::{NativeInfo, NativeRegion};
pub use kernels::{NativeColumn, NativeCondition, NativeSortKey};
pub use options::NativeOptions;
pub use store::NativeStore;
pub use task::{CommitTask, OpenTask};
pub use verify::{NativeProblem, NativeReport, VerifyTask};
