//! `POST /token` (contract §6, §7).

use crate::app::App;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use locum_connectors::IssuedCredential;
use locum_core::decide::{Permit, Recorded};
use locum_engine::exchange::{Arrived, Ended, NotIssued, exchange};
use locum_engine::unavailable::unavailable;
use locum_web::Arrival;
use locum_web::refusal::{no_store, refusal, rejection};
use serde_json::json;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tracing::Instrument;

/// The handler of `POST /token`. What was begun is ended even when the caller
/// hangs up: a use that was reserved or a mark that was taken half-way would
/// otherwise stay so.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async move { answered(&app, (peer.ip(), arrival), &headers, &body).await };
    // Boxed: a task's future is moved whole when it begins and when it ends.
    let task = tokio::spawn(Box::pin(answered.in_current_span()));
    task.await.unwrap_or_else(|_| {
        tracing::error!("an exchange panicked");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

/// Answers. A token and a refusal are on the record by then; a rejection is
/// counted, and a fault has no record (architecture, "One exchange", step 10).
async fn answered(
    app: &App,
    (peer, arrival): (IpAddr, Arrival),
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let (id, since) = (arrival.id, arrival.since);
    let sent = Arrived {
        id,
        trace: arrival.trace,
        peer,
        headers,
        body,
    };
    let (ended, grant) = exchange(&app.broker, sent).await;
    let metrics = &app.broker.metrics;
    let no = match &ended {
        Ended::Rejected(refused) => return rejection(&app.front, refused, id),
        Ended::Issued(permit, credential) => {
            metrics.exchanges.permitted(grant);
            metrics.chain_depth.observe(permit.depth() as f64);
            metrics.exchange_seconds.took(since.elapsed());
            return issued(permit, credential);
        }
        Ended::NotIssued(NotIssued::Refused(recorded)) => recorded.refusal(),
        Ended::NotIssued(NotIssued::Fault(error)) => {
            tracing::error!(request_id = %id, %error, "not answered");
            &unavailable()
        }
    };
    metrics.exchanges.refused(grant, no.code);
    metrics.exchange_seconds.took(since.elapsed());
    refusal(&app.front, no, id)
}

/// 200, with the credential (RFC 8693 §2.2.1).
fn issued(permit: &Recorded<Permit>, credential: &IssuedCredential) -> Response {
    let mut body = json!({
        "access_token": credential.secret.expose(),
        "issued_token_type": permit.issued_type().uri(),
        "token_type": "Bearer",
        "expires_in": credential.expires_in,
        "scope": permit.scope(),
        "delegation_id": permit.delegation(),
    });
    if let (Some(details), Some(body)) = (permit.details(), body.as_object_mut()) {
        body.insert("authorization_details".into(), details.clone());
    }
    no_store(StatusCode::OK, &body)
}
