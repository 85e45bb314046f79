//! The bug that is planted in the engine, if the feature for it is there. It belongs to a thread,
//! so a thread that completes a commit takes it over.

#[cfg(feature = "planted-bugs")]
mod planted {
    use std::cell::Cell;

    use stoa_core::planted::Bug;

    thread_local! {
        static CURRENT: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    pub(crate) fn current() -> Option<Bug> {
        CURRENT.get()
    }

    pub(crate) fn inherit(bug: Option<Bug>) {
        CURRENT.set(bug);
        stoa_core::planted::plant(bug);
    }
}

#[cfg(not(feature = "planted-bugs"))]
mod planted {
    /// There is none.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Bug {}

    pub(crate) fn current() -> Option<Bug> {
        None
    }

    pub(crate) fn inherit(_bug: Option<Bug>) {}
}

pub(crate) use planted::{current, inherit};
