//! A refusal where no decision is made, on record: in a record of its own, or, of a
//! client that is refused again and again, in its summary.

use super::proven::Proven;
use super::waiting::Waiter;
use crate::broker::Broker;
use crate::exchange::summary::{RecordedIn, Sent};
use crate::unavailable::Unavailable;
use locum_ambient::telemetry::TraceId;
use locum_core::decide::{PersonalSalt, RecordFrame, Refused};
use locum_core::ids::RequestId;
use locum_core::refusal::Refusal;
use locum_stores::claims::Mark;
use serde_json::json;

/// Who is refused, with which request.
pub(crate) struct Asked<'a> {
    /// The request.
    pub(crate) id: RequestId,
    /// The trace that it belongs to.
    pub(crate) trace: Option<&'a TraceId>,
    /// The client.
    pub(crate) client: &'a Proven,
    /// The mark of its assertion, where it is not on record: the identical request
    /// may run again.
    pub(crate) mark: Option<Mark>,
    /// The request as something that may wait.
    pub(crate) waiter: &'a Waiter,
}

/// Puts a refusal on record. `again`: the client's minute has such a refusal on
/// record already, so this one goes into its summary.
///
/// # Errors
/// [`Unavailable`] when the ledger cannot be written: then it is not to be sent.
pub(crate) async fn record(
    broker: &Broker,
    asked: &Asked<'_>,
    (check, refusal): (&'static str, Refusal),
    again: bool,
) -> Result<(), Unavailable> {
    let client = asked.client.client.get().id();
    let refused = Refused::early(refusal, check, broker.bundle().address());
    match broker.summaries.place(client, again) {
        RecordedIn::Singly => singly(broker, asked, &refused).await,
        RecordedIn::In(summary) => {
            let sent = Sent {
                client,
                request: asked.id,
                mark: asked.mark.map(|mark| (mark, true)),
                seen: asked.client.seen.into_iter().collect(),
                waiter: asked.waiter,
            };
            let counted = broker.summaries.count(summary, refused, &sent);
            counted.await.map(drop)
        }
    }
}

async fn singly(broker: &Broker, asked: &Asked<'_>, refused: &Refused) -> Result<(), Unavailable> {
    let mark = asked.mark.iter();
    let draft = refused.draft(&RecordFrame {
        request_id: asked.id,
        client_id: asked.client.client.get().id(),
        trace_id: asked.trace.map(TraceId::as_str),
        client_auth: asked.client.client.method(),
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
    let recorded = broker.records.append(draft);
    asked.waiter.patiently(recorded).await.map(drop)
}
