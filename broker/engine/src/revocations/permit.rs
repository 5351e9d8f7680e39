//! A permit's record as far as stopping its token needs it.

use crate::recall;
use locum_core::ids::{Jti, TargetId};
use locum_core::lineage::Lineage;
use locum_core::registry::Registry;
use locum_core::token::Alg;
use locum_stores::ledger::Entry;
use locum_stores::state::{HandedOutEntry, KeyUse, SigningKeyEntry, State};
use serde_json::Value;
use std::collections::BTreeSet;

/// A token that was permitted.
#[derive(Debug)]
pub(super) struct RecordedPermit {
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
    /// Whether its vendor hands the credential out.
    pub(super) of_vendor: bool,
    /// Who acts in it, and its subject where that is an agent.
    pub(super) agents: BTreeSet<String>,
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
        Self::of(keys.iter().find(|key| key.kid == kid)?)
    }

    /// The time in which that key signed tokens; `None` for one that never did.
    pub(super) fn of(key: &SigningKeyEntry) -> Option<Self> {
        (key.key_use == KeyUse::Token).then_some(())?;
        Some(Self {
            alg: key.alg,
            from_ms: key.activated_ms?,
            to_ms: key.superseded_ms.or(key.retired_ms).unwrap_or(u64::MAX),
        })
    }
}

impl RecordedPermit {
    /// The permit of what a vendor handed out. Nobody there can ask us.
    pub(super) fn handed(jti: Jti, entry: &HandedOutEntry) -> Self {
        Self {
            jti,
            exp: entry.expires_s.unwrap_or(u64::MAX),
            lineage: entry.of.lineage(),
            target: Some(entry.of.parties.target.clone()),
            passed_on: false,
            of_vendor: true,
            agents: entry
                .of
                .parties
                .agents
                .iter()
                .map(ToString::to_string)
                .collect(),
            person: None,
        }
    }

    /// Reads a record; `None` when it is no permit. `issuer` is Locum's.
    pub(super) fn read(entry: &Entry, issuer: &str, state: &State) -> Option<Self> {
        let body = &entry.body;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        if entry.kind != locum_core::decide::DECISION || text("outcome") != Some("permit") {
            return None;
        }
        let kind = body.pointer("/subject/kind").and_then(Value::as_str);
        let subject = entry.side.as_ref().and_then(|side| side.get("subject"));
        let subject = subject.and_then(Value::as_str).map(str::to_owned);
        let jti = Jti::parse(text("jti")?).ok()?;
        Some(Self {
            jti,
            exp: body.get("exp").and_then(Value::as_u64)?,
            lineage: recall::lineage(entry, jti, issuer, state).ok()?,
            target: text("target").and_then(|id| TargetId::parse(id).ok()),
            passed_on: text("delegate_to").is_some(),
            of_vendor: body.get("awaits").is_some(),
            agents: recall::agents(entry, issuer),
            person: subject.filter(|_| kind == Some("person")),
        })
    }

    /// Whether that key of ours signed it.
    pub(super) fn is_signed(&self, signed: &Signed, registry: &Registry) -> bool {
        let target = self.target.as_ref();
        let target = target.and_then(|id| registry.target(id.as_str()));
        // An actor token has no target; what a vendor handed out, no key of ours signed.
        let alg = target.map_or(Some(Alg::default()), |t| t.spec.connector.alg());
        alg == Some(signed.alg) && (signed.from_ms..signed.to_ms).contains(&self.jti.ms())
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
