//! Checks of a store in which nothing is wrong: none may find anything.

use std::sync::Arc;

use stoa_core::{Store, Verified};

use super::run::options;
use super::simulated::SimulatedMedium;

fn must_be_ok(verified: stoa_core::Result<Verified>, who: &str) -> Result<(), String> {
    let verified =
        verified.map_err(|error| format!("{who} verifies: {:?}: {error}", error.kind()))?;
    if verified.is_ok() {
        return Ok(());
    }
    Err(format!("{who} verifies, a false alarm: {:?}", verified.problems))
}

/// Checks a store that is open for writing. What it shows is compared elsewhere.
pub(crate) fn verify(store: &mut Store<SimulatedMedium>) -> Result<(), String> {
    must_be_ok(store.verify(), "a writer")
}

/// Checks, as a reader, what a cut or a kill left.
pub(crate) fn verify_what_is_left(medium: &SimulatedMedium) -> Result<(), String> {
    let store = Store::read_on(Arc::new(medium.reading()), &options());
    let mut store = store.map_err(|error| format!("a reader opens to verify: {error}"))?;
    must_be_ok(store.verify(), "a reader")
}
