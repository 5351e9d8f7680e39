//! `locum config explain KEY`: a value, and the file it comes from.

use super::files::{Merged, unknown_key};
use super::keys::{self, KEYS, Key};
use std::fmt::Write;
use toml::Value;

/// The lines for a key, a table, an object (`agents.x`) or one of its members;
/// the sentence to give where there is no such key.
pub(super) fn explain(merged: &Merged, name: &str) -> Result<String, String> {
    let mut out = String::new();
    let inside = |key: &&Key| {
        key.name == name
            || key
                .name
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    for key in KEYS.iter().filter(inside) {
        line(&mut out, key.name, value(merged, key));
    }
    for entry in &merged.entries {
        let whole = format!("{}.{}", entry.array, entry.id);
        let from = entry.file.display().to_string();
        for (member, value) in &entry.table {
            let full = format!("{whole}.{member}");
            let asked = [entry.array, &whole, &full].contains(&name);
            if asked && member != "id" {
                line(&mut out, &full, Some((value.to_string(), from.clone())));
            }
        }
    }
    let empty = keys::OBJECTS.iter().any(|(array, ..)| *array == name);
    if out.is_empty() && empty {
        return Ok(format!("{name} = []  # default\n"));
    }
    if out.is_empty() && !keys::EMPTY_TABLES.contains(&name) {
        let entries = merged.entries.iter();
        let objects: Vec<_> = entries.map(|e| format!("{}.{}", e.array, e.id)).collect();
        let mut known: Vec<&str> = keys::names().collect();
        known.extend(objects.iter().map(String::as_str));
        return Err(unknown_key(name, known));
    }
    Ok(out)
}

/// The value as TOML and where it comes from.
fn value(merged: &Merged, key: &Key) -> Option<(String, String)> {
    let found = merged.values.get(key.name);
    let given = found.map(|found| (shown(&found.value), found.file.display().to_string()));
    given.or_else(|| Some((key.default?.to_owned(), "default".to_owned())))
}

fn shown(value: &Value) -> String {
    value.to_string()
}

fn line(out: &mut String, name: &str, value: Option<(String, String)>) {
    // INVARIANT: writing to a String cannot fail.
    let _ = match value {
        Some((value, from)) => writeln!(out, "{name} = {value}  # {from}"),
        None => writeln!(out, "# {name} is not set  # default"),
    };
}
