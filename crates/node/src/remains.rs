//! The memory of a region that is gone, or shown from another file by now, and the rule that joins its life to that of its buffers:
//! the address space is given back only when none of them can be used any more. Until then zeros
//! lie over it, as long as the longest window, or it shows what it showed of a file that is gone, whose
//! blocks it keeps: that costs no memory and crashes nobody. What was reserved behind it the core has given back already.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};

use napi::Env;
use stoa_core::{Error, ErrorKind, Reservation, Result};

use crate::view::{self, View};

/// How many there may be in a process. Each is a mapping, and Linux allows 65,530 of them unless
/// told otherwise. The engine dies without any left, so it gets half.
const REMAINS_MAX: usize = 32_768;

/// How many there are.
static REMAINS: AtomicUsize = AtomicUsize::new(0);

/// The memory of a closed or dropped region, with the buffers over it that may still be used.
/// Dropped before it is over, it stays reserved for good.
#[derive(Debug)]
pub(crate) struct Remains {
    /// `None` only once it was given back.
    memory: Option<Reservation>,
    /// Empty only once the memory was given back.
    views: Vec<View>,
}

impl Remains {
    /// What is left of a region with this memory, its buffers being among `views`. Without any
    /// buffer the memory is given back at once.
    pub(crate) fn of(memory: Reservation, views: &mut Vec<View>) -> Option<Self> {
        let views: Vec<View> = views.extract_if(.., |view| view.shows(&memory)).collect();
        if views.is_empty() {
            return None;
        }
        REMAINS.fetch_add(1, Ordering::Relaxed);
        Some(Self { memory: Some(memory), views })
    }

    /// Whether there may be one more, which every region with a buffer becomes.
    ///
    /// # Errors
    /// `Limit`, until the collector has run.
    pub(crate) fn check_room() -> Result<()> {
        let count = REMAINS.load(Ordering::Relaxed);
        if count < REMAINS_MAX {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Limit,
            format!(
                "cannot show a column: the memory of {count} closed or dropped columns waits until \
                 their buffers are collected; let the event loop turn (await) between closing stores"
            ),
        ))
    }

    /// Empties the buffers, so that JavaScript cannot reach the memory through them.
    pub(crate) fn detach(&self, env: Env) {
        self.views.iter().for_each(|view| view.detach(env));
    }

    /// Whether no buffer can be used any more; the memory was then given back.
    pub(crate) fn is_over(&mut self, env: Env) -> bool {
        view::prune(&mut self.views, env);
        if self.views.is_empty() && self.memory.take().is_some() {
            REMAINS.fetch_sub(1, Ordering::Relaxed);
        }
        self.memory.is_none()
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        mem::forget(self.memory.take());
    }
}
