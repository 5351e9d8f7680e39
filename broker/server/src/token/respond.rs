//! The answer (contract §7): only what is on the record.

use super::Request;
use super::record::NotIssued;
use crate::app::App;
use crate::oauth::answer::{no_store, refusal, unavailable};
use axum::response::Response;
use http::StatusCode;
use locum_ambient::metrics::Grant;
use locum_connectors::{ConnectorFault, Credential, Signer, issue};
use locum_core::decide::{Permit, Recorded};
use locum_core::refusal::{Code, Refusal};
use locum_core::secret::Secret;
use locum_tokens::keys::SigningKey;
use serde_json::{Value, json};
use std::sync::Arc;

struct Key(Arc<SigningKey>);

impl Signer for Key {
    fn sign(&self, typ: &str, claims: &Value) -> Result<Secret<String>, ConnectorFault> {
        self.0
            .sign(typ, claims)
            .map(Secret::new)
            .map_err(|e| ConnectorFault {
                detail: e.to_string(),
            })
    }
}

/// 200, with the credential (RFC 8693 §2.2.1).
pub(crate) fn issued(request: &Request<'_>, permit: &Recorded<Permit>) -> Response {
    let credential = match signed(request.app, permit) {
        Ok(credential) => credential,
        Err(fault) => {
            tracing::error!(request_id = %request.id, %fault, "not issued");
            return answered(request, &internal());
        }
    };
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

/// Signs with the key in use, and anew with another where that took over
/// meanwhile: what a key signs that was just revoked is dead.
fn signed(app: &App, permit: &Recorded<Permit>) -> Result<Credential, ConnectorFault> {
    let in_use = || app.keyring.signer(permit.alg());
    let nothing = || ConnectorFault {
        detail: "no key of the target's algorithm".into(),
    };
    let mut signer = in_use().ok_or_else(nothing)?;
    loop {
        let credential = issue(permit, &Key(signer.clone()))?;
        let now = in_use().ok_or_else(nothing)?;
        if now.kid() == signer.kid() {
            return Ok(credential);
        }
        signer = now;
    }
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

fn internal() -> Refusal {
    Refusal::new(
        Code::Internal,
        "expected the token to be signed, found a fault of our own; report the request id to the operator",
    )
}
