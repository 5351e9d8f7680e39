//! A client that asks too often (contract §10, `LCM-RATE`). One record a client
//! and minute: a client in a loop does not fill the ledger, and still stands
//! in it.

use super::answer;
use super::client_auth::Proven;
use crate::app::App;
use crate::http::Arrival;
use crate::rate::Verdict;
use locum_core::decide::{Frame, PersonalSalt, Refused};
use locum_core::refusal::{Code, Refusal};
use serde_json::json;

/// Whether the client may ask now.
pub(crate) fn check(app: &App, client: &Proven) -> Verdict {
    app.rate.check(client.client.get().id(), app.clock.now_ms())
}

/// The refusal.
pub(crate) fn over(app: &App) -> Refusal {
    let rate = app.bounds.requests_per_client_per_s.unwrap_or_default();
    Refusal::new(
        Code::Rate,
        format!(
            "expected at most {rate} requests a second of this client, found more; try again in a second"
        ),
    )
}

/// Holds a client to its rate where no decision is made.
///
/// # Errors
/// The refusal to answer with. Nothing was obtained: the identical request may
/// run again.
pub(crate) async fn hold(app: &App, arrival: &Arrival, client: &Proven) -> Result<(), Refusal> {
    let verdict = check(app, client);
    if verdict == Verdict::Within {
        return Ok(());
    }
    if let Some(mark) = &client.mark {
        mark.failed(app);
    }
    if verdict == Verdict::OverAgain {
        return Err(over(app));
    }
    let refused = Refused::early(over(app), "rate", app.bundle().address());
    let draft = refused.draft(&Frame {
        request_id: arrival.id,
        client_id: client.client.get().id(),
        trace_id: arrival.trace.as_ref().map(crate::http::TraceId::as_str),
        client_auth: client.client.method(),
        requested: json!({}),
        personal: Vec::new(),
        marks: Vec::new(),
        seen: Vec::new(),
        salt: app.random.bytes(),
        personal_salt: PersonalSalt(app.random.bytes()),
        keys: &app.names,
    });
    match app.append(draft, |_| ()).await {
        Ok(_) => Err(over(app)),
        Err(error) => {
            tracing::error!(%error, "rate not recorded");
            Err(answer::unavailable())
        }
    }
}
