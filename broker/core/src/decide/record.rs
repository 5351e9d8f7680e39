//! The record of a decision: what was asked, by whom, for whom, what was
//! looked at, what came out, and every input by content address, so that the
//! decision can be made again (architecture, "Deciding").

use super::bound;
use super::case::Case;
use super::permit::{Permit, Refused};
use super::trail::{Check, CheckResult};
use crate::handout::Handout;
use crate::ids::{DelegationId, RequestId};
use crate::jcs;
use crate::lineage::Keyed;
use crate::party::{Link, Subject};
use crate::record::{Draft, commitment, key_text};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// The record type of decisions.
pub const DECISION: &str = "decision";

/// 16 random bytes in the side record that commitments are salted with.
#[derive(Clone, Copy)]
pub struct PersonalSalt(pub [u8; 16]);

/// A replay mark as it is recorded: its key, Unix seconds until which it counts
/// and, after a fault, the hash of the request that may run again.
pub type RecordedMark = ([u8; 16], u64, Option<[u8; 32]>);

/// A foreign token that came ahead of our clock as it is recorded: its key, Unix
/// milliseconds at which it was first seen, Unix seconds until which that counts.
pub type SeenMark = ([u8; 16], u64, u64);

/// What surrounds a decision in its record: who called and how, and the
/// randomness of the record.
pub struct RecordFrame<'a> {
    /// The request.
    pub request_id: RequestId,
    /// The authenticated client.
    pub client_id: &'a str,
    /// Its trace, 32 hexadecimal digits (W3C Trace Context), if it sent one.
    pub trace_id: Option<&'a str>,
    /// By which method it authenticated.
    pub client_auth: &'static str,
    /// What was requested, as parsed; never a token.
    pub requested: Value,
    /// Personal values of the request: purpose, address.
    pub personal: Vec<(&'static str, String)>,
    /// Replay marks taken.
    pub marks: Vec<RecordedMark>,
    /// Foreign tokens that came ahead of our clock.
    pub seen: Vec<SeenMark>,
    /// Salt of the record.
    pub salt: [u8; 16],
    /// Salt of the commitments.
    pub personal_salt: PersonalSalt,
    /// Names to keys.
    pub keys: &'a dyn Keyed,
}

pub(super) fn permit(permit: &Permit, frame: &RecordFrame<'_>) -> Draft {
    let case = &permit.case;
    let mut side = side(frame);
    let mut body = common(frame, &permit.trail, &permit.bundle);
    parties(case, frame, &mut body, &mut side);
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("outcome", json!("permit"));
    put("code", Value::Null);
    put("id", json!(DelegationId(case.jti.0)));
    put("jti", json!(case.jti));
    put("target", json!(permit.target.as_ref().map(|t| &t.id)));
    put("basis", json!(permit.del.basis));
    put("grant", json!(permit.del.grant));
    put("uses", json!(permit.takes_use_of()));
    put(
        "parent",
        json!(permit.del.up.first().map(|jti| DelegationId(jti.0))),
    );
    put("up", json!(permit.del.up));
    put("ver", json!(permit.del.ver));
    put("aud", permit.claims.get("aud").cloned().unwrap_or_default());
    put("exp", permit.claims.get("exp").cloned().unwrap_or_default());
    put("policies", json!(permit.policies));
    put("granted", granted(permit));
    let lineage = permit.lineage(frame.keys);
    let keys = lineage.iter().map(|entry| json!(key_text::of(&entry.key)));
    put("lineage", Value::Array(keys.collect()));
    let since = lineage.iter().map(|entry| json!(entry.since_ms));
    put("since", Value::Array(since.collect()));
    put("inputs", inputs(permit));
    if let Some(handout) = &permit.handout {
        put("awaits", awaits(case, handout));
    }
    Draft::new(
        DECISION,
        frame.salt,
        Value::Object(body),
        Some(Value::Object(side)),
    )
}

pub(super) fn refusal(refused: &Refused, frame: &RecordFrame<'_>) -> Draft {
    let mut side = side(frame);
    let mut body = common(frame, &refused.trail, &refused.bundle);
    if let Some(case) = &refused.case {
        parties(case, frame, &mut body, &mut side);
        body.insert(
            "parent".into(),
            json!(case.subject.parent().map(|p| p.token.del.id)),
        );
    }
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    let found = &refused.refusal;
    put("outcome", json!(outcome(refused)));
    put("code", json!(found.code.text()));
    put("id", Value::Null);
    put("jti", Value::Null);
    put("target", json!(refused.target));
    put("policies", json!(found.policies));
    put("would_pass", json!(found.would_pass));
    side.insert("description".into(), json!(found.description));
    side.insert("detail".into(), json!(found.detail));
    bound::fit(&mut body, &mut side);
    Draft::new(
        DECISION,
        frame.salt,
        Value::Object(body),
        Some(Value::Object(side)),
    )
}

fn common(frame: &RecordFrame<'_>, trail: &[Check], bundle: &str) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("request_id", json!(frame.request_id));
    if let Some(trace) = frame.trace_id {
        put("trace_id", json!(trace));
    }
    put("client_id", json!(frame.client_id));
    put("client_auth", json!(frame.client_auth));
    put("requested", frame.requested.clone());
    put("checks", json!(trail));
    put(
        "failed",
        json!(
            trail
                .iter()
                .find(|c| c.result == CheckResult::Failed)
                .map(|c| c.name)
        ),
    );
    put("bundle", json!(bundle));
    put("marks", marks(&frame.marks));
    if !frame.seen.is_empty() {
        put("seen", seen(&frame.seen));
    }
    let salt = &frame.personal_salt.0;
    let committed: Map<String, Value> = frame
        .personal
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(commitment(salt, name, value))))
        .collect();
    put("personal", Value::Object(committed));
    body
}

/// Replay marks, as `State` in `stores` reads them back.
pub(super) fn marks(all: &[RecordedMark]) -> Value {
    let mark = |(key, until, request): &RecordedMark| {
        json!([
            URL_SAFE_NO_PAD.encode(key),
            until,
            request.map(|hash| URL_SAFE_NO_PAD.encode(hash))
        ])
    };
    all.iter().map(mark).collect()
}

/// Tokens that came ahead of our clock, as `State` in `stores` reads them back.
pub(super) fn seen(all: &[SeenMark]) -> Value {
    let mark = |(key, ms, until): &SeenMark| json!([key_text::of(key), ms, until]);
    all.iter().map(mark).collect()
}

fn side(frame: &RecordFrame<'_>) -> Map<String, Value> {
    let mut side = Map::new();
    side.insert(
        "salt".into(),
        json!(URL_SAFE_NO_PAD.encode(frame.personal_salt.0)),
    );
    for (name, value) in &frame.personal {
        side.insert((*name).to_owned(), json!(value));
    }
    side
}

/// Subject and chain: a person's name is a commitment in the record and stands
/// in the side record.
fn parties(
    case: &Case,
    frame: &RecordFrame<'_>,
    body: &mut Map<String, Value>,
    side: &mut Map<String, Value>,
) {
    let subject = case.subject.subject();
    let name = subject.sub();
    let kind = match subject {
        Subject::Person(_) => "person",
        Subject::Workload(_) => "workload",
        Subject::Agent(_) => "agent",
    };
    body.insert(
        "subject".into(),
        json!({ "kind": kind, "commitment": commitment(&frame.personal_salt.0, "subject", &name) }),
    );
    side.insert("subject".into(), json!(name));
    side.insert("groups".into(), json!(case.subject.groups()));
    body.insert("subject_issuer".into(), json!(case.subject.issuer()));
    let salt = &frame.personal_salt.0;
    if let Some(groups) = case.subject.groups() {
        let groups = jcs::text(&json!(groups));
        body.insert("groups".into(), json!(commitment(salt, "groups", &groups)));
    }
    if let Some((_, since_ms)) = case.subject.proven_groups() {
        body.insert("groups_since".into(), json!(since_ms));
    }
    let links = case.chain.links();
    // Whom a foreign issuer names as an actor may be a person.
    let shown = |link: &Link| match &link.agent {
        Some(_) => json!({ "iss": link.iss, "sub": link.sub }),
        None => json!({ "iss": link.iss, "commitment": commitment(salt, "actor", &link.sub) }),
    };
    body.insert("chain".into(), links.iter().map(shown).collect());
    if links.iter().any(|link| link.agent.is_none()) {
        let named = |link: &Link| json!({ "iss": link.iss, "sub": link.sub });
        side.insert("chain".into(), links.iter().map(named).collect());
    }
    body.insert("actor".into(), json!(case.actor.agent_id()));
    body.insert("actor_from".into(), json!(case.actor.from()));
    body.insert("presenter".into(), json!(case.actor.presenter()));
    body.insert("task_id".into(), json!(case.ask.task_id));
    body.insert("delegate_to".into(), json!(case.ask.delegate_to));
    let sign_in = case.subject.sign_in();
    body.insert(
        "sign_in".into(),
        json!({ "auth_time": sign_in.auth_time, "acr": sign_in.acr, "amr": sign_in.amr }),
    );
}

/// Content addresses of the snapshots that were decided on; each stands in the
/// record of its own change. Nothing personal is hashed without a salt: a grant,
/// which never changes, is named by its id.
fn inputs(permit: &Permit) -> Value {
    json!({
        "agent": permit.case.actor.agent().spec.address(),
        "target": permit.target.as_ref().and_then(|t| t.spec.address()),
        "grant": permit.grant.as_ref().map(|g| g.id),
        "bundle": permit.bundle,
    })
}

/// A vendor is asked under this permit: a second record says what came of it.
/// Here stands what the state has to know of the credential until it has ended.
fn awaits(case: &Case, handout: &Handout) -> Value {
    let agents: Vec<_> = super::descent::actors(case);
    let agents: Vec<_> = agents.into_iter().map(|(agent, _)| agent).collect();
    json!({ "agents": agents, "account": handout.account, "unsafe": handout.because })
}

/// Whether the draft is the record of this permit: no other permit, and no
/// refusal of the same request, vouches for it.
pub(super) fn is_of_permit(permit: &Permit, draft: &Draft) -> bool {
    let about = about(draft);
    draft.kind() == DECISION
        && about("request_id", json!(permit.case.request_id))
        && about("outcome", json!("permit"))
        && about("jti", json!(permit.case.jti))
        && about("target", json!(permit.target.as_ref().map(|t| &t.id)))
        && about("uses", json!(permit.takes_use_of()))
        && about("exp", permit.claims.get("exp").cloned().unwrap_or_default())
        && about("granted", granted(permit))
        && (draft.value().get("awaits").is_some() == permit.handout.is_some())
}

/// Whether the draft is the record of this refusal of that request.
pub(super) fn is_of_refusal(refused: &Refused, draft: &Draft, request: RequestId) -> bool {
    let about = about(draft);
    draft.kind() == DECISION
        && about("request_id", json!(request))
        && about("outcome", json!(outcome(refused)))
        && about("code", json!(refused.refusal.code.text()))
}

fn about(draft: &Draft) -> impl Fn(&str, Value) -> bool {
    let body = draft.value();
    move |name, value| body.get(name) == Some(&value)
}

fn granted(permit: &Permit) -> Value {
    let mut granted = Map::new();
    granted.insert("scope".into(), json!(permit.scope));
    granted.insert("expires_in".into(), json!(permit.lifetime));
    if let Some(details) = &permit.details {
        granted.insert("authorization_details".into(), details.clone());
    }
    Value::Object(granted)
}

fn outcome(refused: &Refused) -> &'static str {
    if refused.refusal.code.mapping().status >= 500 {
        "fault"
    } else {
        "refusal"
    }
}
