//! `locum keys`: the keys that Locum signs with.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;

use super::collection::{Collection, cells};

const KEYS: Collection = Collection {
    name: "keys",
    heads: &["kid", "alg", "state", "created", "signs since"],
    row: |key| cells(key, ["kid", "alg", "state", "created_at", "activates_at"]),
};

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    verb: Option<KeyVerb>,
}

#[derive(Debug, Subcommand)]
enum KeyVerb {
    /// List every signing key and where it stands
    List,
    /// Let the next key sign from now on, and publish another one for the time after
    Rotate {
        /// The algorithm whose key changes
        #[arg(long, default_value = "ES256", value_parser = ["ES256", "RS256", "PS256", "EdDSA"])]
        alg: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take a key out of use at once: what it signed is dead
    Retire {
        /// The key's id
        // A thumbprint in base64url may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Lists, rotates or retires.
pub(crate) async fn run(args: KeysArgs, environment: &Environment) -> Result<Report, Failure> {
    let admin = AdminClient::new(environment)?;
    let answer = match args.verb.unwrap_or(KeyVerb::List) {
        KeyVerb::List => json!({"items": admin.list(KEYS.name).await?}),
        KeyVerb::Rotate { alg, reason } => {
            let body = json!({"alg": alg, "reason": reason});
            admin.create("keys/rotate", &body).await?
        }
        KeyVerb::Retire { kid, reason } => admin.act(KEYS.name, &kid, "retire", &reason).await?,
    };
    Ok(KEYS.listed(answer))
}
