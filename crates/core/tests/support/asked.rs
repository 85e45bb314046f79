//! What the caller asked for through the environment.

use std::env;

use super::machine::{Machine, Search};
use super::storm::{Failure, Tally};

/// A number from the environment.
pub(crate) fn asked(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is '{value}', not a number")))
}

/// The power cuts of a test that has this share of all: `STOA_CUTS`, else so many that the whole
/// takes some seconds.
pub(crate) fn share(percent: u64) -> u64 {
    asked("STOA_CUTS").unwrap_or(4000) * percent / 100
}

/// Runs a test on one seed after the other until there were `cuts` power cuts, or on the one of
/// `STOA_SEED`. Fails with the first seed that fails, and says how to run that one again.
pub(crate) fn brew(
    place: (&str, &str),
    cuts: u64,
    first_seed: u64,
    test: impl Fn(u64) -> Result<Tally, Failure>,
) {
    let (binary, name) = place;
    let only = asked("STOA_SEED");
    let mut seed = only.unwrap_or(first_seed);
    let mut tally = Tally::default();
    while tally.cuts < cuts {
        match test(seed) {
            Ok(more) => tally += more,
            Err(failure) => panic!(
                "{failure}\nagain: STOA_SEED={} cargo test -p stoa-core --test {binary} {name}",
                failure.seed
            ),
        }
        seed += 1;
        if only.is_some() {
            break;
        }
    }
    println!("{name}: seeds {} to {}: {tally:?}", only.unwrap_or(first_seed), seed - 1);
}

/// The ways of the dirty search take turns.
pub(crate) fn search(seed: u64) -> Search {
    [Search::Differing, Search::Copied, Search::Noisy][seed as usize % 3]
}

/// A machine with small pages that keeps its promises.
pub(crate) fn plain(seed: u64) -> Machine {
    Machine { search: search(seed), ..Machine::default() }
}

/// One with pages of 16 or 64 KiB.
pub(crate) fn with_large_pages(seed: u64) -> Machine {
    Machine {
        system_page_bytes: [16_384, 65_536][seed as usize % 2],
        search: search(seed),
        ..Machine::default()
    }
}

/// One whose file system copies on write: blocks cannot be promised.
pub(crate) fn without_promises(seed: u64) -> Machine {
    Machine {
        keeps_allocation: false,
        system_page_bytes: [4096, 16_384][seed as usize % 2],
        search: search(seed),
        ..Machine::default()
    }
}
