//! Signing keys by schedule (`keys.rotate_days`): the next one, published since
//! the last rotation, takes over, and another is published. Old ones are retired
//! once their last token or receipt has expired. What a rotation changes is planned in
//! `broker/engine/src/keyring/plan.rs`.

use crate::app::App;
use locum_engine::keyring::{self, NotTurned, Planning, Series};
use locum_engine::unavailable::Unavailable;
use locum_stores::state::{KeyState, KeyUse, SigningKeyEntry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether a key is due.
const EVERY: Duration = Duration::from_secs(600);
/// Days after which the next key of receipts takes over, unless an administrator
/// rotates earlier. An old one stays published for ten years, and a key set of
/// strict readers holds 64 keys: `keys.rotate_days` would fill it.
const RECEIPTS_ROTATE_DAYS: u32 = 365;
/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// Rotates whatever is due, until the broker stops.
pub(super) async fn by_schedule(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            _ = every.tick() => {}
        }
        if let Err(error) = rotate(&app).await {
            tracing::error!(%error, "keys were not rotated; tried again later");
        }
    }
}

async fn rotate(app: &App) -> Result<(), Unavailable> {
    let changing = app.broker.records.changing().await?;
    let records = &app.broker.records;
    app.broker
        .keyring
        .retire_expired(records, &changing)
        .await?;
    for series in Series::all() {
        let days = match series.key_use {
            KeyUse::Token => app.rotate_days,
            KeyUse::Receipt => RECEIPTS_ROTATE_DAYS,
        };
        if !due(
            &app.broker.records.state.read().signing_keys,
            series,
            days,
            app.broker.records.clock.now_ms(),
        ) {
            continue;
        }
        let rotation = move |planning: &Planning| keyring::rotation(planning, series);
        let turn = match keyring::planned(app.broker.keys(), &changing, rotation).await {
            Ok(turn) => turn,
            Err(full @ NotTurned::Full { .. }) => {
                tracing::warn!(%series, %full, "signing keys were not rotated; tried again later");
                continue;
            }
            Err(NotTurned::Unavailable(error)) => return Err(error),
        };
        let reason = format!("{series} keys change every {days} days");
        keyring::record(records, &changing, &turn, reason).await?;
        tracing::info!(%series, "signing keys rotated by schedule");
    }
    Ok(())
}

/// Whether the key that signs has signed long enough.
fn due(entries: &[SigningKeyEntry], series: Series, days: u32, now_ms: u64) -> bool {
    let mut mine = entries.iter().filter(|entry| Series::of(entry) == series);
    let active = mine.find(|entry| entry.state() == KeyState::Active);
    let since = active.and_then(|entry| entry.activated_ms);
    since.is_some_and(|since| now_ms.saturating_sub(since) >= u64::from(days) * DAY_MS)
}

#[cfg(test)]
mod tests;
