//! The bounded-exhaustive part: all short workloads, cut in each of their operations, in every way
//! of a few classes. No chance is in it.

pub(crate) mod alphabet;
pub(crate) mod cuts;
pub(crate) mod live;
pub(crate) mod transactional;
pub(crate) mod walk;
