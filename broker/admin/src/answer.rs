//! Answers and their entity tags.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderValue, StatusCode};
use locum_core::jcs;
use serde_json::Value;

/// A "yes" of the admin API.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    body: Value,
    etag: Option<String>,
}

impl Answer {
    /// 200 with an object; one that shows `created_at` is a whole object of
    /// the API and carries its ETag.
    pub(crate) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// The same with another status.
    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        let etag = body.get("created_at").is_some().then(|| etag(&body));
        Self { status, body, etag }
    }

    /// With an ETag of its own, quotes included.
    pub(crate) fn tagged(mut self, etag: String) -> Self {
        self.etag = Some(etag);
        self
    }

    /// With a member that is shown once and no part of the object.
    pub(super) fn with_secret(mut self, name: &str, secret: String) -> Self {
        if let Some(members) = self.body.as_object_mut() {
            members.insert(name.to_owned(), Value::String(secret));
        }
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let etag = self.etag.and_then(|tag| HeaderValue::from_str(&tag).ok());
        if let Some(etag) = etag {
            headers.insert(ETAG, etag);
        }
        response
    }
}

/// The strong entity tag of an object as shown, quotes included: a hash of its
/// canonical JSON.
pub(crate) fn etag(shown: &Value) -> String {
    // INVARIANT: a JSON value serialises to JSON.
    let address = jcs::address(shown).unwrap_or_default();
    format!("\"{}\"", address.trim_start_matches("sha256:"))
}

/// Whether a list of entity tags (RFC 9110 §13.1.1) names the current one.
pub(super) fn names(list: &str, current: Option<&str>) -> bool {
    let Some(current) = current else {
        return false;
    };
    list.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag == current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_members_makes_no_other_tag() {
        let one = etag(&json!({"a": 1, "b": 2}));
        assert_eq!(one, etag(&json!({"b": 2, "a": 1})));
        assert_ne!(one, etag(&json!({"b": 2, "a": 2})));
        assert_eq!(one.len(), 66);
    }

    #[test]
    fn rfc9110_13_1_1_a_star_names_whatever_is_there_and_a_weak_tag_nothing() {
        assert!(names("*", Some("\"a\"")) && !names("*", None));
        assert!(names("\"b\", \"a\"", Some("\"a\"")));
        assert!(!names("W/\"a\"", Some("\"a\"")) && !names("\"a\"", Some("\"b\"")));
    }
}
