//! Who the caller thinks it talks to. The demo workload issuer asks nobody for
//! a proof, so a web page must not get at it by pointing a name of its own at
//! loopback (DNS rebinding): only loopback's own names are answered.

use axum::Json;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Names of loopback as they stand in `Host`, without the port.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Answers 421 (RFC 9110 §15.5.20) to a `Host` that is not loopback.
pub(crate) async fn loopback_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    // A request without `Host` comes from no browser.
    let ours = host.is_none_or(|host| host.to_str().is_ok_and(is_loopback));
    let named = request.uri().host().is_none_or(is_loopback);
    if ours && named {
        return next.run(request).await;
    }
    let body = json!({
        "error": "invalid_request",
        "error_description": "expected a loopback name as `Host`, found another",
    });
    (StatusCode::MISDIRECTED_REQUEST, Json(body)).into_response()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    NAMES.iter().any(|n| n.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::test_world::TestWorld;
    use super::*;
    use axum::body::Body;

    #[test]
    fn only_names_of_loopback_pass() {
        for good in [
            "127.0.0.1:8421",
            "localhost",
            "LOCALHOST:1",
            "[::1]:8421",
            "[::1]",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "evil.example:8421",
            "127.0.0.1.evil.example",
            "localhost:x",
            "[::1]x",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_pointed_at_loopback_is_misdirected() {
        let request = Request::get("/sap").header("host", "evil.example");
        let request = request.body(Body::empty()).unwrap();
        assert_eq!(TestWorld::new().send(request).await.0, 421);
    }
}
