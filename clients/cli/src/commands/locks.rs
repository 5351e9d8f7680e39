//! `locum locks`: what was locked, and whether it still is.

use serde_json::Value;

use crate::text::member;

use super::collection::Collection;

pub(super) const LOCKS: Collection = Collection {
    name: "locks",
    heads: &["id", "state", "what", "expires", "by", "reason"],
    row,
};

fn row(lock: &Value) -> Vec<String> {
    let kind = member(lock, &["what", "kind"]);
    let what = match lock.pointer("/what/id") {
        Some(Value::String(_)) => format!("{kind}/{}", member(lock, &["what", "id"])),
        _ => kind,
    };
    vec![
        member(lock, &["id"]),
        member(lock, &["state"]),
        what,
        member(lock, &["expires_at"]),
        member(lock, &["by"]),
        member(lock, &["reason"]),
    ]
}
