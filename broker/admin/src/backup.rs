//! `/backup`: a consistent copy while serving (contract §12).

use super::call::Call;
use super::problem::Problem;
use crate::archive::take;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use locum_core::refusal::Code;
use locum_stores::state::Role;

/// `GET /backup`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn stream(call: Call) -> Result<Response, Problem> {
    call.require(Role::Admin)?;
    let records = &call.api.broker.records;
    let ledgers = (&records.ledger, records.journal.as_ref());
    let body = take::body(ledgers, call.api.data.clone());
    let body = body.map_err(|e| Problem::new(Code::Unavailable, e.to_string()))?;
    tracing::info!(by = call.who.name, "a backup is taken");
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"locum-backup.tar\""),
    );
    Ok(response)
}
