//! Authorization server metadata (RFC 8414), keys (RFC 7517), and the pages of
//! the error codes. Only what works is advertised.

use crate::app::App;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use locum_core::refusal::{Code, Refusal, page};
use locum_core::token::Alg;
use locum_web::Arrival;
use locum_web::refusal::rejection;
use serde_json::{Value, json};
use std::sync::Arc;

/// Seconds a client may keep the metadata and the keys.
const CACHED: &str = "public, max-age=60";

/// `/.well-known/oauth-authorization-server` and `openid-configuration`. What
/// targets offer, scopes and types of details, is for their agents and told to
/// no stranger.
pub(crate) async fn metadata(State(app): State<Arc<App>>) -> Response {
    cached(&document(&app))
}

fn document(app: &App) -> Value {
    let iss = &*app.broker.issuer;
    let methods = [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ];
    let algs: Vec<&str> = Alg::ALL.iter().map(|alg| alg.as_str()).collect();
    json!({
        "issuer": iss,
        // Many clients read no metadata without it; until people consent here it
        // is a page that says so.
        "authorization_endpoint": format!("{iss}/authorize"),
        "token_endpoint": format!("{iss}/token"),
        "introspection_endpoint": format!("{iss}/introspect"),
        "revocation_endpoint": format!("{iss}/revoke"),
        "jwks_uri": format!("{iss}/jwks"),
        "receipt_jwks_uri": format!("{iss}/receipts/jwks"),
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:token-exchange", "client_credentials"],
        // RFC 8414 §2: required. There is none to ask for yet.
        "response_types_supported": [],
        // RFC 8414 §2: optional, and clients of MCP refuse metadata without it.
        "code_challenge_methods_supported": ["S256"],
        // OpenID Connect Discovery §3: both required; what our tokens are signed with,
        // and that everybody sees a person under one `sub`.
        "id_token_signing_alg_values_supported": algs,
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algs,
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algs,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algs,
        "service_documentation": format!("{iss}/errors/"),
    })
}

/// `/authorize`: nobody signs in or consents here yet. Nothing of the request is
/// repeated.
pub(crate) async fn authorize() -> Response {
    const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<title>No sign-in here</title>\n\
        <h1>No sign-in here</h1>\n\
        <p>This broker has no page on which people sign in or consent.</p>\n\
        <p>An agent exchanges a person's token at the token endpoint, or gets a token of its own \
        with the grant type client_credentials. Configure the client for one of these.</p>\n\
        </html>\n";
    let mut response = text(StatusCode::BAD_REQUEST, PAGE.to_owned());
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `/jwks`.
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Response {
    cached(&app.broker.keyring.jwks(app.broker.records.clock.now_ms()))
}

/// `/receipts/jwks`: what receipts are checked by (contract §15). No key of it
/// verifies a token.
pub(crate) async fn receipts_jwks(State(app): State<Arc<App>>) -> Response {
    let now_ms = app.broker.records.clock.now_ms();
    cached(&app.broker.keyring.receipts_jwks(now_ms))
}

fn cached(body: &Value) -> Response {
    let mut response = axum::Json(body).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(CACHED));
    response
}

/// `/errors/{code}`.
pub(crate) async fn error_page(
    State(app): State<Arc<App>>,
    Extension(arrival): Extension<Arrival>,
    Path(code): Path<String>,
) -> Response {
    match Code::parse(&code) {
        Some(code) => text(StatusCode::OK, page(code)),
        None => rejection(&app.front, &no_such_code(), arrival.id),
    }
}

fn no_such_code() -> Refusal {
    let text = "expected an error code of Locum, found another; see /errors/ for all of them";
    Refusal::new(Code::NotFound, text)
}

/// `/errors/`.
pub(crate) async fn error_pages() -> Response {
    text(
        StatusCode::OK,
        format!("The error codes of Locum:\n{}", list()),
    )
}

fn list() -> String {
    Code::ALL
        .iter()
        .map(|code| format!("- {}\n", code.text()))
        .collect()
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
