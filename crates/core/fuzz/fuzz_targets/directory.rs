//! The directory is any bytes, of any length, with a right checksum. No log speaks against it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stoa_fuzz::{
    AREA_BYTES, AREAS, LOG, PAGE, SLOTS, good, lay, play, seal_headers, set_word, word,
};

fuzz_target!(|data: &[u8]| {
    let mut file = good().to_vec();
    let newest = usize::from(word(&file, SLOTS[1] + 16) > word(&file, SLOTS[0] + 16));
    let bytes = data.len().min(AREA_BYTES);
    lay(&mut file, AREAS[newest], AREA_BYTES, data);
    set_word(&mut file, SLOTS[newest] + 48, AREAS[newest] as u64);
    set_word(&mut file, SLOTS[newest] + 56, bytes as u64);
    // The version stands in both places.
    let version = word(&file, AREAS[newest]) as u32;
    file[SLOTS[newest] + 80..SLOTS[newest] + 84].copy_from_slice(&version.to_ne_bytes());
    file[LOG..LOG + 8 * PAGE].fill(0);
    seal_headers(&mut file, true);
    play(&file);
});
