//! `locum config`: a configuration looked at without serving it.

use super::secrets::{self, environment};
use super::{explain, load, objects, schema};
use crate::admin::declared;
use crate::serve::files;
use crate::trust;
use clap::Subcommand;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What `locum config` does.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Say what is wrong with a configuration and what it names; exit 1 if anything is.
    Check {
        /// The configuration, a TOML file.
        #[arg(long, value_name = "FILE", default_value = "locum.toml")]
        config: PathBuf,
    },
    /// Print a value and the file it comes from, or `default`.
    Explain {
        /// A key such as `limits.body_bytes`, a table, or an object such as `agents.x`.
        key: String,
        /// The configuration, a TOML file.
        #[arg(long, value_name = "FILE", default_value = "locum.toml")]
        config: PathBuf,
    },
    /// Print the JSON Schema of `locum.toml`, for editors.
    Schema,
}

/// Why a command fails.
pub(crate) type Flaw = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command.
///
/// # Errors
/// What is wrong, in one sentence.
pub(crate) fn command(verb: &ConfigVerb, out: &mut dyn Write) -> Result<(), Flaw> {
    match verb {
        ConfigVerb::Check { config } => {
            check(config)?;
            writeln!(out, "{}: ok", config.display())?;
        }
        ConfigVerb::Explain { key, config } => out.write_all(explain(config, key)?.as_bytes())?,
        ConfigVerb::Schema => out.write_all(schema::text().as_bytes())?,
    }
    Ok(())
}

/// Everything that can be seen without the data folder: the values, the files
/// they name, the objects by themselves.
fn check(file: &Path) -> Result<(), Flaw> {
    let config = load(file, &environment)?;
    secrets::master(&config, &environment)?;
    secrets::bootstrap(&config, &environment)?;
    let flaws = declared::by_themselves(&config.declared, &config.settings.issuer);
    if !flaws.is_empty() {
        return Err(format!("{}: {}", file.display(), objects::sentence(&flaws)).into());
    }
    if let Some(dir) = &config.settings.policy.dir {
        files::bundle(dir).map_err(|flaws| objects::sentence(&flaws))?;
    }
    trust::authorities(config.settings.trust.ca_file.as_deref())?;
    if let Some((cert, key)) = config.settings.tls.files() {
        crate::serve::tls::load(cert, key)?;
    }
    Ok(())
}
