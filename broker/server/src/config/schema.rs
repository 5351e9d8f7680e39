//! The JSON Schema of `locum.toml`, made from the table of keys and the
//! schemas of the admin API.

use super::reference::{ConfigKey, EMPTY_TABLES, Holds, INCLUDE, KEYS, OBJECTS};
use locum_engine::secrets::OVERLAP_MAX;
use serde_json::{Map, Value, json};

/// The schema (JSON Schema 2020-12).
pub(crate) fn schema() -> Value {
    let mut members: Map<String, Value> = Map::new();
    for key in KEYS {
        match key.name.split_once('.') {
            None => drop(members.insert(key.name.to_owned(), of_key(key))),
            Some((table, name)) => {
                let table = members.entry(table).or_insert_with(table_schema);
                if let Some(inside) = table.get_mut("properties").and_then(Value::as_object_mut) {
                    inside.insert(name.to_owned(), of_key(key));
                }
            }
        }
    }
    for table in EMPTY_TABLES {
        members.insert(table.to_owned(), table_schema());
    }
    let paths = json!({
        "type": "array", "items": { "type": "string" },
        "description": "Further files, `dir/*.toml` or by name; read in the order of their names",
    });
    members.insert(INCLUDE.to_owned(), paths);
    let specs = locum_admin::schemas();
    for (array, spec, more) in OBJECTS {
        let item = object(specs.get(spec).cloned().unwrap_or_default(), more);
        members.insert(array.to_owned(), json!({ "type": "array", "items": item }));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "locum.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": members,
    })
}

/// The schema as it is printed and kept.
pub(crate) fn text() -> String {
    // INVARIANT: a JSON value serialises to JSON.
    let mut out = serde_json::to_string_pretty(&schema()).unwrap_or_default();
    out.push('\n');
    out
}

fn table_schema() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": {} })
}

fn of_key(key: &ConfigKey) -> Value {
    let mut out = match key.holds {
        Holds::Text | Holds::Path | Holds::Address => json!({ "type": "string" }),
        Holds::Blocks | Holds::Hosts => json!({ "type": "array", "items": { "type": "string" } }),
        Holds::Whole(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Holds::Flag => json!({ "type": "boolean" }),
    };
    if let Some(members) = out.as_object_mut() {
        members.insert("description".into(), key.about.into());
        // Every default is JSON as well as TOML.
        let default = key
            .default
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        members.extend(default.map(|value| ("default".to_owned(), value)));
    }
    out
}

/// An object's schema with what files may say besides.
fn object(mut spec: Value, more: &[&str]) -> Value {
    if let Some(members) = spec.get_mut("properties").and_then(Value::as_object_mut) {
        for name in more {
            let holds = match *name {
                "certified_until" => json!({ "type": "string", "format": "date-time" }),
                "client_secret_overlap_seconds" => {
                    json!({ "type": "integer", "minimum": 0, "maximum": OVERLAP_MAX, "default": 0 })
                }
                _ => json!({ "type": "string" }),
            };
            members.insert((*name).to_owned(), holds);
        }
    }
    if let Some(required) = spec.get_mut("required").and_then(Value::as_array_mut)
        && !required.contains(&json!("id"))
    {
        required.insert(0, json!("id"));
    }
    spec
}
