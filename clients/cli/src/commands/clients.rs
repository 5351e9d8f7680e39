//! `locum clients`: who asks besides the agents, resource servers and presenters.

use serde_json::Value;

use crate::text::member;

use super::collection::Collection;

pub(super) const CLIENTS: Collection = Collection {
    name: "clients",
    heads: &["id", "kind", "authenticates by"],
    row,
};

fn row(client: &Value) -> Vec<String> {
    let auth = client.get("auth").and_then(Value::as_array);
    let methods: Vec<String> = auth
        .into_iter()
        .flatten()
        .map(|auth| member(auth, &["method"]))
        .collect();
    vec![
        member(client, &["id"]),
        member(client, &["kind"]),
        methods.join(", "),
    ]
}
