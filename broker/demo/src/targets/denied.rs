//! How a target says no (RFC 6750 §3).

use super::outgoing::LocumUnreachable;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a target does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No token was sent: no error code (RFC 6750 §3.1).
    NoToken,
    /// More than one way or one token, or an illegal header.
    Malformed,
    /// Not a live token of Locum for this target.
    Token(String),
    /// The token's scope does not cover the resource.
    Scope(&'static str),
    /// The token's `authorization_details` do not cover the action.
    Details(String),
    /// The request's body is no use.
    Body(&'static str),
    /// There is no such thing here.
    NotFound,
    /// Locum cannot be asked.
    Unavailable,
}

impl From<LocumUnreachable> for Denied {
    fn from(_: LocumUnreachable) -> Self {
        Self::Unavailable
    }
}

impl Denied {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::Malformed | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Scope(_) | Self::Details(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Error code and sentence; no code where no token was sent.
    fn error(&self) -> Option<(&'static str, String)> {
        match self {
            Self::NoToken => None,
            Self::Malformed => Some((
                "invalid_request",
                "expected one header `Authorization: Bearer` with one token".to_owned(),
            )),
            Self::Token(why) => Some(("invalid_token", why.clone())),
            Self::Scope(scope) => Some((
                "insufficient_scope",
                format!("expected scope `{scope}` in the token, found none"),
            )),
            Self::Details(why) => Some(("insufficient_authorization", why.clone())),
            Self::Body(why) => Some(("invalid_request", (*why).to_owned())),
            Self::NotFound => Some((
                "not_found",
                "expected the id of something here, found none".to_owned(),
            )),
            Self::Unavailable => Some((
                "temporarily_unavailable",
                "expected an answer from Locum about the token, found none".to_owned(),
            )),
        }
    }

    /// Whether the answer is about the token, and so carries a challenge.
    fn challenges(&self) -> bool {
        match self {
            Self::NoToken
            | Self::Malformed
            | Self::Token(_)
            | Self::Scope(_)
            | Self::Details(_) => true,
            Self::Body(_) | Self::NotFound | Self::Unavailable => false,
        }
    }

    /// The answer of the target `realm`.
    pub(crate) fn response(&self, realm: &str) -> Response {
        let error = self.error();
        let body = error.as_ref().map_or_else(
            || json!({"error_description": "expected a bearer token, found none"}),
            |(code, why)| json!({"error": code, "error_description": why}),
        );
        let mut answer = not_stored(self.status(), body);
        let headers = answer.headers_mut();
        if self.challenges() {
            let mut challenge = format!("Bearer realm=\"{realm}\"");
            if let Some((code, why)) = error {
                challenge.push_str(&format!(
                    ", error=\"{code}\", error_description=\"{}\"",
                    legal(&why)
                ));
            }
            if let Self::Scope(scope) = self {
                challenge.push_str(&format!(", scope=\"{scope}\""));
            }
            if let Ok(value) = HeaderValue::from_str(&challenge) {
                headers.insert(header::WWW_AUTHENTICATE, value);
            }
        }
        if *self == Self::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer
    }
}

/// An answer nobody may keep.
pub(crate) fn not_stored(status: StatusCode, body: Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// RFC 6750 §3: printable ASCII without `"` and `\`.
fn legal(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn challenge(denied: &Denied) -> (u16, String) {
        let answer = denied.response("sap");
        let text = answer
            .headers()
            .get(header::WWW_AUTHENTICATE)
            .map(|v| v.to_str().unwrap().to_owned());
        (answer.status().as_u16(), text.unwrap_or_default())
    }

    #[test]
    fn rfc6750_3_1_a_request_without_token_gets_no_error_code() {
        assert_eq!(
            challenge(&Denied::NoToken),
            (401, "Bearer realm=\"sap\"".to_owned())
        );
    }

    #[test]
    fn rfc6750_3_1_errors_have_their_status_and_legal_characters() {
        let (status, text) = challenge(&Denied::Token("it \"is\"\n dead".to_owned()));
        assert_eq!(status, 401);
        assert!(
            text.ends_with("error=\"invalid_token\", error_description=\"it is dead\""),
            "{text}"
        );
        let (status, text) = challenge(&Denied::Scope("invoice.post"));
        assert_eq!(status, 403);
        assert!(
            text.contains("error=\"insufficient_scope\"")
                && text.ends_with("scope=\"invoice.post\"")
        );
        assert_eq!(challenge(&Denied::Unavailable), (503, String::new()));
    }
}
