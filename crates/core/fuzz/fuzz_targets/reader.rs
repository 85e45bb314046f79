//! A file that changes under a reader: pieces of any bytes in the first units, sealed again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stoa_core::{Copies, Store};
use stoa_fuzz::{
    AREA_BYTES, AREAS, LOG, PAGE, PUBLISHED, SLOTS, answered, file_of, good, lay, look, options,
    seal_headers, seal_records, write_over,
};

const PLACES: [(usize, usize); 6] = [
    (SLOTS[0], 128),
    (SLOTS[1], 128),
    (PUBLISHED - 64, 104),
    (AREAS[0], AREA_BYTES),
    (AREAS[1], AREA_BYTES),
    (LOG, 16 * PAGE),
];

/// Lays one piece after the other: part, place in it, length, bytes. Gives what is left.
fn change<'a>(file: &mut [u8], mut rest: &'a [u8], pieces: usize) -> &'a [u8] {
    for _ in 0..pieces {
        let [part, high, low, length, bytes @ ..] = rest else { return &[] };
        let (start, room) = PLACES[usize::from(*part) % PLACES.len()];
        let at = usize::from(u16::from_be_bytes([*high, *low])) % room;
        let length = usize::from(*length).min(bytes.len());
        lay(file, start + at, room - at, &bytes[..length]);
        rest = &bytes[length..];
    }
    seal_records(file);
    seal_headers(file, true);
    rest
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = good().to_vec();
    // The first change may keep the store from opening at all: then the good one is opened.
    let mut rest = data;
    if let [first, others @ ..] = data {
        rest = if first % 2 == 0 { change(&mut bytes, others, 2) } else { others };
    }
    let (file, path) = file_of(&bytes);
    let Some(mut store) = answered(Store::open_reading(&path, &options())) else { return };
    for turn in 0..6 {
        look(&mut store);
        rest = change(&mut bytes, rest, 2);
        write_over(&file, &bytes);
        let went_on = match turn % 3 {
            0 => store.refresh(Copies::Kept),
            1 => store.refresh(Copies::Forgotten),
            _ => store.begin_snapshot(),
        };
        answered(went_on);
        answered(store.is_whole());
        if rest.is_empty() {
            break;
        }
    }
    look(&mut store);
});
