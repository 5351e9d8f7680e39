//! `locum targets`: the downstream systems and their catalogues.

use serde_json::Value;

use crate::text::{clean, member};

use super::collection::Collection;

pub(super) const TARGETS: Collection = Collection {
    name: "targets",
    heads: &["id", "audience", "connector", "scopes"],
    row,
};

fn row(target: &Value) -> Vec<String> {
    let scopes = target.get("scopes").and_then(Value::as_object);
    let scopes: Vec<String> = scopes
        .into_iter()
        .flatten()
        .map(|(name, scope)| format!("{} ({})", clean(name), member(scope, &["risk"])))
        .collect();
    vec![
        member(target, &["id"]),
        member(target, &["audience"]),
        member(target, &["connector", "kind"]),
        scopes.join(", "),
    ]
}
