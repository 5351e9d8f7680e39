//! What introspection and revocation share: the form and the authenticated
//! client. A single-use proof is marked durably before any answer.

use super::answer;
use super::client_auth::{self, Proven, rejected};
use super::form::Form;
use super::rate;
use super::waiting::Waiter;
use crate::app::App;
use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderMap;
use locum_core::ids::RequestId;
use locum_core::refusal::{Code, Refusal};
use locum_stores::state::{Author, Change};
use locum_web::Arrival;

/// An authenticated client with its form.
pub(crate) struct Caller {
    /// The request.
    pub(crate) id: RequestId,
    /// The token it asks about (RFC 7009 §2.1, RFC 7662 §2.1).
    pub(crate) token: String,
    /// Who sent it.
    pub(crate) client: Proven,
    /// The request as something that may wait.
    pub(crate) waiter: Waiter,
}

/// Reads the form and authenticates the client.
///
/// # Errors
/// The answer to give instead.
pub(crate) async fn enter(
    app: &App,
    arrival: &Arrival,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Caller, Box<Response>> {
    let id = arrival.id;
    let reject = |refusal| Box::new(answer::rejection(app, &refusal, id));
    let refuse = |refusal| Box::new(answer::refusal(app, &refusal, id));
    let form = Form::read(headers, body).map_err(reject)?;
    form.single_valued().map_err(reject)?;
    let proven = client_auth::authenticate(app, headers, &form, body).map_err(reject)?;
    let client = proven.ok_or_else(|| reject(rejected()))?;
    let waiter = Waiter::client(&app.waiting, client.client.get().id(), body.len());
    rate::hold(app, arrival, (&client, &waiter))
        .await
        .map_err(refuse)?;
    if let Some(mark) = client.mark {
        let changes = [Change::Mark {
            key: URL_SAFE_NO_PAD.encode(mark.key),
            until_s: mark.until_s,
        }];
        let author = Author {
            by: client.client.get().id().to_owned(),
            credential: None,
            reason: String::new(),
            request_id: Some(id.to_string()),
        };
        let recorded = app.record(&changes, &author);
        if let Err(error) = waiter.patiently(recorded).await {
            mark.failed(app);
            tracing::error!(request_id = %id, %error, "assertion not marked");
            return Err(refuse(answer::unavailable()));
        }
    }
    let token = form.get("token").map(str::to_owned);
    let token = token.ok_or_else(|| refuse(no_token()))?;
    Ok(Caller {
        id,
        token,
        client,
        waiter,
    })
}

/// Whether a lock in force names the client, as client, as agent or by the
/// owner that it has now (contract §9). One on everything does not: it stops
/// tokens, and names nobody.
pub(crate) fn is_locked(app: &App, caller: &Caller) -> bool {
    let state = app.state.read();
    let now_ms = app.clock.now_ms();
    let mut names = client_auth::names_of(app, caller.client.client.get()).into_iter();
    names.any(|key| state.view.locked(&key, now_ms).is_some())
}

fn no_token() -> Refusal {
    Refusal::new(
        Code::Request,
        "expected the parameter `token`, found none; send the token you ask about",
    )
}
