//! The identity, both header slots and the published block are any bytes, with right checksums.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stoa_fuzz::{PUBLISHED, SLOT_BYTES, SLOTS, good, lay, play, seal_headers};

fuzz_target!(|data: &[u8]| {
    let mut file = good().to_vec();
    let mut parts = data.chunks(SLOT_BYTES);
    for at in [SLOTS[0], SLOTS[1], 0] {
        lay(&mut file, at, SLOT_BYTES, parts.next().unwrap_or(&[]));
    }
    // The word and the block: 104 bytes.
    lay(&mut file, PUBLISHED - 64, 104, parts.next().unwrap_or(&[]));
    seal_headers(&mut file, true);
    play(&file);
});
