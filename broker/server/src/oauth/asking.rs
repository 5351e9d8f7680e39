//! Why nothing was looked at (RFC 7662, RFC 7009), as an answer.

use crate::app::App;
use axum::response::Response;
use locum_core::ids::RequestId;
use locum_engine::oauth::asking::NotAsking;
use locum_web::answer::{refusal, rejection};

/// The answer to a client that may not ask.
pub(super) fn not_asking(app: &App, no: NotAsking, request_id: RequestId) -> Response {
    match no {
        NotAsking::Rejected(refused) => rejection(&app.front, &refused, request_id),
        NotAsking::Refused(refused) => refusal(&app.front, &refused, request_id),
    }
}
