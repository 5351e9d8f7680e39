//! `locum.toml`: refused in one sentence, or settings and objects; whatever the
//! text, no panic, and no sentence that repeats much of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_server::testing::read;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    drop(read(text));
});
