//! Tables of lengths that come and go: one has to move, and the call that needs it fails; another
//! gives way to rows while a reader reads it.

use std::sync::Arc;

use stoa_core::{Close, Copies, ElementKind, ErrorKind, Growth, Store};

use super::onlooker::{Hook, OtherSide};
use crate::support::machine::Machine;
use crate::support::random::Random;
use crate::support::run::options;
use crate::support::simulated::SimulatedMedium;
use crate::support::storm::{Failure, Tally, formatted, guarded};

/// The numbers for which the first table has room.
const NUMBERS: u32 = 8192;

/// Uses up the numbers of regions for which the table has room; then a growth moves the table, and
/// finds no room for itself. A length that is told after that must be found after a kill.
pub(crate) fn move_the_table(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let told = |error: stoa_core::Error| error.to_string();
        let mut random = Random::new(seed);
        let (disk, _) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, random.fork());
        let mut store = Store::open_on(Arc::new(medium.clone()), &options()).map_err(told)?;
        store.go_live().map_err(told)?;
        let region = store.create_region("a", ElementKind::U8, 1).map_err(told)?;
        let capacity = store.grow(region, 5000, Growth::Exact).map_err(told)?;
        while store.create_region("b", ElementKind::U8, 1).map_err(told)?.0 < NUMBERS - 1 {
            let last = store.find_region("b").ok_or("it was created")?;
            store.drop_region(last).map_err(told)?;
        }
        match store.grow(region, 1 << 30, Growth::Exact) {
            Err(error) if error.kind() == ErrorKind::NoSpace => {}
            other => return Err(format!("a growth beyond the disk gave {other:?}")),
        }
        let bytes = random.bytes(5000);
        store.write(region, 0, &bytes).map_err(told)?;
        store.set_len(region, 5000).map_err(told)?;
        medium.set_ending(true);
        drop(store);
        medium.set_ending(false);
        let mut store = Store::open_on(Arc::new(medium.clone()), &options()).map_err(told)?;
        let mut found = vec![0; 5000];
        let length = store.len(region).map_err(told)?;
        store.read(region, 0, &mut found).map_err(told)?;
        let is_right =
            length == 5000 && found == bytes && store.capacity(region).map_err(told)? == capacity;
        medium.set_ending(true);
        drop(store);
        medium.set_ending(false);
        if is_right {
            Ok(Tally { cuts: 1, kills: 1, ..Tally::default() })
        } else {
            Err(format!("{length} elements are left of 5000"))
        }
    })
}

type Simulated = Store<SimulatedMedium>;

fn end(medium: &SimulatedMedium, store: Simulated) {
    medium.set_ending(true);
    drop(store);
    medium.set_ending(false);
}

/// The store is closed, and another writer has rows where the table of lengths was.
fn write_over_the_table(medium: &SimulatedMedium, mut store: Simulated) -> stoa_core::Result<()> {
    let (memories, result) = store.close(Close::Commit);
    medium.set_ending(true);
    drop(memories);
    medium.set_ending(false);
    result?;
    let mut store = Store::open_on(Arc::new(medium.clone()), &options())?;
    let region = store.create_region("b", ElementKind::U8, 1)?;
    store.grow(region, 200_000, Growth::Exact)?;
    store.write(region, 0, &vec![0xff; 200_000])?;
    store.set_len(region, 200_000)?;
    store.commit()?;
    end(medium, store);
    Ok(())
}

/// While a reader reads the table of lengths its store is closed, and its place gets rows. The
/// reader must not take these for lengths.
pub(crate) fn reuse_the_table(seed: u64, machine: Machine) -> Result<Tally, Failure> {
    guarded(seed, || {
        let told = |error: stoa_core::Error| error.to_string();
        let (disk, _) = formatted(machine)?;
        let medium = SimulatedMedium::new(disk, machine, Random::new(seed));
        let mut store = Store::open_on(Arc::new(medium.clone()), &options()).map_err(told)?;
        let region = store.create_region("a", ElementKind::U8, 1).map_err(told)?;
        store.grow(region, 5000, Growth::Exact).map_err(told)?;
        store.write(region, 0, &[7; 100]).map_err(told)?;
        store.set_len(region, 100).map_err(told)?;
        store.go_live().map_err(told)?;
        let hook = Hook::default();
        let side = OtherSide(medium.clone(), Arc::clone(&hook));
        let mut reader = Store::read_on(Arc::new(side), &options()).map_err(told)?;
        let bug = crate::support::bug::current();
        *hook.lock().map_err(|_| "a panic elsewhere")? = Some(Box::new(move || {
            crate::support::bug::inherit(bug);
            write_over_the_table(&medium, store).expect("nothing fails");
        }));
        reader.refresh(Copies::Forgotten).map_err(told)?;
        let lengths: Vec<u64> = reader.regions().map(|info| info.len).collect();
        if lengths == [100, 200_000] {
            return Ok(Tally { cuts: 1, ..Tally::default() });
        }
        Err(format!("a reader sees the lengths {lengths:?}"))
    })
}
