//! `locum config explain KEY`: a value, and the file it comes from.

use super::files::{Merged, unknown_key};
use super::reference::{self, ConfigKey, KEYS};
use serde_json::json;
use std::fmt;
use toml::{Table, Value};

/// Where a value comes from that no file gives.
const DEFAULT: &str = "default";

/// A key as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Explained {
    /// With its table or object, points between.
    pub(crate) key: String,
    /// Its value; `None` where there is none unless one is given.
    pub(crate) value: Option<Value>,
    /// The file that gives it, or `default`.
    pub(crate) from: String,
}

impl Explained {
    /// As data: `{"key","value","from"}`; a time is text.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let value = match &self.value {
            Some(Value::Datetime(time)) => json!(time.to_string()),
            value => json!(value),
        };
        json!({"key": self.key, "value": value, "from": self.from})
    }
}

/// As TOML, with where it comes from as a comment.
impl fmt::Display for Explained {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(out, "{} = {value}  # {}", self.key, self.from),
            None => write!(out, "# {} is not set  # {}", self.key, self.from),
        }
    }
}

/// A key, those of a table, the members of an object (`agents.x`) or one of
/// them; the sentence to give where there is no such key.
pub(super) fn explain(merged: &Merged, name: &str) -> Result<Vec<Explained>, String> {
    let inside = |key: &&ConfigKey| {
        let below = key.name.strip_prefix(name);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let keys = KEYS.iter().filter(inside);
    let mut out: Vec<_> = keys.map(|key| setting(merged, key)).collect();
    for entry in &merged.entries {
        let whole = format!("{}.{}", entry.array, entry.id);
        for (member, value) in &entry.table {
            let key = format!("{whole}.{member}");
            let asked = [entry.array, &whole, &key].contains(&name);
            if asked && member != "id" {
                let from = entry.file.display().to_string();
                let value = Some(value.clone());
                out.push(Explained { key, value, from });
            }
        }
    }
    if out.is_empty() && reference::OBJECTS.iter().any(|(array, ..)| *array == name) {
        out.push(Explained {
            key: name.to_owned(),
            value: Some(Value::Array(Vec::new())),
            from: DEFAULT.to_owned(),
        });
    }
    if out.is_empty() && !reference::EMPTY_TABLES.contains(&name) {
        let entries = merged.entries.iter();
        let objects: Vec<_> = entries.map(|e| format!("{}.{}", e.array, e.id)).collect();
        let mut known: Vec<&str> = reference::names().collect();
        known.extend(objects.iter().map(String::as_str));
        return Err(unknown_key(name, known));
    }
    Ok(out)
}

fn setting(merged: &Merged, key: &ConfigKey) -> Explained {
    let (value, from) = match merged.values.get(key.name) {
        Some(given) => (Some(given.value.clone()), given.file.display().to_string()),
        None => (key.default.and_then(default), DEFAULT.to_owned()),
    };
    Explained {
        key: key.name.to_owned(),
        value,
        from,
    }
}

/// A default as it is written in the table of keys.
fn default(text: &str) -> Option<Value> {
    let read = toml::from_str::<Table>(&format!("value = {text}"));
    read.ok().and_then(|mut table| table.remove("value"))
}
