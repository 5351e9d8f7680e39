//! The Redis of all nodes, as a configuration names it (contract §16).

use super::flaw::ConfigFlaw;
use super::secrets::{self, Environment};
use super::settings::is_node;
use super::{Config, Settings};
use locum_stores::formats::FORMATS;
use locum_stores::redis::RedisSettings;
use std::path::Path;
use std::time::Duration;

/// The user's password.
const STORE_PASSWORD: &str = "LOCUM_STORE_PASSWORD";
/// Where Linux keeps the name of the host.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// The name of this node: as configured, or that of the host.
pub(crate) fn node(settings: &Settings) -> String {
    let host = || {
        let text = std::fs::read_to_string(HOST_NAME).unwrap_or_default();
        let name = text.trim().to_owned();
        if is_node(&name) { name } else { "locum".into() }
    };
    settings.store.node.clone().unwrap_or_else(host)
}

/// How the Redis is reached; `None` where this node stands alone.
///
/// # Errors
/// The first flaw, in one sentence.
pub(crate) fn read(
    config: &Config,
    environment: Environment<'_>,
) -> Result<Option<RedisSettings>, ConfigFlaw> {
    let store = &config.settings.store;
    let Some(url) = store.redis.clone() else {
        return Ok(None);
    };
    let file = config.file.as_path();
    let password = secrets::read(
        file,
        "store.password_file",
        store.password_file.as_deref(),
        (STORE_PASSWORD, environment),
    )?;
    Ok(Some(RedisSettings {
        url,
        user: store.user.clone(),
        password,
        ca_pem: ca(file, store.ca_file.as_deref())?,
        min_replicas_acked: store.min_replicas_acked,
        stale: Duration::from_secs(store.stale_s),
        confirm: Duration::from_millis(store.confirm_ms),
        allow_volatile: store.allow_volatile,
        node: node(&config.settings),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        peer: store.peer.clone(),
        mirror_days: store.mirror_days,
        issuer: config.settings.issuer.clone(),
        data: config.settings.data_dir.clone(),
        segment_bytes: locum_stores::ledger::SEGMENT_BYTES,
        formats: FORMATS,
    }))
}

fn ca(config: &Path, file: Option<&Path>) -> Result<Option<Vec<u8>>, ConfigFlaw> {
    let Some(file) = file else {
        return Ok(None);
    };
    let read = std::fs::read(file);
    let flaw = |error: std::io::Error| {
        ConfigFlaw::new(
            config,
            format!("`store.ca_file`: `{}`: {error}", file.display()),
        )
    };
    read.map(Some).map_err(flaw)
}
