//! Disks that a storm begins on.

use std::sync::Arc;

use stoa_core::{Close, ElementKind, Growth, Store};

use super::bug;
use super::disk::{Disk, Kept, Tearing};
use super::machine::Machine;
use super::model::{Allowed, State};
use super::random::Random;
use super::run::{Run, options};
use super::simulated::SimulatedMedium;

/// Leaves room for four extents of 64 KiB in the 31.5 MiB that a new store has checksums of.
const BALLAST_BYTES: u64 = 63 * 512 * 1024 - 12 * 65_536;

/// The disk of an empty store, and the state it must show.
pub(crate) fn formatted(machine: Machine) -> Result<(Disk, Allowed), String> {
    // Bugs are for what runs on it.
    let planted = bug::current();
    bug::inherit(None);
    let formatted = format(machine);
    bug::inherit(planted);
    formatted
}

fn format(machine: Machine) -> Result<(Disk, Allowed), String> {
    let medium = SimulatedMedium::new(Disk::default(), machine, Random::new(0));
    Store::format(&medium).map_err(|error| format!("format: {error}"))?;
    // Creation is atomic elsewhere, by a link: here the image is synced, and all of it must be.
    let disk = medium.photo().disk.cut(Kept::Nothing, Tearing::None, &mut Random::new(0));
    let mut store = Store::open_on(Arc::new(medium), &options())
        .map_err(|error| format!("open an empty store: {error}"))?;
    let commit = store.commit_id();
    let state = State::default();
    match state.difference(&mut store).map_err(|error| error.to_string())? {
        None => Ok((disk, vec![(commit, Arc::new(state))])),
        Some(difference) => Err(format!("an empty store is not empty: {difference}")),
    }
}

/// The disk of a store with little room left in what the first checksum table covers: an empty
/// region takes the rest.
pub(crate) fn filled(machine: Machine) -> Result<(Disk, Allowed), String> {
    let planted = bug::current();
    bug::inherit(None);
    let (disk, allowed) = formatted(machine)?;
    let medium = SimulatedMedium::new(disk, machine, Random::new(0));
    let mut run = Run::open(&medium, &allowed)?;
    run.create("ballast", ElementKind::U8, 1)?;
    let id = run.id("ballast")?;
    let grown = run.store().grow(id, BALLAST_BYTES, Growth::Exact);
    grown.map_err(|error| error.to_string())?;
    run.commit()?;
    run.reopen(Close::Commit)?;
    let allowed = run.history.allowed().clone();
    drop(run);
    bug::inherit(planted);
    Ok((medium.photo().disk.cut(Kept::Everything, Tearing::None, &mut Random::new(0)), allowed))
}
