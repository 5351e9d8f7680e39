//! Signing keys by schedule (`keys.rotate_days`): the next one, published since
//! the last rotation, takes over, and another is published. Old ones are retired
//! once their last token has expired. What a rotation changes is planned in
//! `broker/engine/src/keyring/plan.rs`.

use crate::app::App;
use locum_core::token::Alg;
use locum_engine::keyring::{self, NotTurned, Planning};
use locum_engine::unavailable::Unavailable;
use locum_stores::state::{KeyState, SigningKeyEntry};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether a key is due.
const EVERY: Duration = Duration::from_secs(600);
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
    let days = app.rotate_days;
    for alg in Alg::ALL {
        if !due(
            &app.broker.records.state.read().signing_keys,
            alg,
            days,
            app.broker.records.clock.now_ms(),
        ) {
            continue;
        }
        let rotation = move |planning: &Planning| keyring::rotation(planning, alg);
        let turn = match keyring::planned(app.broker.keys(), &changing, rotation).await {
            Ok(turn) => turn,
            Err(full @ NotTurned::Full { .. }) => {
                tracing::warn!(%alg, %full, "signing keys were not rotated; tried again later");
                continue;
            }
            Err(NotTurned::Unavailable(error)) => return Err(error),
        };
        let reason = format!("{alg} keys change every {days} days");
        keyring::record(records, &changing, &turn, reason).await?;
        tracing::info!(%alg, "signing keys rotated by schedule");
    }
    Ok(())
}

/// Whether the key that signs has signed long enough.
fn due(entries: &[SigningKeyEntry], alg: Alg, days: u32, now_ms: u64) -> bool {
    let mut of_alg = entries.iter().filter(|entry| entry.alg == alg);
    let active = of_alg.find(|entry| entry.state() == KeyState::Active);
    let since = active.and_then(|entry| entry.activated_ms);
    since.is_some_and(|since| now_ms.saturating_sub(since) >= u64::from(days) * DAY_MS)
}

#[cfg(test)]
mod tests;
