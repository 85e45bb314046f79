//! What the power-cut tests stand on.

pub(crate) mod asked;
pub(crate) mod bug;
pub(crate) mod commits;
pub(crate) mod disk;
pub(crate) mod failure;
pub(crate) mod fault;
pub(crate) mod gate;
pub(crate) mod live;
pub(crate) mod machine;
pub(crate) mod medium;
pub(crate) mod memory;
pub(crate) mod model;
pub(crate) mod pages;
pub(crate) mod random;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod sequel;
pub(crate) mod simulated;
pub(crate) mod state;
pub(crate) mod storm;
pub(crate) mod theme;
pub(crate) mod trace;
pub(crate) mod workload;
