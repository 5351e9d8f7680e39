//! `locum secrets`: what Locum shows to downstream systems. A value goes in, from a
//! file or standard input, and never comes out.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::input::read_text;
use crate::output::Report;
use crate::text::clean;

use super::collection::{Collection, LookUp, cells};

const SECRETS: Collection = Collection {
    name: "secrets",
    heads: &["name", "ends", "origins", "used by", "managed by"],
    row: |secret| {
        cells(
            secret,
            ["name", "expires_at", "origins", "used_by", "managed_by"],
        )
    },
};

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct SecretsArgs {
    #[command(subcommand)]
    verb: Option<SecretVerb>,
}

#[derive(Debug, Subcommand)]
enum SecretVerb {
    /// List all, without their values
    List,
    /// Show one, without its value
    Show {
        /// Its name
        name: String,
    },
    /// Take a secret, or another value for it, in force at once
    Set(SetArgs),
    /// Delete one that no target names
    Delete {
        /// Its name
        name: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
struct SetArgs {
    /// Its name
    name: String,
    /// The file with the value, a text or PEM; `-` is standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    file: String,
    /// When it ends, RFC 3339; by default when its certificate does
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// The only origin it may be sent to, such as `https://api.example`; may be repeated; by default it stays bound as it was
    #[arg(long = "origin", value_name = "ORIGIN", conflicts_with = "any_origin")]
    origins: Vec<String>,
    /// Bind it to no origin
    #[arg(long)]
    any_origin: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Lists, shows, sets or deletes.
pub(crate) async fn run(args: SecretsArgs, environment: &Environment) -> Result<Report, Failure> {
    match args.verb.unwrap_or(SecretVerb::List) {
        SecretVerb::List => SECRETS.look(LookUp::List, environment).await,
        SecretVerb::Show { name } => SECRETS.look(LookUp::Show { id: name }, environment).await,
        SecretVerb::Set(args) => set(args, environment).await,
        SecretVerb::Delete { name, reason } => {
            let admin = AdminClient::new(environment)?;
            let body = json!({ "reason": reason });
            let gone = admin.delete(SECRETS.name, &name, &body).await?;
            Ok(Report::new(gone, format!("{name} is deleted")))
        }
    }
}

async fn set(args: SetArgs, environment: &Environment) -> Result<Report, Failure> {
    let admin = AdminClient::new(environment)?;
    let value = read_text(&args.file)?;
    let mut body = Map::new();
    body.insert("value".to_owned(), value.into());
    body.insert("reason".to_owned(), args.reason.into());
    if let Some(at) = args.expires_at {
        body.insert("expires_at".to_owned(), at.into());
    }
    if args.any_origin {
        body.insert("origins".to_owned(), Value::Null);
    } else if !args.origins.is_empty() {
        body.insert("origins".to_owned(), args.origins.into());
    }
    let body = Value::Object(body);
    let taken = admin.replace(SECRETS.name, &args.name, &body).await?;
    let end = taken.get("expires_at").and_then(Value::as_str);
    let end = end.map_or_else(String::new, |end| format!("; ends {}", clean(end)));
    let text = format!("{} is taken{end}", args.name);
    Ok(Report::new(taken, text))
}
