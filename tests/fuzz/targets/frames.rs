//! The frames of a ledger segment: lengths bound what is reserved, and what
//! passes its checksums is what was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_stores::ledger::testing::frames;

fuzz_target!(|data: &[u8]| frames(data));
