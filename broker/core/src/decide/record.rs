//! The record of a decision: what was asked, by whom, for whom, what was
//! looked at, what came out, and every input by content address, so that the
//! decision can be made again (architecture, "replayable").

use super::permit::{Permit, Refused};
use super::{Case, Check, CheckResult};
use crate::ids::{AgentId, DelegationId, RequestId, VersionId};
use crate::jcs;
use crate::lineage::{Keyed, Kind, Lineage};
use crate::party::Subject;
use crate::record::{Draft, commitment};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// The record type of decisions.
pub const DECISION: &str = "decision";

/// 16 random bytes in the side record that commitments are salted with.
#[derive(Clone, Copy)]
pub struct PersonalSalt(pub [u8; 16]);

/// What surrounds a decision in its record: who called and how, and the
/// randomness of the record.
pub struct Frame<'a> {
    /// The request.
    pub request_id: RequestId,
    /// The authenticated client.
    pub client_id: &'a str,
    /// By which method it authenticated.
    pub client_auth: &'static str,
    /// What was requested, as parsed; never a token.
    pub requested: Value,
    /// Personal values of the request: purpose, address.
    pub personal: Vec<(&'static str, String)>,
    /// Replay marks taken: key, Unix seconds until which each counts, and,
    /// after a fault, the hash of the request that may run again.
    pub marks: Vec<([u8; 16], u64, Option<[u8; 32]>)>,
    /// Salt of the record.
    pub salt: [u8; 16],
    /// Salt of the commitments.
    pub personal_salt: PersonalSalt,
    /// Names to keys.
    pub keys: &'a dyn Keyed,
}

pub(super) fn permit(permit: &Permit, frame: &Frame<'_>) -> Draft {
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
    let mut granted = json!({ "scope": permit.scope, "expires_in": permit.lifetime });
    if let (Some(details), Some(granted)) = (&permit.details, granted.as_object_mut()) {
        granted.insert("authorization_details".into(), details.clone());
    }
    put("granted", granted);
    put(
        "lineage",
        json!(
            lineage(permit, frame.keys)
                .iter()
                .map(|k| URL_SAFE_NO_PAD.encode(k))
                .collect::<Vec<_>>()
        ),
    );
    put("inputs", inputs(permit));
    Draft::new(
        DECISION,
        frame.salt,
        Value::Object(body),
        Some(Value::Object(side)),
    )
}

pub(super) fn refusal(refused: &Refused, frame: &Frame<'_>) -> Draft {
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
    let outcome = if found.code.mapping().status >= 500 {
        "fault"
    } else {
        "refusal"
    };
    put("outcome", json!(outcome));
    put("code", json!(found.code.text()));
    put("id", Value::Null);
    put("jti", Value::Null);
    put("target", json!(refused.target));
    put("policies", json!(found.policies));
    put("would_pass", found.would_pass.clone().unwrap_or_default());
    side.insert("description".into(), json!(found.description));
    side.insert("detail".into(), json!(found.detail));
    Draft::new(
        DECISION,
        frame.salt,
        Value::Object(body),
        Some(Value::Object(side)),
    )
}

fn common(frame: &Frame<'_>, trail: &[Check], bundle: &str) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("request_id", json!(frame.request_id));
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
    let mark = |(key, until, request): &([u8; 16], u64, Option<[u8; 32]>)| {
        json!([
            URL_SAFE_NO_PAD.encode(key),
            until,
            request.map(|hash| URL_SAFE_NO_PAD.encode(hash))
        ])
    };
    let marks: Vec<Value> = frame.marks.iter().map(mark).collect();
    put("marks", json!(marks));
    let salt = &frame.personal_salt.0;
    let committed: Map<String, Value> = frame
        .personal
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(commitment(salt, name, value))))
        .collect();
    put("personal", Value::Object(committed));
    body
}

fn side(frame: &Frame<'_>) -> Map<String, Value> {
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
    frame: &Frame<'_>,
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
    let chain: Vec<Value> = case
        .chain
        .links()
        .iter()
        .map(|link| json!({ "iss": link.iss, "sub": link.sub }))
        .collect();
    body.insert("chain".into(), json!(chain));
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
/// record of its own change.
fn inputs(permit: &Permit) -> Value {
    let address = |value: Result<String, serde_json::Error>| value.ok();
    json!({
        "agent": address(jcs::address(&permit.case.actor.agent().spec)),
        "target": permit.target.as_ref().and_then(|t| address(jcs::address(&t.spec))),
        "grant": permit.grant.as_ref().and_then(|g| address(jcs::address(&g.spec))),
        "bundle": permit.bundle,
    })
}

/// Everything the token descends from (architecture, "lineage").
pub(super) fn lineage(permit: &Permit, keys: &dyn Keyed) -> Lineage {
    let case = &permit.case;
    let mut out = Lineage::default();
    out.add(keys.key(Kind::Token, &case.jti.to_string()));
    out.inherit(case.subject.lineage());
    case.actor.keys().iter().for_each(|key| out.add(*key));
    for jti in &permit.del.up {
        out.add(keys.key(Kind::Token, &jti.to_string()));
    }
    if let Some(grant) = permit.del.grant {
        out.add(keys.key(Kind::Grant, &grant.to_string()));
    }
    for link in case.chain.links() {
        if let Some(agent) = &link.agent {
            out.add(keys.key(Kind::Agent, agent.as_str()));
        }
        if let Some(version) = link.version {
            out.add(keys.key(Kind::AgentVersion, &version.to_string()));
        }
    }
    if let Some(version) = case.actor.link().version {
        out.add(keys.key(Kind::AgentVersion, &version.to_string()));
    }
    out.add(keys.key(Kind::Client, case.actor.agent_id().as_str()));
    if let Some(presenter) = case.actor.presenter() {
        out.add(keys.key(Kind::Client, presenter.as_str()));
    }
    if let Some(target) = &permit.target {
        out.add(keys.key(Kind::Target, target.id.as_str()));
    }
    out
}

/// The agents of a case, each at the version it acted in.
pub(super) fn actors(case: &Case) -> Vec<(AgentId, Option<VersionId>)> {
    let links = case
        .chain
        .links()
        .iter()
        .filter_map(|link| link.agent.clone().map(|agent| (agent, link.version)));
    let subject = case
        .chain
        .subject()
        .agent()
        .map(|agent| (agent.clone(), None));
    links.chain(subject).collect()
}
