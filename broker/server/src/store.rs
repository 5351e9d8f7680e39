//! `locum store`: looks after the Redis that the brokers of an issuer share.

use crate::config;
use crate::config::secrets::{self, environment};
use crate::flaw::Flaw;
use clap::Subcommand;
use locum_ambient::Randomness;
use locum_cli::Told;
use locum_engine::vault::StoreSeal;
use locum_stores::redis;
use serde_json::json;
use std::path::PathBuf;

/// What is done with the store.
#[derive(Subcommand)]
pub(crate) enum StoreVerb {
    /// Take out of Redis what does not open under this master key: no broker folds it,
    /// and none is ready while it is there.
    Repair {
        /// The configuration of one of the brokers.
        #[arg(long, value_name = "FILE", default_value = "locum.toml")]
        config: PathBuf,
        /// Say what would be taken out, and take out nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs it.
///
/// # Errors
/// Whatever is in the way, in one sentence.
pub(crate) async fn command(verb: &StoreVerb) -> Result<Told, Flaw> {
    let StoreVerb::Repair { config, dry_run } = verb;
    let config = config::load(config, &environment)?;
    let master = secrets::master(&config, &environment)?;
    let store = config::store::read(&config, &environment)?;
    let store = store.ok_or("expected `store.redis` in the configuration, found none")?;
    let sealing = StoreSeal::new(&master, Randomness::new());
    let found = redis::repair(&store, &sealing, !dry_run).await?;
    let mut lines: Vec<String> = found
        .iter()
        .map(|what| {
            let done = if *dry_run {
                "does not open"
            } else {
                "is taken out"
            };
            format!("{what} {done}")
        })
        .collect();
    if lines.is_empty() {
        lines.push("everything in Redis opens".into());
    }
    Ok(Told {
        data: json!({ "found": found, "taken_out": !dry_run }),
        text: lines.join("\n"),
        warnings: Vec::new(),
    })
}
