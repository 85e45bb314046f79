//! The options of opening, from JavaScript's numbers to the core's types.

use std::time::Duration;

use napi_derive::napi;
use stoa_core::Options;

use crate::error::Result;
use crate::number::{narrow, whole};

/// How to open a store. What is left out has the core's default.
#[napi(object)]
#[derive(Clone, Copy, Debug)]
pub struct NativeOptions {
    /// Whether a missing file is created; default true.
    pub create: Option<bool>,
    /// Permissions of a new file; default `0o600`.
    pub mode: Option<f64>,
    /// Milliseconds to wait for the lock, blocking the thread; default 0.
    pub wait_ms: Option<f64>,
    /// Whether the lock is tried once, without waiting; default false.
    pub tries_once: Option<bool>,
    /// Bytes of address space that a region may grow into.
    pub reserve_bytes: Option<f64>,
    /// Whether it is opened for reading: without the lock, and a missing file is never made;
    /// default false.
    pub reads: Option<bool>,
    /// Whether it is opened to change the elements of a live store that another has open, without the
    /// lock; default false.
    pub shares: Option<bool>,
}

/// What a store is opened for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    Read,
    Share,
    Write,
}

impl NativeOptions {
    /// What the store is opened for.
    pub(crate) fn access(self) -> Access {
        match (self.reads, self.shares) {
            (_, Some(true)) => Access::Share,
            (Some(true), _) => Access::Read,
            _ => Access::Write,
        }
    }

    /// The same in the core's types.
    pub(crate) fn checked(self) -> Result<Options> {
        let Self { create, mode, wait_ms, tries_once, reserve_bytes, reads: _, shares: _ } = self;
        let mut options = Options::default();
        if let Some(create) = create {
            options.create = create;
        }
        if let Some(mode) = mode {
            options.mode = narrow("mode", mode)?;
        }
        if let Some(wait_ms) = wait_ms {
            options.wait = Duration::from_millis(whole("waitMs", wait_ms)?);
        }
        if let Some(tries_once) = tries_once {
            options.tries_once = tries_once;
        }
        if let Some(reserve_bytes) = reserve_bytes {
            options.reserve_bytes = whole("reserveBytes", reserve_bytes)?;
        }
        Ok(options)
    }
}
