//! A "no" of the admin API: problem details (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use locum_core::ids::RequestId;
use locum_core::refusal::Code;
use locum_core::registry::{FieldProblem as Flaw, WrongState};
use serde_json::{Value, json};

/// A "no" of the admin API. It becomes JSON where the request's id is known.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Its stable code.
    pub(crate) code: Code,
    /// HTTP status, the code's own unless said otherwise.
    pub(crate) status: StatusCode,
    /// What was expected and found.
    pub(crate) detail: String,
    /// The bad places of the body, if it is about places.
    pub(crate) flaws: Vec<Flaw>,
}

impl Problem {
    /// A problem with its sentence.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(code.mapping().status);
        Self {
            code,
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            detail: detail.into(),
            flaws: Vec::new(),
        }
    }

    /// Invalid input, place by place.
    pub(crate) fn invalid(flaws: Vec<Flaw>) -> Self {
        let mut out = Self::new(
            Code::Invalid,
            "expected valid input, found the listed flaws",
        );
        if let [only] = flaws.as_slice() {
            out.detail.clone_from(&only.detail);
        }
        out.flaws = flaws;
        out
    }

    /// Invalid input at one place, a JSON pointer into the body (RFC 6901).
    pub(crate) fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Flaw {
            pointer: pointer.into(),
            detail: detail.into(),
        }])
    }

    /// No such object of that kind.
    pub(crate) fn unknown(kind: &str) -> Self {
        Self::new(
            Code::NotFound,
            format!("expected the id of {kind} that exists, found another"),
        )
    }

    /// An id that was given before.
    pub(crate) fn taken() -> Self {
        Self::new(
            Code::State,
            "expected an id that was never used, found one that is taken",
        )
    }

    /// The same with another status.
    pub(super) const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The document (RFC 9457 §3.1).
    pub(super) fn document(&self, issuer: &str, request_id: RequestId) -> Value {
        let mapping = self.code.mapping();
        json!({
            "type": format!("{issuer}/errors/{}", mapping.text),
            "title": mapping.meaning,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": mapping.text,
            "request_id": request_id,
            "errors": self.flaws,
        })
    }
}

/// Nothing where there are no flaws: else 422, place by place.
pub(super) fn sound(flaws: Vec<Flaw>) -> Result<(), Problem> {
    if flaws.is_empty() {
        return Ok(());
    }
    Err(Problem::invalid(flaws))
}

/// What an object must keep, and does not (contract §12): 409.
pub(super) fn kept(flaw: Flaw) -> Problem {
    Problem::new(Code::State, flaw.detail)
}

impl From<WrongState> for Problem {
    fn from(flaw: WrongState) -> Self {
        Self::new(Code::State, flaw.to_string())
    }
}

/// Carries the problem to where the answer is finished.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
