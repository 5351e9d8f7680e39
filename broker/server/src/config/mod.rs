//! `locum.toml` (contract §14): files, values, objects.

mod command;
mod explain;
mod files;
mod flaw;
mod issuer;
mod keys;
mod nearest;
mod objects;
mod schema;
pub(crate) mod secrets;
mod settings;

pub(crate) use command::{ConfigVerb, command};
pub(crate) use flaw::ConfigFlaw;
pub(crate) use nearest::nearest;
pub(crate) use settings::{Limits, Settings};

use crate::admin::declared::Declared;
use secrets::Environment;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// A configuration that was read and is sound by itself.
pub(crate) struct Config {
    /// The main file.
    pub(crate) file: PathBuf,
    /// The values in force.
    pub(crate) settings: Settings,
    /// The objects that files declare.
    pub(crate) declared: Declared,
    /// The path of the issuer, a prefix of its endpoints.
    pub(crate) issuer_path: String,
}

/// Reads a configuration. Client secrets are read with it; the other secrets
/// when they are needed.
///
/// # Errors
/// The first flaw, in one sentence.
pub(crate) fn load(file: &Path, environment: Environment<'_>) -> Result<Config, ConfigFlaw> {
    let merged = files::read(file)?;
    let flaw = |detail: String| ConfigFlaw::new(file, detail);
    for required in ["issuer", "data_dir"] {
        if !merged.values.contains_key(required) {
            return Err(flaw(format!(
                "expected a value for `{required}`, found none"
            )));
        }
    }
    let settings: Settings = serde_json::from_value(Value::Object(nested(&merged)))
        .map_err(|error| flaw(error.to_string()))?;
    if settings.tls.cert_file.is_some() != settings.tls.key_file.is_some() {
        let detail = "expected `tls.cert_file` and `tls.key_file`, found one of them";
        return Err(flaw(detail.to_owned()));
    }
    if let Some(detail) = settings.telemetry.flaw() {
        return Err(flaw(detail));
    }
    let issuer_path = issuer::path(&settings.issuer).map_err(flaw)?;
    let declared = objects::read(&merged.entries, environment)?;
    Ok(Config {
        file: file.to_owned(),
        settings,
        declared,
        issuer_path,
    })
}

/// `locum config explain KEY`.
///
/// # Errors
/// The files' first flaw, or a key that is not known.
pub(crate) fn explain(file: &Path, key: &str) -> Result<String, ConfigFlaw> {
    let merged = files::read(file)?;
    explain::explain(&merged, key).map_err(|detail| ConfigFlaw::new(file, detail))
}

/// All values in their tables, defaults included.
fn nested(merged: &files::Merged) -> Map<String, Value> {
    let mut out = Map::new();
    for key in keys::KEYS {
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

#[cfg(test)]
mod tests;
