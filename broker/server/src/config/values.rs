//! The values of the files, typed and sound among each other.

use super::files::Merged;
use super::reference::KEYS;
use super::settings::Settings;
use serde_json::{Map, Value};
use std::mem::take;

/// Everything but the objects.
///
/// # Errors
/// The first flaw, in one sentence.
pub(super) fn typed(merged: &Merged) -> Result<Settings, String> {
    for required in ["issuer", "data_dir"] {
        if !merged.values.contains_key(required) {
            return Err(format!("expected a value for `{required}`, found none"));
        }
    }
    let mut settings: Settings =
        serde_json::from_value(Value::Object(nested(merged))).map_err(|error| error.to_string())?;
    settings.trust.allow_private = take(&mut settings.network.allow_private);
    if settings.tls.cert_file.is_some() != settings.tls.key_file.is_some() {
        let detail = "expected `tls.cert_file` and `tls.key_file`, found one of them";
        return Err(detail.to_owned());
    }
    match settings.telemetry.flaw().or_else(|| settings.store.flaw()) {
        Some(detail) => Err(detail),
        None => Ok(settings),
    }
}

/// All values in their tables, defaults included.
fn nested(merged: &Merged) -> Map<String, Value> {
    let mut out = Map::new();
    for key in KEYS {
        // Every default is JSON as well as TOML.
        let value = match merged.values.get(key.name) {
            Some(found) => serde_json::to_value(&found.value).ok(),
            None => key.default.and_then(|text| serde_json::from_str(text).ok()),
        };
        let (table, name) = match key.name.split_once('.') {
            Some((table, name)) => {
                let table = out
                    .entry(table)
                    .or_insert_with(|| Value::Object(Map::new()));
                (table.as_object_mut(), name)
            }
            None => (Some(&mut out), key.name),
        };
        if let (Some(table), Some(value)) = (table, value) {
            table.insert(name.to_owned(), value);
        }
    }
    out
}
