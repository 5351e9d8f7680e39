//! How an emulator is told to be busy or out of order for a while: no vendor has
//! this, it is there so that trouble can be tried.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};

/// Where it is told.
pub(crate) const PATH: &str = "/-/busy";
/// Most requests that are answered so.
const TIMES_MAX: u32 = 10_000;
/// Longest `Retry-After`, in seconds.
const RETRY_MAX: u16 = 3_600;

/// What the next requests for a credential are answered.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    times: u32,
    status: u16,
    retry_after: Option<u16>,
}

/// Whether an emulator is busy.
#[derive(Clone, Default)]
pub(crate) struct Busy(Arc<Mutex<Option<Told>>>);

impl Busy {
    /// The route by which it is told: JSON, so that no web page can do it unasked.
    pub(crate) fn router(&self) -> Router {
        let busy = self.clone();
        let told = async move |Json(told): Json<Told>| busy.tell(told);
        Router::new().route(PATH, post(told))
    }

    /// The answer of a busy vendor, as often as was told.
    pub(crate) fn answer(&self) -> Option<Response> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = left.as_mut().filter(|told| told.times > 0)?;
        told.times -= 1;
        let status = StatusCode::from_u16(told.status).ok()?;
        let mut answer = status.into_response();
        if let Some(retry_after) = told.retry_after {
            let value = HeaderValue::from(retry_after);
            answer.headers_mut().insert(header::RETRY_AFTER, value);
        }
        Some(answer)
    }

    fn tell(&self, told: Told) -> Response {
        let fits = told.times <= TIMES_MAX
            && (400..=599).contains(&told.status)
            && told.retry_after.is_none_or(|seconds| seconds <= RETRY_MAX);
        if !fits {
            let expected = format!(
                "expected `times` up to {TIMES_MAX}, `status` of 400 to 599 and `retry_after` up to {RETRY_MAX}"
            );
            return (StatusCode::UNPROCESSABLE_ENTITY, expected).into_response();
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        StatusCode::NO_CONTENT.into_response()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn it_is_busy_as_often_as_was_told() {
        let busy = Busy::default();
        assert!(busy.answer().is_none());
        let told = Told {
            times: 1,
            status: 429,
            retry_after: Some(7),
        };
        assert_eq!(busy.tell(told).status(), StatusCode::NO_CONTENT);
        let answer = busy.answer().unwrap();
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert!(busy.answer().is_none());
        assert_eq!(
            busy.tell(Told {
                status: 200,
                ..told
            })
            .status(),
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
}
