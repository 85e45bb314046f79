//! What there is to know of a store and its regions.

use crate::format::directory::{ElementKind, RegionId};

/// What there is to know of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionInfo {
    /// Its number.
    pub id: RegionId,
    /// Its name.
    pub name: String,
    /// What its elements are made of.
    pub kind: ElementKind,
    /// How many of `kind` make one element.
    pub lanes: u32,
    /// Elements it has.
    pub len: u64,
    /// Elements it has room for without growing.
    pub capacity: u64,
    /// Runs of the file that it lies in.
    pub extents: usize,
}

/// What there is to know of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreInfo {
    /// The version of the file format.
    pub format_version: u16,
    /// The number of the last commit.
    pub commit_id: u64,
    /// Bytes of the file.
    pub byte_length: u64,
    /// Of these, the log.
    pub log_bytes: u64,
    /// Of these, free for new rows.
    pub free_bytes: u64,
}
