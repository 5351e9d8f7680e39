//! A client that asks too often (contract §10, `LCM-RATE`). One record a client
//! and minute, and the rest in its summary: a client in a loop does not fill the
//! ledger, and still stands in it.

use super::answer;
use super::client_auth::Proven;
use super::waiting::Waiter;
use crate::app::{App, Unavailable};
use crate::rate::Verdict;
use crate::token::summary::{self, Place, Sent};
use locum_core::decide::{Frame, PersonalSalt, Refused};
use locum_core::refusal::{Code, Refusal};
use locum_web::Arrival;
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
pub(crate) async fn hold(
    app: &App,
    arrival: &Arrival,
    (client, waiter): (&Proven, &Waiter),
) -> Result<(), Refusal> {
    let verdict = check(app, client);
    if verdict == Verdict::Within {
        return Ok(());
    }
    let again = verdict == Verdict::OverAgain;
    let place = app
        .summaries
        .place(client.client.get().id(), app.clock.now_ms(), again);
    let refused = Refused::early(over(app), "rate", app.bundle().address());
    let recorded = match place {
        Place::Singly => singly(app, arrival, client, &refused, waiter).await,
        Place::In(summary) => {
            let sent = Sent {
                client: client.client.get().id(),
                request: arrival.id,
                mark: client.mark.map(|mark| (mark, true)),
                seen: client.seen.into_iter().collect(),
                waiter,
            };
            let counted = summary::count(app, summary, refused, &sent);
            counted.await.map(drop)
        }
    };
    if let Some(mark) = &client.mark {
        mark.failed(app);
    }
    match recorded {
        Ok(()) => Err(over(app)),
        Err(error) => {
            tracing::error!(%error, "rate not recorded");
            Err(answer::unavailable())
        }
    }
}

/// In a record of its own, with the mark of the request that may run again.
async fn singly(
    app: &App,
    arrival: &Arrival,
    client: &Proven,
    refused: &Refused,
    waiter: &Waiter,
) -> Result<(), Unavailable> {
    let mark = client.mark.iter();
    let draft = refused.draft(&Frame {
        request_id: arrival.id,
        client_id: client.client.get().id(),
        trace_id: arrival
            .trace
            .as_ref()
            .map(locum_ambient::telemetry::TraceId::as_str),
        client_auth: client.client.method(),
        requested: json!({}),
        personal: Vec::new(),
        marks: mark
            .map(|mark| (mark.key, mark.until_s, Some(mark.request)))
            .collect(),
        seen: Vec::new(),
        salt: app.random.bytes(),
        personal_salt: PersonalSalt(app.random.bytes()),
        keys: &app.names,
    });
    waiter.patiently(app.append(draft)).await.map(drop)
}
