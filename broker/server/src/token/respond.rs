//! The answer (contract §7): only what is on the record.

use super::Request;
use super::record::NotIssued;
use crate::oauth::answer::{no_store, refusal, unavailable};
use axum::response::Response;
use http::StatusCode;
use locum_ambient::metrics::Grant;
use locum_connectors::Credential;
use locum_core::decide::{Permit, Recorded};
use locum_core::refusal::Refusal;
use serde_json::json;

/// 200, with the credential (RFC 8693 §2.2.1).
pub(crate) fn issued(
    request: &Request<'_>,
    permit: &Recorded<Permit>,
    credential: &Credential,
) -> Response {
    let metrics = &request.app.front.metrics;
    metrics.exchanges.permitted(grant(request));
    metrics.chain_depth.observe(permit.depth() as f64);
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

/// The recorded refusal, or 503.
pub(crate) fn refused(request: &Request<'_>, no: NotIssued) -> Response {
    match no {
        NotIssued::Refused(recorded) => answered(request, recorded.refusal()),
        NotIssued::Fault(error) => {
            tracing::error!(request_id = %request.id, %error, "not answered");
            answered(request, &unavailable())
        }
    }
}

fn answered(request: &Request<'_>, no: &Refusal) -> Response {
    let metrics = &request.app.front.metrics;
    metrics.exchanges.refused(grant(request), no.code);
    refusal(request.app, no, request.id)
}

fn grant(request: &Request<'_>) -> Grant {
    Grant::of(request.form.get("grant_type"))
}
