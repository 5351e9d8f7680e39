//! A permit's record as far as stopping its token needs it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::ids::{Jti, TargetId};
use locum_core::lineage::{Key, Lineage};
use locum_core::registry::Registry;
use locum_core::token::Alg;
use locum_stores::ledger::Entry;
use locum_stores::state::SigningKeyEntry;
use serde_json::Value;

/// A token that was permitted.
#[derive(Debug)]
pub(super) struct Permit {
    /// Its id.
    pub(super) jti: Jti,
    /// Unix seconds at which it ends.
    pub(super) exp: u64,
    /// Everything it descends from.
    pub(super) lineage: Lineage,
    /// The person it is for, `<issuer id>:<sub>`, if a person and not erased.
    pub(super) person: Option<String>,
    /// What it was issued for; `None` for an actor token.
    target: Option<TargetId>,
    /// Whether it can only be passed on, and no resource accepts it.
    passed_on: bool,
    agents: Vec<String>,
}

/// When a key of ours was the one that signs its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signed {
    alg: Alg,
    from_ms: u64,
    to_ms: u64,
}

impl Signed {
    /// The time in which a key signed; `None` for one that never did.
    pub(super) fn by(kid: &str, keys: &[SigningKeyEntry]) -> Option<Self> {
        let key = keys.iter().find(|key| key.kid == kid)?;
        Some(Self {
            alg: key.alg,
            from_ms: key.activated_ms?,
            to_ms: key.superseded_ms.or(key.retired_ms).unwrap_or(u64::MAX),
        })
    }
}

impl Permit {
    /// Reads a record; `None` when it is no permit. `issuer` is Locum's.
    pub(super) fn read(entry: &Entry, issuer: &str) -> Option<Self> {
        let body = &entry.body;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        if entry.kind != locum_core::decide::DECISION || text("outcome") != Some("permit") {
            return None;
        }
        let each = |name: &str| {
            body.get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        let keys = each("lineage").filter_map(key).collect();
        let kind = body.pointer("/subject/kind").and_then(Value::as_str);
        let subject = entry.side.as_ref().and_then(|side| side.get("subject"));
        let subject = subject.and_then(Value::as_str).map(str::to_owned);
        let ours = |link: &&Value| link.get("iss").and_then(Value::as_str) == Some(issuer);
        let links = each("chain")
            .filter(ours)
            .filter_map(|link| link.get("sub")?.as_str());
        let acting = text("actor").into_iter().chain(links).map(str::to_owned);
        let itself = subject.clone().filter(|_| kind == Some("agent"));
        Some(Self {
            jti: Jti::parse(text("jti")?).ok()?,
            exp: body.get("exp").and_then(Value::as_u64)?,
            lineage: Lineage::of(keys),
            target: text("target").and_then(|id| TargetId::parse(id).ok()),
            passed_on: text("delegate_to").is_some(),
            agents: acting.chain(itself).collect(),
            person: subject.filter(|_| kind == Some("person")),
        })
    }

    /// The owners of its agents, as they are now.
    pub(super) fn owners<'a>(&'a self, registry: &'a Registry) -> impl Iterator<Item = &'a str> {
        let agents = self.agents.iter().filter_map(|id| registry.agent(id));
        agents.map(|agent| agent.spec.owner.id.as_str())
    }

    /// Whether that key of ours signed it.
    pub(super) fn is_signed(&self, signed: &Signed, registry: &Registry) -> bool {
        let target = self.target.as_ref();
        let target = target.and_then(|id| registry.target(id.as_str()));
        let alg = target.map(|t| t.spec.connector.alg).unwrap_or_default();
        alg == signed.alg && (signed.from_ms..signed.to_ms).contains(&self.jti.ms())
    }

    /// The target where it is accepted until it ends, because nobody there can
    /// ask us whether it is still active.
    pub(super) fn lives_on_at(&self, registry: &Registry) -> Option<&TargetId> {
        let target = self.target.as_ref().filter(|_| !self.passed_on)?;
        let asks = registry
            .target(target.as_str())
            .is_some_and(|t| t.spec.resource_server.is_some());
        (!asks).then_some(target)
    }
}

fn key(text: &Value) -> Option<Key> {
    URL_SAFE_NO_PAD.decode(text.as_str()?).ok()?.try_into().ok()
}
