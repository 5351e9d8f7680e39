//! `locum config`: a configuration looked at without serving it.

use super::secrets::{self, environment};
use super::{Explained, explain, load, objects, policy_files, schema};
use crate::flaw::Flaw;
use clap::Subcommand;
use locum_cli::Told;
use locum_engine::declared;
use locum_engine::issuer_keys;
use serde_json::json;
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

/// Runs the command.
///
/// # Errors
/// What is wrong, in one sentence.
pub(crate) fn command(verb: &ConfigVerb) -> Result<Told, Flaw> {
    Ok(match verb {
        ConfigVerb::Check { config } => {
            let warnings = check(config)?;
            let config = config.display().to_string();
            Told {
                text: format!("{config}: ok"),
                data: json!({"config": config}),
                warnings,
            }
        }
        ConfigVerb::Explain { key, config } => {
            let rows = explain(config, key)?;
            let values: Vec<_> = rows.iter().map(Explained::to_json).collect();
            Told {
                data: json!({"key": key, "values": values}),
                text: rows.iter().map(|row| format!("{row}\n")).collect(),
                ..Told::default()
            }
        }
        ConfigVerb::Schema => Told {
            data: schema::schema(),
            text: schema::text(),
            ..Told::default()
        },
    })
}

/// Everything that can be seen without the data folder: the values, the files
/// they name, the objects by themselves. What objects name that no file declares
/// may be known to the record or made by the API: it is only warned of.
fn check(file: &Path) -> Result<Vec<String>, Flaw> {
    let config = load(file, &environment)?;
    secrets::master(&config, &environment)?;
    let token = config.settings.admin.bootstrap_token_file.as_deref();
    secrets::bootstrap(&config.file, token, &environment)?;
    let flaws = declared::by_themselves(&config.declared, &config.settings.issuer);
    if !flaws.is_empty() {
        return Err(format!("{}: {}", file.display(), objects::sentence(&flaws)).into());
    }
    if let Some(dir) = &config.settings.policy.dir {
        policy_files::bundle(dir).map_err(|flaws| objects::sentence(&flaws))?;
    }
    issuer_keys::authorities(config.settings.trust.ca_file.as_deref())?;
    if let Some((cert, key)) = config.settings.tls.files() {
        locum_web::tls::load(cert, key)?;
    }
    let unknown = declared::unknown(&config.declared);
    let warning = |flaw| format!("{} in the files", objects::sentence(&[flaw]));
    Ok(unknown.into_iter().map(warning).collect())
}
