//! `POST /token`: one exchange through the rooms (architecture).

mod actor;
mod facts;
pub(crate) mod foreign;
mod lookups;
mod obtain;
pub(crate) mod own;
mod parse;
mod record;
mod requested;
mod respond;
pub(crate) mod seen;
pub(crate) mod slot;
mod subject;
pub(crate) mod summary;

use self::foreign::Foreign;
use crate::app::App;
use crate::oauth::answer;
use crate::oauth::client_auth::{self, Proven};
use crate::oauth::form::Form;
use crate::oauth::rate;
use crate::oauth::waiting::Waiter;
use crate::rate::Verdict;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use locum_ambient::telemetry::TraceId;
use locum_core::chain::{Bounds, Chain};
use locum_core::decide::{Case, GrantType, SeenMark};
use locum_core::ids::{Jti, RequestId};
use locum_core::proof::SubjectProof;
use locum_core::refusal::Refusal;
use locum_web::Arrival;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::Instrument;

/// Why a request of an authenticated client went no further: the check that
/// ended it, and the refusal to record.
pub(crate) struct Stop {
    check: &'static str,
    refusal: Box<Refusal>,
}

impl Stop {
    fn at(check: &'static str) -> impl Fn(Refusal) -> Self {
        move |refusal| Self {
            check,
            refusal: Box::new(refusal),
        }
    }
}

/// One request on its way: who asks, with what.
pub(crate) struct Request<'a> {
    app: &'a App,
    id: RequestId,
    trace: Option<TraceId>,
    form: &'a Form,
    client: &'a Proven,
    waiter: &'a Waiter,
    ip: Option<String>,
    /// Foreign tokens of it that came ahead of our clock.
    seen: Mutex<Vec<SeenMark>>,
}

impl Request<'_> {
    /// When a foreign token of it was first seen, Unix milliseconds.
    fn first_seen(&self, text: &str, found: &Foreign) -> Result<u64, Refusal> {
        let first = seen::first(self.app, text, found)?;
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(first.mark);
        Ok(first.ms)
    }

    fn seen(&self) -> Vec<SeenMark> {
        let all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

/// The handler of `POST /token`. What was begun is ended even when the caller
/// hangs up: a use that was reserved or a mark that was taken half-way would
/// otherwise stay so.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let exchange = async move { exchange(&app, (peer, arrival), &headers, &body).await };
    // Boxed: a task's future is moved whole when it begins and when it ends.
    let task = tokio::spawn(Box::pin(exchange.in_current_span()));
    task.await.unwrap_or_else(|_| {
        tracing::error!("an exchange panicked");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

async fn exchange(
    app: &Arc<App>,
    caller: (SocketAddr, Arrival),
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let (peer, arrival) = caller;
    let id = arrival.id;
    // Held until the task ends, whoever hangs up.
    let waiter = Waiter::stranger(&app.waiting, peer.ip(), body.len());
    let form = match Form::read(headers, body) {
        Ok(form) => form,
        Err(refusal) => return answer::rejection(app, &refusal, id),
    };
    let proven = match client_auth::authenticate(app, headers, &form, body) {
        Ok(Some(proven)) => Ok(proven),
        Ok(None) => actor::only_proof((app, &waiter), &form).await,
        Err(refusal) => Err(refusal),
    };
    let client = match proven {
        Ok(client) => client,
        Err(refusal) => return answer::rejection(app, &rejection(&form, refusal), id),
    };
    waiter.is_client(client.client.get().id());
    let request = Request {
        app,
        id,
        trace: arrival.trace,
        form: &form,
        client: &client,
        waiter: &waiter,
        ip: Some(peer.ip().to_string()),
        seen: Mutex::new(client.seen.into_iter().collect()),
    };
    let response = run(&request).await;
    app.front
        .metrics
        .exchange_seconds
        .took(arrival.since.elapsed());
    response
}

/// What a stranger sent twice is told to strangers too: it says nothing about
/// clients.
fn rejection(form: &Form, refusal: Refusal) -> Refusal {
    form.single_valued().err().unwrap_or(refusal)
}

/// Steps 3 to 10 of one exchange, each a function of its own.
async fn run(request: &Request<'_>) -> Response {
    match rate::check(request.app, request.client) {
        Verdict::Within => {}
        Verdict::OverFirst => {
            let stop = Stop::at("rate")(rate::over(request.app));
            return respond::refused(request, record::early(request, stop).await);
        }
        Verdict::OverAgain => {
            let stop = Stop::at("rate")(rate::over(request.app));
            return respond::refused(request, record::again(request, stop).await);
        }
    }
    let case = match prove(request).await {
        Ok(case) => case,
        Err(stop) => return respond::refused(request, record::early(request, stop).await),
    };
    match facts::decide(request, case).await {
        Ok(permit) => match record::permit(request, permit).await {
            Ok(recorded) => match obtain::obtain(request.app, &recorded).await {
                Ok(credential) => respond::issued(request, &recorded, &credential),
                Err(fault) => {
                    let no = record::not_obtained(request, recorded, &fault).await;
                    respond::refused(request, no)
                }
            },
            Err(no) => respond::refused(request, no),
        },
        Err(refused) => respond::refused(request, record::refused(request, *refused).await),
    }
}

/// Who asks for what, for whom, as whom: everything is proven, nothing decided.
async fn prove(request: &Request<'_>) -> Result<Case, Stop> {
    request.form.single_valued().map_err(Stop::at("request"))?;
    let ask = parse::ask(request.form).map_err(Stop::at("request"))?;
    let (actor, subject) = match ask.grant_type {
        GrantType::TokenExchange => {
            let tokens = parse::tokens(request.form).map_err(Stop::at("request"))?;
            subject::parties(request, &tokens).await?
        }
        GrantType::ClientCredentials => {
            let actor = actor::client_itself(request).map_err(Stop::at("actor"))?;
            let subject = SubjectProof::itself(&actor);
            (actor, subject)
        }
    };
    let limits = request.app.limits();
    let by_agent = limits.max_depth.min(actor.agent().spec.max_depth);
    let bounds = Bounds {
        depth: lookups::granted_depth(request.app, &subject).map_or(by_agent, |d| d.min(by_agent)),
        hops: limits.max_hops,
    };
    let chain = Chain::extend(&subject, &actor, bounds).map_err(Stop::at("chain"))?;
    Ok(Case {
        request_id: request.id,
        jti: Jti(request.app.mint()),
        ask,
        actor,
        subject,
        chain,
        ip: request.ip.clone(),
    })
}
