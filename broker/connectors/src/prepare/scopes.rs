//! `scopes`: ours to theirs.

use super::words::escaped;
use crate::values::Values;
use locum_core::registry::Problems;
use locum_core::scope::{Scope, ScopeName};
use std::collections::BTreeMap;

const POINTER: &str = "/connector/parameters/scopes";

/// The mapping; empty where the request does not narrow.
pub(super) fn check(
    values: &Values,
    catalogue: &Scope,
    out: &mut Problems,
) -> BTreeMap<ScopeName, String> {
    if values.get("scopes").is_none() {
        return BTreeMap::new();
    }
    let mut scopes = BTreeMap::new();
    for (name, theirs) in values.members("scopes") {
        let pointer = format!("{POINTER}/{}", escaped(name));
        let ours = ScopeName::parse(name).ok().filter(|_| catalogue.has(name));
        out.require(
            ours.is_some(),
            &pointer,
            "expected a scope of the target's catalogue",
        );
        out.require(
            is_scope_list(theirs),
            &pointer,
            "expected the vendor's names of printable ASCII, with one space between",
        );
        if let Some(ours) = ours {
            scopes.insert(ours, theirs.to_owned());
        }
    }
    for name in catalogue.iter() {
        out.require(
            scopes.contains_key(name),
            &format!("{POINTER}/{}", escaped(name.as_str())),
            "expected every scope of the target's catalogue, found none of that name",
        );
    }
    scopes
}

/// RFC 6749 §3.3.
fn is_scope_list(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
    text.split(' ')
        .all(|name| !name.is_empty() && name.bytes().all(legal))
}
