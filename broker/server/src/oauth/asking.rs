//! What introspection and revocation begin with.

use crate::app::App;
use axum::response::Response;
use http::HeaderMap;
use locum_engine::oauth::asking::{self, Asking, NotAsking};
use locum_web::Arrival;
use locum_web::refusal::{refusal, rejection};

/// The authenticated client and the token that it asks about.
///
/// # Errors
/// The answer to give instead.
pub(super) async fn enter(
    app: &App,
    arrival: &Arrival,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Asking, Box<Response>> {
    let who = (arrival.id, arrival.trace.as_ref());
    let entered = asking::enter(&app.broker, who, headers, body).await;
    entered.map_err(|no| {
        Box::new(match no {
            NotAsking::Rejected(refused) => rejection(&app.front, &refused, arrival.id),
            NotAsking::Refused(refused) => refusal(&app.front, &refused, arrival.id),
        })
    })
}
