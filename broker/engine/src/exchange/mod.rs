//! One exchange through the rooms (architecture, "One exchange").

mod actor;
mod advice;
mod facts;
pub(crate) mod foreign;
pub(crate) mod kept;
mod lookups;
mod obtain;
pub(crate) mod own;
mod parse;
mod receipt;
mod record;
mod request;
mod requested;
mod seen;
mod slot;
mod subject;
pub(crate) mod summary;

pub use obtain::Credential;
pub use record::NotIssued;
pub use summary::MINUTE_MS;

use self::request::{EarlyStop, Request};
use crate::broker::Broker;
use crate::oauth::client_auth;
use crate::oauth::form::Form;
use crate::oauth::rate;
use crate::oauth::waiting::Waiter;
use crate::rate::RateVerdict;
use crate::unavailable::unavailable;
use http::HeaderMap;
use locum_ambient::metrics::GrantTypeLabel;
use locum_ambient::telemetry::TraceId;
use locum_core::chain::{Chain, ChainBounds};
use locum_core::decide::{Case, GrantType, Obtained, Recorded};
use locum_core::ids::{Jti, RequestId};
use locum_core::proof::SubjectProof;
use locum_core::refusal::Refusal;
use std::net::IpAddr;
use std::sync::Mutex;

/// A request as it arrived.
pub struct Arrived<'a> {
    /// Its id.
    pub id: RequestId,
    /// The trace that it belongs to.
    pub trace: Option<TraceId>,
    /// From where it came.
    pub peer: IpAddr,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

/// How an exchange ended.
pub enum Ended {
    /// We do not know who asks: counted, not recorded.
    Rejected(Refusal),
    /// On the record, and obtained.
    Issued(Box<Recorded<Obtained>>, Credential),
    /// A "no", on the record or for want of one.
    NotIssued(NotIssued),
}

/// Exchanges. Returns how it ended, and the `grant_type` under which it is counted.
pub async fn exchange(broker: &Broker, sent: Arrived<'_>) -> (Ended, GrantTypeLabel) {
    // Held until the task ends, whoever hangs up.
    let waiter = Waiter::stranger(&broker.waiting, sent.peer, sent.body.len());
    let form = match Form::read(sent.headers, sent.body) {
        Ok(form) => form,
        Err(refusal) => return (Ended::Rejected(refusal), GrantTypeLabel::of(None)),
    };
    let ended = of_form(broker, &sent, (&form, &waiter)).await;
    (ended, GrantTypeLabel::of(form.get("grant_type")))
}

/// Step 2, and those of an authenticated client.
async fn of_form(broker: &Broker, sent: &Arrived<'_>, (form, waiter): (&Form, &Waiter)) -> Ended {
    let proven = match client_auth::authenticate(broker, sent.headers, form, sent.body).await {
        Ok(Some(proven)) => Ok(proven),
        Ok(None) => actor::only_proof((broker, waiter), form).await,
        Err(refusal) => Err(refusal),
    };
    let client = match proven {
        Ok(client) => client,
        Err(refusal) => return Ended::Rejected(rejection(form, refusal)),
    };
    waiter.authenticated_as(client.client.get().id());
    let request = Request {
        broker,
        id: sent.id,
        trace: sent.trace,
        form,
        client: &client,
        waiter,
        ip: Some(sent.peer.to_string()),
        seen: Mutex::new(client.seen.into_iter().collect()),
    };
    run(&request).await
}

/// A parameter that was sent twice is named to strangers too: that says nothing
/// about clients.
fn rejection(form: &Form, refusal: Refusal) -> Refusal {
    form.single_valued().err().unwrap_or(refusal)
}

/// Steps 3 to 9 of one exchange: proving (3 to 5), deciding (6 and 7), recording,
/// obtaining.
async fn run(request: &Request<'_>) -> Ended {
    match rate::check(request.broker, request.client) {
        RateVerdict::Within => {}
        RateVerdict::OverFirst => {
            let stop = EarlyStop::at("rate")(rate::over(request.broker));
            return Ended::NotIssued(record::early(request, stop).await);
        }
        RateVerdict::OverAgain => {
            let stop = EarlyStop::at("rate")(rate::over(request.broker));
            return Ended::NotIssued(record::again(request, stop).await);
        }
    }
    if let Err(stale) = request.broker.records.fresh() {
        let stop = EarlyStop::at("store")(unavailable().because(stale.to_string()));
        return Ended::NotIssued(record::early(request, stop).await);
    }
    let case = match prove(request).await {
        Ok(case) => case,
        Err(stop) => return Ended::NotIssued(record::early(request, stop).await),
    };
    let permit = match facts::decide(request, case).await {
        Ok(permit) => permit,
        Err(refused) => return Ended::NotIssued(record::refused(request, *refused).await),
    };
    let recorded = match record::permit(request, permit).await {
        Ok(recorded) => recorded,
        Err(no) => return Ended::NotIssued(no),
    };
    match obtain::obtain(request, recorded).await {
        Ok((obtained, credential)) => Ended::Issued(Box::new(obtained), credential),
        Err(no) => Ended::NotIssued(no),
    }
}

/// Who asks for what, for whom, as whom: everything is proven, nothing decided.
async fn prove(request: &Request<'_>) -> Result<Case, EarlyStop> {
    request
        .form
        .single_valued()
        .map_err(EarlyStop::at("request"))?;
    let ask = parse::ask(request.form).map_err(EarlyStop::at("request"))?;
    let (actor, subject) = match ask.grant_type {
        GrantType::TokenExchange => {
            let tokens = parse::tokens(request.form).map_err(EarlyStop::at("request"))?;
            subject::parties(request, &tokens).await?
        }
        GrantType::ClientCredentials => {
            let actor = actor::client_itself(request).map_err(EarlyStop::at("actor"))?;
            let subject = SubjectProof::itself(&actor);
            (actor, subject)
        }
    };
    let limits = request.broker.limits();
    let by_agent = limits.max_depth.min(actor.agent().spec.max_depth);
    let bounds = ChainBounds {
        depth: lookups::granted_depth(request.broker, &subject)
            .map_or(by_agent, |d| d.min(by_agent)),
        hops: limits.max_hops,
    };
    let chain = Chain::extend(&subject, &actor, bounds).map_err(EarlyStop::at("chain"))?;
    Ok(Case {
        request_id: request.id,
        jti: Jti(request.broker.records.mint()),
        ask,
        actor,
        subject,
        chain,
        ip: request.ip.clone(),
    })
}
