//! A policy bundle of one file: loaded or refused with places, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_policy::{Bundle, FLAWS_MAX, POLICIES_MAX};
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let files = BTreeMap::from([("fuzz.cedar".to_owned(), text.to_owned())]);
    match Bundle::load(&files) {
        Ok(bundle) => {
            assert!(bundle.count() <= POLICIES_MAX);
            assert_eq!(Bundle::load(&files).unwrap().address(), bundle.address());
        }
        Err(flaws) => assert!((1..=FLAWS_MAX).contains(&flaws.len())),
    }
});
