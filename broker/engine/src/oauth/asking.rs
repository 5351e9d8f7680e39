//! What introspection and revocation share: the form and the authenticated
//! client. A single-use proof is marked durably before any answer.

use super::client_auth::{self, rejected};
use super::form::Form;
use super::proven::Proven;
use super::rate;
use super::waiting::Waiter;
use crate::broker::Broker;
use crate::unavailable::unavailable;
use http::HeaderMap;
use locum_ambient::telemetry::TraceId;
use locum_core::decide::marked;
use locum_core::ids::RequestId;
use locum_core::refusal::{Code, Refusal};

/// An authenticated client and the token that it asks about.
pub struct Asking {
    /// The request.
    pub id: RequestId,
    /// The trace that it belongs to.
    pub trace: Option<TraceId>,
    /// The token (RFC 7009 §2.1, RFC 7662 §2.1).
    pub token: String,
    /// Who sent it.
    pub client: Proven,
    /// The request as something that may wait.
    pub waiter: Waiter,
}

/// Why nothing is looked at.
pub enum NotAsking {
    /// We do not know who asks: counted, not recorded.
    Rejected(Refusal),
    /// We do.
    Refused(Refusal),
}

/// Reads the form and authenticates the client.
///
/// # Errors
/// [`NotAsking`].
pub async fn enter(
    broker: &Broker,
    (id, trace): (RequestId, Option<&TraceId>),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Asking, NotAsking> {
    let form = Form::read(headers, body).map_err(NotAsking::Rejected)?;
    form.single_valued().map_err(NotAsking::Rejected)?;
    let proven = client_auth::authenticate(broker, headers, &form, body).await;
    let proven = proven.map_err(NotAsking::Rejected)?;
    let client = proven.ok_or_else(|| NotAsking::Rejected(rejected()))?;
    let waiter = Waiter::client(&broker.waiting, client.client.get().id(), body.len());
    rate::hold(broker, (id, trace), (&client, &waiter))
        .await
        .map_err(NotAsking::Refused)?;
    if let Err(stale) = broker.records.fresh() {
        if let Some(mark) = client.mark {
            broker.records.claims.failed(mark.key).await;
        }
        let refusal = unavailable().because(stale.to_string());
        return Err(NotAsking::Refused(refusal));
    }
    if let Some(mark) = client.mark {
        let answered = (Some((mark.key, mark.until_s, None)), &[][..]);
        let salt = broker.records.random.bytes();
        let draft = marked(client.client.get().id(), id, answered, salt);
        let claims = broker.records.claims.clone();
        let undo = move || async move { claims.failed(mark.key).await };
        let recorded = broker.records.append_or_undo(draft, undo);
        if let Err(error) = waiter.patiently(recorded).await {
            tracing::error!(request_id = %id, %error, "assertion not marked");
            return Err(NotAsking::Refused(unavailable()));
        }
    }
    let token = form.get("token").map(str::to_owned);
    let token = token.ok_or_else(|| NotAsking::Refused(no_token()))?;
    Ok(Asking {
        id,
        trace: trace.cloned(),
        token,
        client,
        waiter,
    })
}

/// Whether a lock in force names the client, as client, as agent or by the
/// owner that it has now (contract §9). One on everything does not: it stops
/// tokens, and names nobody.
#[must_use]
pub fn is_locked(broker: &Broker, asking: &Asking) -> bool {
    let state = broker.records.state.read();
    let now_ms = broker.records.clock.now_ms();
    let mut names = client_auth::names_of(broker, asking.client.client.get()).into_iter();
    names.any(|key| state.view.locked(&key, now_ms).is_some())
}

fn no_token() -> Refusal {
    Refusal::new(
        Code::Request,
        "expected the parameter `token`, found none; send the token you ask about",
    )
}
