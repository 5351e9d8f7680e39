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
    heads: &["kid", "alg", "use", "state", "created", "signs since"],
    row: |key| {
        cells(
            key,
            ["kid", "alg", "use", "state", "created_at", "activates_at"],
        )
    },
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
        /// The algorithm whose key changes [default: ES256, of receipts EdDSA]
        #[arg(long, value_parser = ["ES256", "RS256", "PS256", "EdDSA"])]
        alg: Option<String>,
        /// What the key signs: tokens (`sig`) or receipts (`receipt`)
        #[arg(long = "use", value_name = "USE", default_value = "sig", value_parser = ["sig", "receipt"])]
        key_use: String,
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
        KeyVerb::Rotate {
            alg,
            key_use,
            reason,
        } => {
            let usual = match key_use.as_str() {
                "receipt" => "EdDSA",
                _ => "ES256",
            };
            let alg = alg.as_deref().unwrap_or(usual);
            let mut body = json!({"alg": alg, "reason": reason});
            if let Some(members) = body.as_object_mut().filter(|_| key_use != "sig") {
                members.insert("use".to_owned(), json!(key_use));
            }
            admin.create("keys/rotate", &body).await?
        }
        KeyVerb::Retire { kid, reason } => admin.act(KEYS.name, &kid, "retire", &reason).await?,
    };
    Ok(KEYS.listed(answer))
}
