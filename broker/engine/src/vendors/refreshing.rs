//! Refresh tokens of people (RFC 6749 §6): one is sent by one at a time, and what
//! the vendor gives in its place is durable before anybody has the credential. A
//! vendor that rotates them takes a second use for theft, and ends the whole line.

use super::turns::Rotated;
use crate::broker::Broker;
use crate::unavailable::Unavailable;
use crate::upstream_secrets::{NoSecret, OpenSecret};
use locum_core::ids::SecretName;
use locum_core::lineage::Keyed;
use locum_core::registry::Downstream;
use locum_core::secret::Secret;
use locum_stores::state::{Author, Change};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// Most that wait for one refresh token.
const WAITING_MAX: usize = 64;
/// The right to send one refresh token.
pub(super) struct Turn {
    name: SecretName,
    open: Arc<OpenSecret>,
    over: u64,
    slot: OwnedMutexGuard<Option<Rotated>>,
    /// That of all nodes.
    _held: locum_stores::changes::Turn,
}

/// Why it cannot be sent. No value stands in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTurn {
    /// Others send it.
    #[error(
        "expected at most {WAITING_MAX} requests that wait for one refresh token, each within the time of a course, found more or a longer one"
    )]
    Busy,
    /// There is none, or it is bound elsewhere.
    #[error("{0}: {1}")]
    None(SecretName, NoSecret),
    /// A file holds it.
    #[error(
        "{0}: expected a refresh token that was put through the API, since one that is rotated has to be recorded, found a file of `secrets_dir`; put it with `locum secrets set` and take the file away"
    )]
    OfFile(SecretName),
    /// The one that took its place is not on record.
    #[error(
        "{0}: expected the refresh token that the vendor rotated to be on record, found that it cannot be: {1}"
    )]
    NotRecorded(SecretName, Unavailable),
}

impl Turn {
    /// Waits for the turn. What could not be recorded before is recorded first.
    ///
    /// # Errors
    /// [`NoTurn`]: nothing is to be sent.
    pub(super) async fn take(
        broker: &Broker,
        connector: &Downstream,
        name: SecretName,
    ) -> Result<Self, NoTurn> {
        let slot = broker.vendors.refreshing.slot(&name);
        // The list holds one, whoever sends and whoever waits one each.
        if Arc::strong_count(&slot) > WAITING_MAX + 2 {
            return Err(NoTurn::Busy);
        }
        let mut slot = slot.lock_owned().await;
        let key = broker.records.names.hash("refresh", name.as_str());
        let held = broker.records.claims.hold(key).await;
        let held =
            held.map_err(|flaw| NoTurn::NotRecorded(name.clone(), Unavailable(flaw.to_string())))?;
        let settled = settle(broker, &name, &mut slot).await;
        settled.map_err(|flaw| NoTurn::NotRecorded(name.clone(), flaw))?;
        let open = broker.upstream.for_connector(&name, connector);
        let open = open.map_err(|flaw| NoTurn::None(name.clone(), flaw))?;
        let Some(recorded) = open.recorded() else {
            return Err(NoTurn::OfFile(name));
        };
        Ok(Self {
            over: recorded.index,
            name,
            open,
            slot,
            _held: held,
        })
    }

    /// The secret, and the value that is sent.
    pub(super) fn kept(&self) -> (SecretName, Arc<OpenSecret>) {
        (self.name.clone(), self.open.clone())
    }

    /// Records what the vendor gave in its place. When this returns, it is durable
    /// and in force.
    ///
    /// # Errors
    /// [`Unavailable`]: it is not on record yet, and is tried again before the next
    /// is sent.
    pub(super) async fn keep(
        &mut self,
        broker: &Broker,
        token: Secret<String>,
    ) -> Result<(), Unavailable> {
        *self.slot = Some(Rotated {
            over: self.over,
            token,
        });
        settle(broker, &self.name, &mut self.slot).await
    }
}

/// Records what is not on record yet. Where another value was put meanwhile, that
/// one stays: it is of a later consent.
async fn settle(
    broker: &Broker,
    name: &SecretName,
    slot: &mut Option<Rotated>,
) -> Result<(), Unavailable> {
    let Some(rotated) = &*slot else {
        return Ok(());
    };
    let records = &broker.records;
    let changing = records.changing().await?;
    let known = records.state.read().registry.secret(name.as_str()).cloned();
    if let Some(known) = known.filter(|known| known.index == rotated.over) {
        let secret = broker.upstream.remade(&known, &rotated.token)?;
        let author = Author::itself("the vendor rotated the refresh token");
        let draft = records.draft(&[Change::UpstreamSecret { secret }], &author)?;
        records.change(&changing, draft).await?;
    } else {
        tracing::info!(%name, "another value took the place of a refresh token that was rotated");
    }
    *slot = None;
    Ok(())
}

/// Records what waits to be recorded, as far as that is possible now.
pub(crate) async fn settle_all(broker: &Broker) {
    for (name, slot) in broker.vendors.refreshing.slots() {
        // Whoever holds it settles it.
        let Ok(mut slot) = slot.try_lock_owned() else {
            continue;
        };
        if let Err(flaw) = settle(broker, &name, &mut slot).await {
            tracing::warn!(%name, %flaw, "a rotated refresh token is not on record yet");
        }
    }
}

#[cfg(test)]
mod tests;
