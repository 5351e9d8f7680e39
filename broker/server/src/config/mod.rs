//! `locum.toml` (contract §14): files, values, objects.

mod command;
mod explain;
mod files;
mod flaw;
mod issuer;
mod objects;
pub(crate) mod policy_files;
mod reference;
mod schema;
pub(crate) mod secret_files;
pub(crate) mod secrets;
mod settings;
pub(crate) mod store;
mod strength;
#[cfg(feature = "testing")]
pub mod testing;
mod values;
mod whole;

pub(crate) use command::{ConfigVerb, command};
pub(crate) use explain::Explained;
pub(crate) use flaw::ConfigFlaw;
pub(crate) use settings::Settings;

use locum_engine::declared::Declared;
use secrets::Environment;
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
    of(file, &files::read(file)?, environment)
}

/// The same of one file whose text is known, and which declares no objects.
///
/// # Errors
/// The first flaw, in one sentence.
#[cfg(feature = "demo")]
pub(crate) fn of_text(file: &Path, text: &str) -> Result<Config, ConfigFlaw> {
    let mut merged = files::Merged::default();
    merged.take(file, files::parse(file, text)?)?;
    of(file, &merged, &|_| None)
}

fn of(
    file: &Path,
    merged: &files::Merged,
    environment: Environment<'_>,
) -> Result<Config, ConfigFlaw> {
    let flaw = |detail: String| ConfigFlaw::new(file, detail);
    let settings = values::typed(merged).map_err(flaw)?;
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
pub(crate) fn explain(file: &Path, key: &str) -> Result<Vec<Explained>, ConfigFlaw> {
    let merged = files::read(file)?;
    explain::explain(&merged, key).map_err(|detail| ConfigFlaw::new(file, detail))
}

#[cfg(test)]
mod tests;
