//! Readers. Goal: a store that only reads shows, beside a writer and after one that died, exactly
//! one commit while its snapshot is whole, and else the lengths of one commit with rows that are
//! whole; it writes nothing, and never shows what may still be lost.
//!
//! Method: the storms of `crash`, with a reader on the same simulated disk that looks at random
//! operations of the writer, keeps snapshots open, and writes stray values into its own memory.
//! What it saw is compared with the states that the model allows at that moment. Seeds are printed
//! as in `crash`.

#[expect(dead_code, reason = "failing calls are for another test")]
#[expect(clippy::cast_possible_truncation, reason = "the simulated disk is small")]
mod support;

use support::asked::{brew, plain, share, with_large_pages, without_promises};
use support::storm::storm_with;

#[test]
fn a_reader_shows_one_commit_while_a_writer_goes_on() {
    let place = ("readers", "a_reader_shows_one_commit_while_a_writer_goes_on");
    brew(place, share(25), 1, |seed| storm_with(seed, plain(seed), 40));
    brew(place, share(10), 1_000_001, |seed| storm_with(seed, with_large_pages(seed), 40));
    brew(place, share(10), 2_000_001, |seed| storm_with(seed, without_promises(seed), 40));
}
