//! What the tests of live stores stand on, beside what the power-cut tests have.

pub(crate) mod claim;
pub(crate) mod examine;
pub(crate) mod fail;
pub(crate) mod onlooker;
pub(crate) mod play;
pub(crate) mod run;
pub(crate) mod storm;
pub(crate) mod sums;
pub(crate) mod table;
pub(crate) mod told;
pub(crate) mod verbs;
