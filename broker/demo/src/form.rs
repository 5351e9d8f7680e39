//! Forms of the demo issuers: one value a name (RFC 6749 §3.2: parameters must
//! not be included more than once; an empty one counts as absent).

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::BTreeMap;

/// Largest body a demo listener reads, in bytes (contract §5).
pub(crate) const BODY_MAX: usize = 64 * 1024;

/// A parsed form.
pub(crate) struct DemoForm(BTreeMap<String, String>);

impl DemoForm {
    /// Parses an `application/x-www-form-urlencoded` body.
    ///
    /// # Errors
    /// [`OAuthFlaw`] for another content type or a repeated parameter.
    pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, OAuthFlaw> {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(OAuthFlaw::request(
                "expected a form as application/x-www-form-urlencoded",
            ));
        }
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            if value.is_empty() {
                continue;
            }
            if fields
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(OAuthFlaw::request(
                    "expected each parameter once, found one repeated",
                ));
            }
        }
        Ok(Self(fields))
    }

    /// A parameter, if sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// A refusal of a demo token endpoint (RFC 6749 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OAuthFlaw {
    error: &'static str,
    description: &'static str,
}

impl OAuthFlaw {
    /// `invalid_request`.
    pub(crate) const fn request(description: &'static str) -> Self {
        Self {
            error: "invalid_request",
            description,
        }
    }

    /// `invalid_grant`.
    pub(crate) const fn grant(description: &'static str) -> Self {
        Self {
            error: "invalid_grant",
            description,
        }
    }
}

impl IntoResponse for OAuthFlaw {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        (
            StatusCode::BAD_REQUEST,
            [(header::CACHE_CONTROL, "no-store")],
            Json(body),
        )
            .into_response()
    }
}

/// A 200 that nobody may keep (RFC 6749 §5.1).
pub(crate) fn not_stored(body: serde_json::Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// The answer when a demo key cannot sign: ours to mend, nothing to explain.
pub(crate) fn fault() -> Response {
    let body = json!({"error": "server_error"});
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        [(header::CACHE_CONTROL, "no-store")],
        Json(body),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn parse(kind: &'static str, body: &str) -> Result<DemoForm, OAuthFlaw> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        DemoForm::parse(&headers, body.as_bytes())
    }

    #[test]
    fn rfc6749_3_2_a_repeated_parameter_is_refused_and_an_empty_one_is_absent() {
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        assert!(parse(kind, "username=a&username=b").is_err());
        let form = parse(kind, "username=a%20b&audience=").unwrap();
        assert_eq!(
            (form.get("username"), form.get("audience")),
            (Some("a b"), None)
        );
    }

    #[test]
    fn a_body_that_is_no_form_is_refused() {
        assert!(parse("application/json", "{}").is_err());
    }
}
