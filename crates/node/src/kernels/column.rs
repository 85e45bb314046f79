//! The columns that kernels look at and sort by.

use std::fmt;

use napi::bindgen_prelude::Uint32Array;
use napi_derive::napi;
use stoa_core::kernels::{ColumnSource, Nulls, StoredKey};

use crate::error::Result;
use crate::number::region;

/// The regions of a column.
#[napi(object, object_to_js = false)]
pub struct NativeColumn {
    /// The values.
    pub data: f64,
    /// Which rows are present; absent: all are.
    pub validity: Option<f64>,
    /// The bytes of strings.
    pub heap: Option<f64>,
    /// To sort codes by: the rank of each.
    pub ranks: Option<Uint32Array>,
    /// The values are bytes that mean true or false.
    pub is_bool: Option<bool>,
}

/// What rows are sorted by.
#[napi(object, object_to_js = false)]
pub struct NativeSortKey {
    /// The column.
    pub column: NativeColumn,
    /// The greatest first.
    pub descending: bool,
    /// Nulls before all values; else behind all, NaN included.
    pub nulls_first: bool,
}

impl NativeColumn {
    pub(super) fn source(&self) -> Result<ColumnSource> {
        Ok(ColumnSource {
            data: region(self.data)?,
            validity: self.validity.map(region).transpose()?,
            heap: self.heap.map(region).transpose()?,
            is_bool: self.is_bool.unwrap_or(false),
        })
    }
}

impl NativeSortKey {
    pub(super) fn stored(&self) -> Result<StoredKey<'_>> {
        Ok(StoredKey {
            column: self.column.source()?,
            ranks: self.column.ranks.as_deref(),
            descending: self.descending,
            nulls: if self.nulls_first { Nulls::First } else { Nulls::Last },
        })
    }
}

impl fmt::Debug for NativeColumn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NativeColumn").finish_non_exhaustive()
    }
}

impl fmt::Debug for NativeSortKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NativeSortKey").finish_non_exhaustive()
    }
}
