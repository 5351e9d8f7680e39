//! No record, no answer: neither a token nor a refusal leaves before its
//! ledger entry is durable (architecture, "Five promises").

use super::request::{EarlyStop, Request};
use super::requested::requested;
use super::summary::{self, RecordedIn, Sent};
use crate::unavailable::{Unavailable, unavailable};
use crate::vendors::{self, NotHandedOut};
use locum_ambient::telemetry::TraceId;
use locum_connectors::ConnectorFault;
use locum_core::decide::{
    Failure, Leftover, NotObtained, Obtained, OutcomeFrame, Permit, PersonalSalt, RecordFrame,
    Recorded, Refused, in_force,
};
use locum_core::ids::{GrantId, Jti};
use locum_core::record::{Appended, Draft};
use locum_core::refusal::{Code, Refusal};
use locum_core::standing::Standing;
use std::sync::Arc;

/// A "no" that is on the record, or the fault that kept it off.
pub enum NotIssued {
    /// On the record.
    Refused(Recorded<Refused>),
    /// No credential was obtained, and that is on the record.
    NotObtained(Box<Recorded<NotObtained>>),
    /// There is no record, or one about something else: 503, whatever the answer was.
    Fault(Unavailable),
}

/// Records a permit; then lineage is looked at once more, and what died or was
/// locked meanwhile becomes a second, refusing record.
///
/// # Errors
/// The refusal, or the fault.
pub(crate) async fn permit(
    request: &Request<'_>,
    permit: Permit,
) -> Result<Recorded<Permit>, NotIssued> {
    let draft = Arc::new(permit.draft(&frame(request, false)));
    let appended = append(request, &draft, permit.takes_use_of());
    let appended = appended.await.map_err(NotIssued::Fault)?;
    let recorded = permit
        .recorded(&draft, &appended)
        .map_err(|flaw| NotIssued::Fault(Unavailable(flaw.to_string())))?;
    match fallen(request, &recorded) {
        None => Ok(recorded),
        // Where a vendor would be asked, the second record is that nothing was sent.
        Some(refusal) if recorded.handout().is_some() => {
            Err(not_handed_out(request, recorded, NotHandedOut::not_sent(refusal)).await)
        }
        Some(refusal) => Err(self::refusal(request, recorded.overtaken(refusal)).await),
    }
}

/// Records that nothing could be obtained under a permit: a second record, of a
/// fault.
pub(crate) async fn not_obtained(
    request: &Request<'_>,
    permit: Recorded<Permit>,
    fault: &ConnectorFault,
) -> NotIssued {
    tracing::error!(request_id = %request.id, %fault, "not obtained");
    let text = "expected the token to be signed, found a fault of our own; report the request id to the operator";
    let refusal = Refusal::new(Code::Internal, text).because(fault.to_string());
    self::refusal(request, permit.not_obtained(refusal)).await
}

/// Records what a vendor handed out. Where that cannot be recorded, it is not
/// handed on, and is revoked once the ledger takes records again.
pub(crate) async fn outcome(
    request: &Request<'_>,
    obtained: Obtained,
) -> Result<Recorded<Obtained>, NotIssued> {
    let draft = Arc::new(obtained.draft(&outcome_frame(request, false)));
    let handed = obtained.handed();
    let leftover = handed.map(|handed| Leftover {
        expires_s: handed.expires_s,
        handle: handed.handle.clone(),
    });
    let jti = obtained.permit().jti();
    let appended = append_outcome(request, &draft, (jti, leftover.unwrap_or_default()));
    let appended = appended.await.map_err(NotIssued::Fault)?;
    let recorded = obtained.recorded(&draft, &appended);
    recorded.map_err(|flaw| NotIssued::Fault(Unavailable(flaw.to_string())))
}

/// Appends an outcome. Where that fails, what there may be at the vendor is kept, so
/// that it is recorded later and ended.
async fn append_outcome(
    request: &Request<'_>,
    draft: &Arc<Draft>,
    (jti, leftover): (Jti, Leftover),
) -> Result<Appended, Unavailable> {
    let appended = request.broker.records.append(draft.clone());
    let appended = request.waiter.patiently(appended).await;
    if appended.is_err() {
        request.broker.vendors.keep_unwritten(jti, leftover);
    }
    appended
}

/// Records that no credential came of a permit.
pub(crate) async fn not_handed_out(
    request: &Request<'_>,
    permit: Recorded<Permit>,
    no: NotHandedOut,
) -> NotIssued {
    let sealed = no
        .leftover
        .map(|handle| vendors::seal(request.broker, permit.jti(), &handle));
    let sealed = match sealed.transpose() {
        Ok(sealed) => sealed,
        Err(flaw) => return NotIssued::Fault(flaw),
    };
    let vendors = &request.broker.vendors;
    let leftover = Leftover {
        expires_s: permit.target().and_then(|target| {
            let now_s = request.broker.records.clock.now_s();
            vendors.ends_s(&target.spec, permit.lifetime(), now_s)
        }),
        handle: sealed,
    };
    let jti = permit.jti();
    let nothing_sent = no.failure == Failure::NotSent;
    let used = permit.takes_use_of().filter(|_| nothing_sent);
    let outcome = permit.failed(no.failure, no.refusal);
    let outcome = outcome.leaving(leftover.clone());
    let draft = Arc::new(outcome.draft(&outcome_frame(request, nothing_sent)));
    let to_be_ended = leftover.handle.is_some();
    let recorded = match append_outcome(request, &draft, (jti, leftover)).await {
        Ok(appended) => outcome.recorded(&draft, &appended),
        Err(flaw) => return NotIssued::Fault(flaw),
    };
    if to_be_ended {
        vendors.stirred.notify_one();
    }
    let mark = request.client.mark.filter(|_| nothing_sent);
    let mark = mark.map(|mark| (mark.key, mark.request));
    request.broker.records.claims.returned(used, mark).await;
    recorded.map_or_else(
        |flaw| NotIssued::Fault(Unavailable(flaw.to_string())),
        |recorded| NotIssued::NotObtained(Box::new(recorded)),
    )
}

/// What surrounds an outcome. Where nothing was sent, the identical request may
/// run again with the same assertion.
fn outcome_frame(request: &Request<'_>, nothing_sent: bool) -> OutcomeFrame {
    let mark = request.client.mark.iter().filter(|_| nothing_sent);
    OutcomeFrame {
        request_id: request.id,
        marks: mark
            .map(|mark| (mark.key, mark.until_s, Some(mark.request)))
            .collect(),
        salt: request.broker.records.random.bytes(),
    }
}

/// Records a refusal on the way to the decision.
pub(crate) async fn early(request: &Request<'_>, stop: EarlyStop) -> NotIssued {
    let bundle = request.broker.bundle();
    refused(request, stop.refused(bundle.address())).await
}

/// Puts a refusal on record: in a record of its own, or, of a client that is
/// refused again and again, in a summary.
pub(crate) async fn refused(request: &Request<'_>, refused: Refused) -> NotIssued {
    placed(request, refused, false).await
}

/// Puts a refusal over the rate on record. The minute has such a refusal on
/// record already, so this one is counted in the client's summary.
pub(crate) async fn again(request: &Request<'_>, stop: EarlyStop) -> NotIssued {
    let refused = stop.refused(request.broker.bundle().address());
    placed(request, refused, true).await
}

/// `again`: the client's minute has one of them on record already.
async fn placed(request: &Request<'_>, refused: Refused, again: bool) -> NotIssued {
    let broker = request.broker;
    let client = request.client.client.get().id();
    match broker.summaries.place(client, again) {
        RecordedIn::Singly => refusal(request, refused).await,
        RecordedIn::In(summary) => summed(request, refused, summary).await,
    }
}

async fn summed(
    request: &Request<'_>,
    refused: Refused,
    summary: Arc<summary::Summary>,
) -> NotIssued {
    let again = refused.refusal().code.retryable();
    let sent = Sent {
        client: request.client.client.get().id(),
        request: request.id,
        mark: request.client.mark.map(|mark| (mark, again)),
        seen: request.seen(),
        waiter: request.waiter,
    };
    let counted = request
        .broker
        .summaries
        .count(summary, refused, &sent)
        .await;
    if let Some(mark) = request.client.mark.filter(|_| again || counted.is_err()) {
        request.broker.records.claims.failed(mark.key).await;
    }
    counted.map_or_else(NotIssued::Fault, NotIssued::Refused)
}

/// Records a refusal in a record of its own.
pub(crate) async fn refusal(request: &Request<'_>, refused: Refused) -> NotIssued {
    let faulty = refused.refusal().code.retryable();
    // What a person's grant allows stands in the side record, which can be erased;
    // a log cannot.
    let logged = |_: &&String| refused.refusal().code != Code::ConsentMissing;
    if let Some(detail) = refused.refusal().detail.as_ref().filter(logged) {
        tracing::info!(request_id = %request.id, code = refused.refusal().code.text(), detail, "refused");
    }
    let draft = Arc::new(refused.draft(&frame(request, faulty)));
    match append(request, &draft, None).await {
        Err(error) => NotIssued::Fault(error),
        Ok(appended) => match refused.recorded(&draft, &appended, request.id) {
            Ok(recorded) => {
                if let Some(mark) = request.client.mark.filter(|_| faulty) {
                    request.broker.records.claims.failed(mark.key).await;
                }
                NotIssued::Refused(recorded)
            }
            Err(flaw) => NotIssued::Fault(Unavailable(flaw.to_string())),
        },
    }
}

/// Appends. Where it is sure that there will be no record, the use of a grant is
/// given back and the identical request may run again.
async fn append(
    request: &Request<'_>,
    draft: &Arc<Draft>,
    used: Option<GrantId>,
) -> Result<Appended, Unavailable> {
    let mark = request.client.mark.map(|mark| mark.key);
    let claims = request.broker.records.claims.clone();
    let undo = move || async move {
        if let Some(grant) = used {
            claims.release(grant).await;
        }
        if let Some(key) = mark {
            claims.failed(key).await;
        }
    };
    let appended = request.broker.records.append_or_undo(draft.clone(), undo);
    request.waiter.patiently(appended).await
}

/// What fell between the decision and its record.
pub(crate) fn fallen(request: &Request<'_>, permit: &Permit) -> Option<Refusal> {
    let broker = request.broker;
    if let Err(stale) = broker.records.fresh() {
        return Some(unavailable().because(stale.to_string()));
    }
    let state = broker.records.state.read();
    let lineage = permit.lineage(&broker.records.names);
    let standing = broker
        .records
        .world(&state)
        .standing(lineage, &permit.actors());
    match standing {
        Standing::Live => None,
        Standing::Revoked => Some(Refusal::new(
            Code::SubjectRevoked,
            "expected everything the token descends from to stand, found a part revoked meanwhile; start again from a fresh sign-in",
        )),
        Standing::AgentNotInForce(agent) if agent.as_str() == permit.actor() => {
            let known = state.registry.agent(agent.as_str());
            known
                .and_then(|agent| in_force(agent, broker.records.clock.now_s()).err())
                .or_else(|| Some(locked()))
        }
        Standing::Locked(_) | Standing::AgentNotInForce(_) => Some(locked()),
    }
}

fn locked() -> Refusal {
    Refusal::new(
        Code::Locked,
        "expected everything the token descends from to stand, found a part locked meanwhile; ask an operator to lift it",
    )
}

/// What surrounds the decision in its record. After a fault the mark stays
/// bound to its request, so that the identical one may run again.
fn frame<'a>(request: &'a Request<'_>, faulty: bool) -> RecordFrame<'a> {
    let broker = request.broker;
    let mark = request.client.mark;
    RecordFrame {
        request_id: request.id,
        client_id: request.client.client.get().id(),
        trace_id: request.trace.as_ref().map(TraceId::as_str),
        client_auth: request.client.client.method(),
        requested: requested(request.form),
        personal: personal(request),
        marks: mark
            .iter()
            .map(|mark| (mark.key, mark.until_s, faulty.then_some(mark.request)))
            .collect(),
        seen: request.seen(),
        salt: broker.records.random.bytes(),
        personal_salt: PersonalSalt(broker.records.random.bytes()),
        keys: &broker.records.names,
    }
}

fn personal(request: &Request<'_>) -> Vec<(&'static str, String)> {
    let purpose = request
        .form
        .get("purpose")
        .map(|purpose| ("purpose", bounded_text(purpose)));
    let ip = request.ip.clone().map(|ip| ("ip", ip));
    purpose.into_iter().chain(ip).collect()
}

fn bounded_text(text: &str) -> String {
    text.chars().take(500).collect()
}
