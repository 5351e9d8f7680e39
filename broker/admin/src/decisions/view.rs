//! A decision's record as the admin API shows it (contract §12). What is
//! personal stands in the side record and is null once that was erased.

use locum_stores::ledger::Entry;
use serde_json::{Map, Value, json};

/// Members that a record's body holds under the name they are shown with.
const PLAIN: [&str; 14] = [
    "id",
    "request_id",
    "outcome",
    "code",
    "client_id",
    "actor_from",
    "target",
    "basis",
    "requested",
    "granted",
    "checks",
    "bundle",
    "jti",
    "parent",
];
/// Members shown only where there is something to show.
const WHERE_PRESENT: [&str; 6] = [
    "grant",
    "presenter",
    "task_id",
    "delegate_to",
    "trace_id",
    "would_pass",
];

/// Shows a record. `issuer` is Locum's, in whose names subjects are told;
/// `time` is the record's, RFC 3339.
pub(super) fn view(entry: &Entry, issuer: &str, time: &str) -> Value {
    let of = |name: &str| entry.body.get(name).cloned().unwrap_or_default();
    let aside = |name: &str| entry.side.as_ref().and_then(|side| side.get(name)).cloned();
    let mut out: Map<String, Value> = Map::new();
    for name in PLAIN {
        out.insert(name.into(), of(name));
    }
    out.insert("time".into(), json!(time));
    let subject = match of("subject") {
        Value::Null => Value::Null,
        _ => json!({ "iss": issuer, "sub": aside("subject") }),
    };
    out.insert("subject".into(), subject);
    out.insert("groups".into(), aside("groups").unwrap_or_default());
    // Foreign actors' names stand aside, as personal values do.
    let chain = aside("chain").unwrap_or_else(|| of("chain"));
    out.insert("chain".into(), list(chain));
    out.insert("policies".into(), list(of("policies")));
    let place = json!({ "tree": entry.place.tree, "index": entry.place.index });
    out.insert("record".into(), place);
    let mut more = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            out.insert(name.into(), value);
        }
    };
    for name in WHERE_PRESENT {
        more(name, Some(of(name)));
    }
    more("error_description", aside("description"));
    more("detail", aside("detail"));
    more("purpose", aside("purpose"));
    Value::Object(out)
}

fn list(value: Value) -> Value {
    match value {
        Value::Null => json!([]),
        value => value,
    }
}

#[cfg(test)]
mod tests;
