//! A client that asks too often (contract §10, `LCM-RATE`). One record a client
//! and minute, and the rest in its summary: a client in a loop does not fill the
//! ledger, and still stands in it.

use super::proven::Proven;
use super::waiting::Waiter;
use crate::broker::Broker;
use crate::exchange::summary::{RecordedIn, Sent};
use crate::rate::RateVerdict;
use crate::unavailable::{Unavailable, unavailable};
use locum_ambient::telemetry::TraceId;
use locum_core::decide::{PersonalSalt, RecordFrame, Refused};
use locum_core::ids::RequestId;
use locum_core::refusal::{Code, Refusal};
use serde_json::json;

/// Whether the client may ask now.
pub(crate) fn check(broker: &Broker, client: &Proven) -> RateVerdict {
    broker
        .rate
        .check(client.client.get().id(), broker.records.clock.now_ms())
}

/// The refusal.
pub(crate) fn over(broker: &Broker) -> Refusal {
    let rate = broker.bounds.requests_per_client_per_s.unwrap_or_default();
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
    let again = verdict == RateVerdict::OverAgain;
    let place = broker.summaries.place(client.client.get().id(), again);
    let refused = Refused::early(over(broker), "rate", broker.bundle().address());
    let recorded = match place {
        RecordedIn::Singly => singly(broker, (id, trace), client, &refused, waiter).await,
        RecordedIn::In(summary) => {
            let sent = Sent {
                client: client.client.get().id(),
                request: id,
                mark: client.mark.map(|mark| (mark, true)),
                seen: client.seen.into_iter().collect(),
                waiter,
            };
            let counted = broker.summaries.count(summary, refused, &sent);
            counted.await.map(drop)
        }
    };
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

/// In a record of its own, with the mark of the request that may run again.
async fn singly(
    broker: &Broker,
    (id, trace): (RequestId, Option<&TraceId>),
    client: &Proven,
    refused: &Refused,
    waiter: &Waiter,
) -> Result<(), Unavailable> {
    let mark = client.mark.iter();
    let draft = refused.draft(&RecordFrame {
        request_id: id,
        client_id: client.client.get().id(),
        trace_id: trace.map(TraceId::as_str),
        client_auth: client.client.method(),
        requested: json!({}),
        personal: Vec::new(),
        marks: mark
            .map(|mark| (mark.key, mark.until_s, Some(mark.request)))
            .collect(),
        seen: Vec::new(),
        salt: broker.records.random.bytes(),
        personal_salt: PersonalSalt(broker.records.random.bytes()),
        keys: &broker.records.names,
    });
    waiter
        .patiently(broker.records.append(draft))
        .await
        .map(drop)
}
