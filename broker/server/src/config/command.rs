//! `locum config`: a configuration looked at without serving it.

use super::secrets::{self, environment};
use super::{explain, load, objects, schema};
use crate::admin::declared;
use crate::serve::files;
use crate::trust;
use clap::Subcommand;
use locum_cli::Told;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use toml::Table;

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
            let text = explain(config, key)?;
            Told {
                data: json!({"key": key, "values": values(&text)}),
                text,
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

/// An explanation as `{"key","value","from"}` each. It is TOML,
/// `KEY = VALUE  # FROM`, a text perhaps over several lines; what is a comment
/// as a whole has no value.
fn values(text: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut read = String::new();
    for line in text.lines() {
        read.push_str(line);
        if toml::from_str::<Table>(&read).is_ok() {
            rows.push(row(&read));
            read.clear();
        } else {
            read.push('\n');
        }
    }
    rows
}

fn row(text: &str) -> Value {
    let (said, from) = text.rsplit_once("  # ").unwrap_or((text, ""));
    let (key, value) = match said.split_once(" = ") {
        Some((key, text)) => (key, value(text)),
        None => (said.trim_start_matches("# "), Value::Null),
    };
    let key = key.trim_end_matches(" is not set");
    json!({"key": key, "value": value, "from": from})
}

/// A value of TOML as JSON; a time is text.
fn value(text: &str) -> Value {
    let table = toml::from_str::<Table>(&format!("value = {text}"));
    match table.ok().and_then(|mut table| table.remove("value")) {
        Some(toml::Value::Datetime(time)) => json!(time.to_string()),
        Some(value) => json!(value),
        None => json!(text),
    }
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
        files::bundle(dir).map_err(|flaws| objects::sentence(&flaws))?;
    }
    trust::authorities(config.settings.trust.ca_file.as_deref())?;
    if let Some((cert, key)) = config.settings.tls.files() {
        crate::serve::tls::load(cert, key)?;
    }
    let unknown = declared::unknown(&config.declared);
    let warning = |flaw| format!("{} in the files", objects::sentence(&[flaw]));
    Ok(unknown.into_iter().map(warning).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_data_as_well() {
        let text = "limits.max_hops = 6  # /etc/a b.toml\n\
            # tls.cert_file is not set  # default\n\
            agents.x.ceiling = [{ target = \"sap\" }]  # x.toml\n\
            agents.x.certified_until = 2099-12-31T00:00:00Z  # x.toml\n\
            agents.x.name = \"\"\"\na  # b\nc\"\"\"  # x.toml\n\
            issuer = \"https://a = b  # c\"  # x.toml\n";
        let rows = [
            ("limits.max_hops", json!(6), "/etc/a b.toml"),
            ("tls.cert_file", json!(null), "default"),
            ("agents.x.ceiling", json!([{"target": "sap"}]), "x.toml"),
            (
                "agents.x.certified_until",
                json!("2099-12-31T00:00:00Z"),
                "x.toml",
            ),
            ("agents.x.name", json!("a  # b\nc"), "x.toml"),
            ("issuer", json!("https://a = b  # c"), "x.toml"),
        ];
        let rows = rows.map(|(key, value, from)| json!({"key": key, "value": value, "from": from}));
        assert_eq!(values(text), rows);
    }
}
