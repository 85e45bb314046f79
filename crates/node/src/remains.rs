//! The memory of a region that is gone, and the rule that joins its life to that of its buffers:
//! the address space is given back only when none of them can be used any more. Until then zeros
//! lie over it, which cost nothing and crash nobody.

use std::mem;

use napi::Env;
use stoa_core::Reservation;

use crate::view::{self, View};

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
        (!views.is_empty()).then_some(Self { memory: Some(memory), views })
    }

    /// Empties the buffers, so that JavaScript cannot reach the memory through them.
    pub(crate) fn detach(&mut self, env: Env) {
        self.views.iter_mut().for_each(|view| view.detach(env));
    }

    /// Whether no buffer can be used any more; the memory was then given back.
    pub(crate) fn is_over(&mut self, env: Env) -> bool {
        view::prune(&mut self.views, env);
        if self.views.is_empty() {
            self.memory = None;
        }
        self.memory.is_none()
    }

    /// Whether JavaScript cannot reach the memory any more, though an operation that was started
    /// before still may.
    pub(crate) fn is_spent(&self) -> bool {
        self.views.iter().all(View::is_spent)
    }

    /// Gives the memory back, spent as it is.
    pub(crate) fn give_back(mut self, env: Env) {
        assert!(self.is_spent(), "memory that JavaScript can reach stays");
        self.memory = None;
        self.views.drain(..).for_each(|view| view.forget(env));
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        mem::forget(self.memory.take());
    }
}
