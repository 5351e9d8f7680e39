//! A client that asks too often (contract §10, `LCM-RATE`). One record a client
//! and minute, and the rest in its summary: a client in a loop does not fill the
//! ledger, and still stands in it.

use super::proven::Proven;
use super::refused::{self, Asked};
use super::waiting::Waiter;
use crate::broker::Broker;
use crate::rate::RateVerdict;
use crate::unavailable::unavailable;
use locum_ambient::telemetry::TraceId;
use locum_core::ids::RequestId;
use locum_core::refusal::{Code, Refusal};

/// Whether the client may ask now.
pub(crate) fn check(broker: &Broker, client: &Proven) -> RateVerdict {
    let now_ms = broker.records.clock.now_ms();
    let nodes = broker.records.nodes.live();
    broker.rate.check(client.client.get().id(), now_ms, nodes)
}

/// The refusal.
pub(crate) fn over(broker: &Broker) -> Refusal {
    let rate = broker.bounds.requests_per_client_per_s.unwrap_or_default();
    let nodes = broker.records.nodes.live().max(1);
    let rate = (rate / nodes).max(1);
    Refusal::new(
        Code::Rate,
        format!(
            "expected at most {rate} requests a second of this client, found more; try again in a second"
        ),
    )
}

/// Holds a client to its rate where no decision is made.
///
/// # Errors
/// The refusal to answer with. Nothing was obtained: the identical request may
/// run again.
pub(crate) async fn hold(
    broker: &Broker,
    (id, trace): (RequestId, Option<&TraceId>),
    (client, waiter): (&Proven, &Waiter),
) -> Result<(), Refusal> {
    let verdict = check(broker, client);
    if verdict == RateVerdict::Within {
        return Ok(());
    }
    let asked = Asked {
        id,
        trace,
        client,
        mark: client.mark,
        waiter,
    };
    let again = verdict == RateVerdict::OverAgain;
    let recorded = refused::record(broker, &asked, ("rate", over(broker)), again).await;
    if let Some(mark) = &client.mark {
        broker.records.claims.failed(mark.key).await;
    }
    match recorded {
        Ok(()) => Err(over(broker)),
        Err(error) => {
            tracing::error!(%error, "rate not recorded");
            Err(unavailable())
        }
    }
}
