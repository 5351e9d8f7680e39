//! How the emulated OAuth servers answer (RFC 6749 §5), and what they read of
//! requests alike.

use super::super::Ambient;
use super::super::form::not_stored;
use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::jcs::hex;
use locum_core::secret::Secret;
use serde_json::{Value, json};

/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 16;

/// A refusal in an OAuth server's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OAuthRefusal {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl OAuthRefusal {
    /// One with status, code and words.
    pub(crate) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<String>,
    ) -> Self {
        let description = description.into();
        Self {
            status,
            error,
            description,
        }
    }

    /// 400.
    pub(crate) fn bad(error: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, description)
    }

    /// 401.
    pub(crate) fn unauthorized(error: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error, description)
    }
}

impl IntoResponse for OAuthRefusal {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        let headers = [(header::CACHE_CONTROL, "no-store")];
        (self.status, headers, Json(body)).into_response()
    }
}

/// A credential, with the id by which the vendor finds the request in its logs.
pub(crate) fn issued(body: Value, request_id: (&'static str, &str)) -> Response {
    let mut answer = not_stored(body);
    if let Ok(value) = HeaderValue::from_str(request_id.1) {
        answer.headers_mut().insert(request_id.0, value);
    }
    answer
}

/// A name that nobody can guess, in lower-case hexadecimal.
pub(crate) fn random(ambient: &Ambient) -> String {
    let mut noise = [0; TOKEN_BYTES];
    (ambient.fill)(&mut noise);
    hex(&noise)
}

/// Name and secret of an `Authorization` header of that scheme, base64 with a
/// colon between them.
pub(crate) fn pair(headers: &HeaderMap, scheme: &str) -> Option<(String, Secret<String>)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (found, encoded) = value.split_once(' ')?;
    if !found.eq_ignore_ascii_case(scheme) {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let plain = Secret::new(plain);
    let (name, secret) = plain.expose().split_once(':')?;
    Some((name.to_owned(), Secret::new(secret.to_owned())))
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
