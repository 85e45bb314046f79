//! Typed arrays and tables that live in a file.
//!
//! A [`Store`] is one file. It holds named regions: growable, contiguous runs of fixed-size
//! elements whose memory is the file. A region grows without moving. [`Store::commit`] makes
//! everything since the last commit durable and atomic, [`Store::rollback`] takes it back, and an
//! advisory lock keeps a second writer out.
//!
//! ```text
//! store ── open, grow, close ── region (memory, growth)
//!   │                             │
//!   ├─ capture  (memory: steps 1–3 of a commit)
//!   ├─ commit   (disk: steps 4–5, checkpoint)        format: header, directory, record
//!   ├─ settle   (memory again; rollback)
//!   ├─ recovery (opening)
//!   └─ reader   (beside a writer)    committed: what a writer published
//!        └──────── medium: the seam ──────── os: mapping, flock, fallocate, fdatasync
//! ```

mod backer;
mod backup;
mod capture;
mod changes;
mod checkpoint;
mod checksums;
mod commit;
mod committed;
mod compacted;
mod compaction;
mod copies;
mod doubt;
mod error;
mod examine;
mod examine_pages;
mod extents;
pub mod format;
mod found;
mod fresh;
mod growth;
mod hold;
mod info;
pub mod kernels;
mod laid;
mod live;
mod medium;
mod moment;
mod opening;
mod options;
mod os;
mod packing;
mod page_sums;
pub mod planted;
mod reader;
mod recovery;
mod region;
mod regions;
mod report;
mod rollback;
mod settle;
mod shrink;
mod simd;
mod space;
mod spans;
mod store;
mod successor;
mod vec;
mod verify;
mod views;

pub use backer::Backer;
#[doc(hidden)]
pub use backup::{Backup, settle_copy};
pub use commit::Committer;
#[doc(hidden)]
pub use compaction::{Compaction, Text};
pub use error::{Error, ErrorKind, Result};
pub use format::directory::{ElementKind, RegionId};
pub use growth::Growth;
pub use info::{RegionInfo, StoreInfo};
// What the binding and the tests stand on, and no user: two mappings of one file, made through these,
// show the same bytes, and a slice of one does not know of a write to the other.
#[doc(hidden)]
pub use medium::{Medium, Memory, PAGE_BYTES, Page, Role};
pub use options::Options;
#[doc(hidden)]
pub use os::Reservation;
pub use os::{DirtySearch, Element, File};
pub use reader::{Copies, News};
pub use report::{Place, Problem, Verified};
pub use store::{Close, Store};
pub use vec::MmapVec;
pub use verify::Verifier;
