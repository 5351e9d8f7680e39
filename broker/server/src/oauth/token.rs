//! `POST /token` (contract §6, §7).

use crate::app::App;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use locum_connectors::Present;
use locum_core::decide::{IssuedType, Obtained, Recorded};
use locum_engine::exchange::{Arrived, Credential, Ended, NotIssued, exchange};
use locum_engine::unavailable::unavailable;
use locum_web::Arrival;
use locum_web::refusal::{no_store, refusal, rejection};
use serde_json::{Value, json};
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
        Ended::Issued(obtained, credential) => {
            metrics.exchanges.permitted(grant);
            metrics
                .chain_depth
                .observe(obtained.permit().depth() as f64);
            metrics.exchange_seconds.took(since.elapsed());
            return issued(obtained, credential);
        }
        Ended::NotIssued(NotIssued::NotObtained(recorded)) => recorded.refusal(),
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
fn issued(obtained: &Recorded<Obtained>, credential: &Credential) -> Response {
    let permit = obtained.permit();
    let mut body = json!({
        "access_token": credential.secret.expose(),
        "issued_token_type": issued_type(obtained, credential),
        "token_type": credential.present.token_type(),
        "scope": credential.scope,
        "delegation_id": permit.delegation(),
    });
    if let Some(body) = body.as_object_mut() {
        let mut put = |name: &str, value: Option<Value>| {
            value.map(|value| body.insert(name.to_owned(), value));
        };
        put(
            "expires_in",
            credential.expires_in.map(|seconds| json!(seconds)),
        );
        put("authorization_details", permit.details().cloned());
        put("present", credential.present.to_json());
        let receipt = credential.receipt.as_ref();
        put("receipt", receipt.map(|receipt| json!(receipt.expose())));
    }
    no_store(StatusCode::OK, &body)
}

/// `issued_token_type` of what has no name among the OAuth token types: it is used
/// as `present` says (contract §15, "The credential").
const CREDENTIAL: &str = "urn:locum:token-type:credential";

fn issued_type(obtained: &Obtained, credential: &Credential) -> &'static str {
    match (&credential.present, obtained.handed()) {
        (Present::Bearer, None) => obtained.permit().issued_type().uri(),
        // Whether a vendor's token is a JWT is the vendor's business.
        (Present::Bearer, Some(_)) => IssuedType::AccessToken.uri(),
        (Present::Header { .. } | Present::Cookie { .. } | Present::Json { .. }, _) => CREDENTIAL,
    }
}
