//! The real kernel behind [`medium`](crate::medium): files, locks and mapped memory.
//!
//! All `unsafe` of this crate is below this folder. Linux is the mark; macOS and FreeBSD keep the
//! same promises with what they have.

mod advise;
mod allocate;
mod baseline;
mod beside;
mod boot;
mod copy;
mod create;
mod dirty;
#[cfg(target_os = "linux")]
mod discard;
mod element;
mod file;
mod filesystem;
mod fork;
mod holder;
mod lend;
mod lock;
mod map;
mod memory;
mod open;
#[cfg(target_os = "linux")]
mod pagemap;
#[cfg(not(target_os = "linux"))]
#[path = "no_pagemap.rs"]
mod pagemap;
mod piece;
mod place;
#[cfg(target_os = "macos")]
mod preallocate;
mod runs;
mod sigbus;
mod sync;
#[cfg(test)]
mod tests;

pub(crate) use advise::{populate, prefer_large_pages};
pub use dirty::DirtySearch;
pub use element::Element;
pub use file::File;
pub(crate) use fork::Lineage;
pub use map::Reservation;
