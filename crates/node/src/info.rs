//! What a store tells of itself and of its regions, in JavaScript's numbers.

use napi_derive::napi;
use stoa_core::{RegionInfo, StoreInfo};

use crate::number::double;

/// A region: a named, growable run of elements. Counts are elements of kind × lanes.
#[napi(object)]
#[derive(Clone, Debug)]
pub struct NativeRegion {
    /// What the other calls know it by.
    pub id: u32,
    /// Its name in the file.
    pub name: String,
    /// The kind of number, 1 to 13.
    pub kind: u32,
    /// Numbers an element.
    pub lanes: u32,
    /// Elements in use.
    pub length: f64,
    /// Elements that the file has room for.
    pub capacity: f64,
    /// Contiguous stretches of the file.
    pub extents: f64,
}

/// The store as a whole. Sizes are bytes.
#[napi(object)]
#[derive(Clone, Copy, Debug)]
pub struct NativeInfo {
    /// The version of the file's format.
    pub format_version: u32,
    /// The last commit.
    pub commit_id: f64,
    /// The length of the file.
    pub byte_length: f64,
    /// The part of it that is the log.
    pub log_bytes: f64,
    /// The part of it that is free for growth.
    pub free_bytes: f64,
}

impl From<RegionInfo> for NativeRegion {
    fn from(region: RegionInfo) -> Self {
        let RegionInfo { id, name, kind, lanes, len, capacity, extents } = region;
        Self {
            id: id.0,
            name,
            kind: u32::from(kind as u8),
            lanes,
            length: double(len),
            capacity: double(capacity),
            extents: double(extents as u64),
        }
    }
}

impl From<StoreInfo> for NativeInfo {
    fn from(info: StoreInfo) -> Self {
        let StoreInfo { format_version, commit_id, byte_length, log_bytes, free_bytes } = info;
        Self {
            format_version: u32::from(format_version),
            commit_id: double(commit_id),
            byte_length: double(byte_length),
            log_bytes: double(log_bytes),
            free_bytes: double(free_bytes),
        }
    }
}
