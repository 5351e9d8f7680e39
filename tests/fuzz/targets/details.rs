//! `authorization_details` as sent: read against a declared type, written and
//! read again unchanged, narrowed to within its limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_core::details::{Catalogue, Details, Enclosing, narrow};
use locum_core::json::{self, parse};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// One field of every type that a target can declare.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let text = include_str!("../catalogue.json");
    let catalogue: Catalogue = serde_json::from_str(text).unwrap();
    assert_eq!(catalogue.check(), []);
    catalogue
});

fuzz_target!(|data: &[u8]| {
    // A request and the parent it must be within, a line each.
    let mut lines = data.splitn(2, |b| *b == b'\n');
    let mut list = || {
        let line = lines.next()?;
        let value = parse(line, json::JsonLimits::BODY).ok()?;
        Details::parse(&value, &CATALOGUE).ok()
    };
    let Some(asked) = list() else { return };
    let again = Details::parse(&asked.to_json(), &CATALOGUE).unwrap();
    assert_eq!(asked, again, "written and read again it is the same");
    let parent = list().unwrap_or_else(|| asked.clone());
    let limits = |parent| Enclosing { parent: Some(parent), grant: None, ceiling: None };
    let none = BTreeSet::new();
    if let Ok(granted) = narrow(Some(&asked), limits(&parent), &none, &CATALOGUE) {
        let once_more = narrow(Some(&granted), limits(&parent), &none, &CATALOGUE).unwrap();
        assert_eq!(granted, once_more, "what was granted is within the same limit");
        let within = narrow(Some(&granted), limits(&granted), &none, &CATALOGUE).unwrap();
        assert_eq!(granted, within, "what was granted is within itself");
    }
});
