//! A nested `act` claim of somebody else: read whole or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_core::chain::read_act;
use locum_core::json::{JsonLimits, parse};

fuzz_target!(|data: &[u8]| {
    let Ok(value) = parse(data, JsonLimits::BODY) else {
        return;
    };
    let Ok(links) = read_act(&value) else { return };
    assert!(!links.is_empty());
    // Every link is one object of the claim, newest first, and none is left over.
    let mut act = Some(&value);
    for link in &links {
        let object = act.unwrap();
        assert_eq!(object["iss"], link.iss.as_str());
        assert_eq!(object["sub"], link.sub.as_str());
        act = object.get("act");
    }
    assert!(act.is_none());
});
