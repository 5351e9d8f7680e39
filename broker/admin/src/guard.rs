//! What stands around every request: its id, who asks, how the answer ends.

use super::problem::Problem;
use crate::api::Api;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use locum_core::ids::{CredentialId, RequestId};
use locum_core::refusal::Code;
use locum_stores::state::{AdminCredential, Role};
use locum_web::Arrival;
use std::sync::Arc;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who asks: a credential that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The credential's id.
    pub(crate) id: CredentialId,
    /// Its name, as the record has it.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
}

/// A request that may go on.
#[derive(Clone)]
pub(super) struct Admitted {
    pub(super) who: Who,
    pub(super) request_id: RequestId,
    pub(super) body: Bytes,
}

/// Most bytes of a policy bundle as JSON: its text, escaped.
const BUNDLE_BODY_MAX: usize = 2 * locum_policy::TEXT_MAX;

/// Most bytes of an upstream secret as JSON: its value, escaped.
const SECRET_BODY_MAX: usize = 4 * locum_tokens::upstream::VALUE_MAX;

/// Gives the request an id, asks for a credential before anything else, and
/// finishes the answer.
pub(super) async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let arrived = request.extensions().get::<Arrival>();
    let id = arrived.map_or_else(|| api.front.request_id(), |arrival| arrival.id);
    let (mut parts, body) = request.into_parts();
    let presented = parts.headers.contains_key(AUTHORIZATION);
    let who = authenticate(&api, &parts.headers);
    // A stranger's body is never a large one.
    let max = match &who {
        Ok(_) => body_max(&api, parts.uri.path()),
        Err(_) => api.broker.bounds.body_bytes,
    };
    // Read whole even where the answer is known: a connection with unread bytes
    // is cut, and the client's next request with it.
    let body = to_bytes(body, max).await;
    let response = match (who, body) {
        (Err(problem), _) => problem.into_response(),
        (Ok(_), Err(_)) => {
            let detail = format!("expected a body of at most {max} bytes, found a longer one");
            Problem::new(Code::TooLarge, detail).into_response()
        }
        // The body may have taken its time.
        (Ok(who), Ok(body)) => match who.again(&api) {
            Err(problem) => problem.into_response(),
            Ok(()) => {
                parts.extensions.insert(Admitted {
                    who,
                    request_id: id,
                    body,
                });
                next.run(Request::from_parts(parts, Body::empty())).await
            }
        },
    };
    finish(&api.broker.issuer, id, presented, response)
}

/// Most bytes of a body: a policy bundle may be larger than anything else, and an
/// upstream secret larger than the rest.
pub(super) fn body_max(api: &Api, path: &str) -> usize {
    if path.starts_with("/policies") {
        BUNDLE_BODY_MAX
    } else if path.starts_with("/secrets/") {
        SECRET_BODY_MAX
    } else {
        api.broker.bounds.body_bytes
    }
}

/// A path that does not exist.
pub(super) async fn nowhere() -> Problem {
    Problem::new(
        Code::NotFound,
        "expected a path of the admin API, found another",
    )
}

/// A method that the path does not take.
pub(super) async fn no_method() -> Problem {
    Problem::new(
        Code::Method,
        "expected a method that the path takes, found another",
    )
}

/// The credential of the request. Whatever the token, it is hashed once and
/// looked up by that: a keyed hash tells nothing by how it compares.
fn authenticate(api: &Api, headers: &HeaderMap) -> Result<Who, Problem> {
    let token = bearer(headers).ok_or_else(dead)?;
    let hash = api.broker.records.vault.hash(token, None).hash;
    let state = api.broker.records.state.read();
    let first = bootstrap(api).filter(|first| first.hash == hash);
    let credential = state.credentials.with_hash(&hash).or(first.as_deref());
    let now_s = api.broker.records.clock.now_s();
    let credential = credential.filter(|credential| lives(credential, now_s));
    let credential = credential.ok_or_else(dead)?;
    Ok(Who {
        id: credential.id,
        name: credential.name.clone(),
        role: credential.role,
    })
}

impl Who {
    /// Looks at the credential again: what it began may have waited since.
    ///
    /// # Errors
    /// 401 when it is not live any more, or may do something else now.
    pub(super) fn again(&self, api: &Api) -> Result<(), Problem> {
        let state = api.broker.records.state.read();
        let first = bootstrap(api).filter(|first| first.id == self.id);
        let credential = state.credentials.get(&self.id).or(first.as_deref());
        let now_s = api.broker.records.clock.now_s();
        let same = |known: &AdminCredential| lives(known, now_s) && known.role == self.role;
        credential.is_some_and(same).then_some(()).ok_or_else(dead)
    }
}

/// The first administrator, who is on no record.
fn bootstrap(api: &Api) -> Option<Arc<AdminCredential>> {
    api.bootstrap.get()
}

fn lives(credential: &AdminCredential, now_s: u64) -> bool {
    !credential.revoked && credential.expires_s.is_none_or(|end| end > now_s)
}

pub(super) fn dead() -> Problem {
    Problem::new(
        Code::Unauthenticated,
        "expected a live credential, found none",
    )
}

/// The one bearer token (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn finish(issuer: &str, id: RequestId, presented: bool, mut response: Response) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let document = problem.document(issuer, id).to_string();
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if problem.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3.1: no error code to who presented nothing.
            let challenge = if presented {
                "Bearer realm=\"locum admin\", error=\"invalid_token\""
            } else {
                "Bearer realm=\"locum admin\""
            };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if problem.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        *response.body_mut() = Body::from(document);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(X_REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests;
