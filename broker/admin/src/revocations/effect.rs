//! What a revocation or a lock says of its effect.

use crate::api::Api;
use crate::call::Call;
use crate::problem::Problem;
use locum_core::lineage::What;
use locum_core::refusal::Code;
use locum_engine::revocations::affected::{Act, Affected, Effort, Stop};
use locum_engine::revocations::what::{self, Unnamed};
use locum_stores::changes::Confirmed;
use serde_json::{Value, json};

/// Checks what is named and reads what has to be known before it is stopped.
///
/// # Errors
/// 422 for another form, 404 for what is not registered.
pub(crate) fn stop(call: &Call, what: &What, act: Act) -> Result<Stop, Problem> {
    let state = call.api.broker.records.state.read();
    what::check(what, &state.registry).map_err(|flaw| match flaw {
        Unnamed::Form(expected) => Problem::at("/what/id", expected),
        Unnamed::Unknown => Problem::unknown(article(what)),
    })?;
    let now_ms = call.api.broker.records.clock.now_ms();
    Ok(Stop::new(what, act, &state, now_ms))
}

const fn article(what: &What) -> &'static str {
    use locum_core::lineage::LineageKind;
    match what.kind {
        LineageKind::Agent => "an agent",
        LineageKind::AgentVersion => "a version of an agent",
        LineageKind::Client => "a client",
        LineageKind::Grant => "a grant",
        LineageKind::Target => "a target",
        LineageKind::Issuer => "an issuer",
        LineageKind::Token
        | LineageKind::Delegation
        | LineageKind::Person
        | LineageKind::Owner
        | LineageKind::Session
        | LineageKind::Key
        | LineageKind::All => "something",
    }
}

/// Counts at every record that matters, for a dry run.
///
/// # Errors
/// 503 when the ledger cannot be read.
pub(crate) async fn scanned(api: &Api, stop: Stop) -> Result<Affected, Problem> {
    let counted = stop.affected(&api.broker, Effort::Scan).await;
    counted.map_err(|error| {
        tracing::error!(%error, "what would be stopped could not be counted");
        let detail = "expected a ledger that can be read, found one that cannot now";
        Problem::new(Code::Unavailable, detail)
    })
}

/// Counts after the fact. It is stopped whether or not it can be counted.
pub(crate) async fn estimated(api: &Api, stop: Stop) -> Affected {
    let counted = stop.affected(&api.broker, Effort::Estimate).await;
    counted.unwrap_or_else(|error| {
        tracing::error!(%error, "what was stopped could not be counted");
        Affected::default()
    })
}

/// The member `affected`.
pub(crate) fn counted(affected: &Affected, estimate: bool) -> Value {
    json!({
        "tokens": affected.tokens,
        "grants": affected.grants,
        "people": affected.people.len(),
        "estimate": estimate,
    })
}

/// The member `confirmed`: durable, and in force on that many nodes.
pub(crate) async fn confirmed(api: &Api, index: u64, started_ms: u64) -> Value {
    let Confirmed { replicas, of } = api.broker.records.confirmed(index).await;
    let within_ms = api.broker.records.clock.now_ms().saturating_sub(started_ms);
    json!({ "replicas": replicas, "of": of, "within_ms": within_ms })
}
