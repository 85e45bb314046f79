//! What happened, line by line, for the study of one failing seed: `STOA_TRACE=1`.

use std::fmt;
use std::sync::LazyLock;

static IS_ON: LazyLock<bool> = LazyLock::new(|| std::env::var_os("STOA_TRACE").is_some());

/// Tells of an event, if somebody wants to know.
pub(crate) fn trace(event: fmt::Arguments<'_>) {
    if *IS_ON {
        println!("{event}");
    }
}
