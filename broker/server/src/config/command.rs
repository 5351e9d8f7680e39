//! `locum config`: a configuration looked at without serving it.

use super::explain::explain as explained;
use super::secrets::{self, environment};
use super::{Explained, explain, files, load, objects, policy_files, schema, secret_files};
use crate::flaw::Flaw;
use clap::Subcommand;
use locum_cli::Told;
use locum_core::registry::FieldProblem;
use locum_engine::declared::{self, Declared, DeclaredSecret};
use locum_engine::vendors::{self, ProfileCheck};
use locum_engine::{authorities, issuer_keys};
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

/// How a connector is checked where a configuration is served: vendors over TLS.
const SERVED: ProfileCheck = ProfileCheck {
    plain_to_loopback: false,
};

/// Everything that can be seen without the data folder: the values, the files
/// they name, the objects by themselves. What objects name that no file declares
/// may be known to the record or made by the API: it is only warned of.
fn check(file: &Path) -> Result<Vec<String>, Flaw> {
    let config = load(file, &environment)?;
    secrets::master(&config, &environment)?;
    let token = config.settings.admin.bootstrap_token_file.as_deref();
    secrets::bootstrap(&config.file, token, &environment)?;
    let flaws = declared::by_themselves(&config.declared, &config.settings.issuer, &SERVED);
    if !flaws.is_empty() {
        return Err(where_declared(file, flaws).into());
    }
    if let Some(dir) = &config.settings.policy.dir {
        policy_files::bundle(dir).map_err(|flaws| objects::sentence(&flaws))?;
    }
    authorities::read(
        issuer_keys::CA_FILE,
        config.settings.trust.ca_file.as_deref(),
    )?;
    authorities::read(
        vendors::CA_FILE,
        config.settings.downstream.ca_file.as_deref(),
    )?;
    if let Some((cert, key)) = config.settings.tls.files() {
        locum_web::tls::load(cert, key)?;
    }
    let secrets = match &config.settings.downstream.secrets_dir {
        Some(dir) => secret_files::read(dir).map_err(|flaws| objects::sentence(&flaws))?,
        None => secret_files::SecretFiles::default(),
    };
    if !secrets.flaws.is_empty() {
        let flaws: Vec<_> = secrets.flaws.into_iter().map(|(_, flaw)| flaw).collect();
        return Err(objects::sentence(&flaws).into());
    }
    let unknown = declared::unknown(&config.declared, secrets.read.into_keys().collect());
    let warning = |flaw| format!("{} in the files", objects::sentence(&[flaw]));
    let mut warnings: Vec<String> = unknown.into_iter().map(warning).collect();
    warnings.extend(
        secrets
            .passed_over
            .iter()
            .map(|name| secret_files::no_name(name)),
    );
    warnings.extend(unencoded(&config.declared));
    Ok(warnings)
}

/// The flaws of the file that declares the first of the objects that have one.
fn where_declared(file: &Path, flaws: Vec<FieldProblem>) -> String {
    let merged = files::read(file).ok();
    let declares = |flaw: &FieldProblem| {
        let steps: Vec<&str> = flaw.pointer.split('/').skip(1).take(2).collect();
        let rows = merged
            .as_ref()
            .map(|merged| explained(merged, &steps.join(".")));
        let row = rows.and_then(Result::ok).into_iter().flatten().next();
        row.map_or_else(|| file.display().to_string(), |row| row.from)
    };
    let by = flaws.first().map(declares).unwrap_or_default();
    let its: Vec<_> = flaws
        .into_iter()
        .filter(|one| declares(one) == by)
        .collect();
    format!("{by}: {}", objects::sentence(&its))
}

/// Secrets that some clients cannot present: RFC 6749 §2.3.1 has them
/// percent-encoded before HTTP Basic, and many do not encode.
fn unencoded(declared: &Declared) -> Vec<String> {
    let agents = declared.agents.iter();
    let agents = agents.map(|agent| ("agents", agent.spec.id.as_str(), &agent.secret));
    let clients = declared.clients.iter();
    let clients = clients.map(|client| ("clients", client.spec.id.as_str(), &client.secret));
    let differs = |secret: &DeclaredSecret| secret.secret.expose().contains(['+', '%']);
    agents
        .chain(clients)
        .filter(|(_, _, secret)| secret.as_ref().is_some_and(differs))
        .map(|(array, id, _)| {
            format!(
                "`{array}.{id}`: expected a secret without `+` and `%`, which some clients do not encode for HTTP Basic, found one; make one with `{}`",
                secrets::MAKE
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use locum_core::secret::Secret;
    use locum_engine::declared::DeclaredClient;

    #[test]
    fn a_flaw_of_an_object_is_told_with_the_file_that_declares_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let main = write(
            "locum.toml",
            "issuer = \"https://broker.example\"\ndata_dir = \"data\"\ninclude = [\"*.d.toml\"]\n",
        );
        let idp = "[[issuers]]\nid = \"idp\"\nissuer = \"https://idp.example\"\nkind = \"oidc\"\n\
                   role = \"subject\"\njwks_uri = \"https://idp.example/jwks\"\n";
        let file = write("idp.d.toml", idp);
        let config = load(&main, &|_| None).unwrap();
        let flaws = declared::by_themselves(&config.declared, &config.settings.issuer, &SERVED);
        let said = where_declared(&main, flaws);
        let begin = format!("{}: issuers.idp.jwks_uri: expected none", file.display());
        assert!(said.starts_with(&begin), "{said}");
    }

    #[test]
    fn a_secret_that_some_clients_do_not_encode_is_warned_of_and_not_shown() {
        let client = |id: &str, secret: &str| DeclaredClient {
            spec: serde_json::from_value(
                json!({"id": id, "kind": "presenter", "auth": [{"method": "client_secret"}]}),
            )
            .unwrap(),
            secret: Some(DeclaredSecret {
                secret: Secret::new(secret.to_owned()),
                overlap_s: 0,
            }),
        };
        let declared = Declared {
            clients: vec![
                client("plain", "a-_b"),
                client("plus", "a+b"),
                client("cent", "a%b"),
            ],
            ..Declared::default()
        };
        let warned = unencoded(&declared);
        assert_eq!(warned.len(), 2);
        assert!(warned[0].starts_with("`clients.plus`: ") && !warned[0].contains("a+b"));
        assert!(warned[1].starts_with("`clients.cent`: "));
    }
}
