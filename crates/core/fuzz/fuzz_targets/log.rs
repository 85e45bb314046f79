//! The log is any bytes, with right salts and checksums: what recovery, and a reader without a
//! writer, follow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stoa_fuzz::{LOG, PAGE, good, lay, play, seal_headers, seal_records};

fuzz_target!(|data: &[u8]| {
    let mut file = good().to_vec();
    // Records are long, and few of their bytes count: pieces of a length go to places of the log.
    let mut rest = data;
    while let [high, low, length, bytes @ ..] = rest {
        let at = usize::from(u16::from_be_bytes([*high, *low])) % (16 * PAGE);
        let length = usize::from(*length).min(bytes.len());
        lay(&mut file, LOG + at, 16 * PAGE - at, &bytes[..length]);
        rest = &bytes[length..];
    }
    seal_records(&mut file);
    seal_headers(&mut file, false);
    play(&file);
});
