//! Grants: a person's standing delegation.

use super::problem::{FieldProblem, Problems};
use crate::details::Listed;
use crate::ids::{AgentId, GrantId, TargetId};
use crate::lineage::{Key, Keyed, Lineage, LineageKind};
use crate::record::key_text;
use crate::scope::Scope;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// `POST /grants` (contract §12), with the times already parsed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantSpec {
    /// `<issuer id>:<sub there>`.
    pub person: String,
    /// `<issuer id>:<name>`; `None`: unknown.
    #[serde(default)]
    pub groups: Option<BTreeSet<String>>,
    /// Who may act.
    pub agent: AgentId,
    /// RFC 3339.
    pub expires_at: String,
    /// How many exchanges may rest on it; `None`: any number.
    #[serde(default)]
    pub max_uses: Option<u64>,
    /// Greatest number of `act` objects below it.
    #[serde(default)]
    pub max_depth: Option<u32>,
    /// What is granted, target by target.
    pub targets: Vec<GrantTarget>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What is granted at one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTarget {
    /// Which target.
    pub target: TargetId,
    /// Which scopes.
    pub scopes: Scope,
    /// Limits; empty sets none.
    #[serde(default)]
    pub authorization_details: Listed,
}

/// Where a grant stands, apart from time and use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantState {
    /// Usable until it expires or is used up.
    Active,
    /// For ever.
    Revoked,
}

/// How a grant shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantView {
    /// Usable.
    Active,
    /// `max_uses` reached.
    Used,
    /// Past `expires_at`.
    Expired,
    /// Revoked.
    Revoked,
}

/// A person's standing delegation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Its generated id.
    pub id: GrantId,
    /// What was granted.
    pub spec: GrantSpec,
    /// `expires_at` in Unix seconds.
    pub expires_s: u64,
    /// Revoked or not.
    pub state: GrantState,
    /// Exchanges that rested on it so far.
    pub uses: u64,
    /// Who made it: the admin credential's name.
    pub made_by: String,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds of its record, from which it counts; `None` until it
    /// has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_ms: Option<u64>,
    /// The key of the owner that its agent had when it was made.
    #[serde(default, with = "key_text", skip_serializing_if = "Option::is_none")]
    pub owner_key: Option<Key>,
    /// What it descends from, worked out once.
    #[serde(skip)]
    pub kept: KeptLineage,
}

/// A lineage that is worked out when it is first asked for. It follows from the
/// rest of the grant, so two of them never make a difference.
#[derive(Debug, Clone, Default)]
pub struct KeptLineage(OnceLock<Lineage>);

impl PartialEq for KeptLineage {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Grant {
    /// How it stands at `now_s`.
    #[must_use]
    pub fn view(&self, now_s: u64) -> GrantView {
        match self.state {
            GrantState::Revoked => GrantView::Revoked,
            GrantState::Active if self.expires_s <= now_s => GrantView::Expired,
            GrantState::Active if self.spec.max_uses.is_some_and(|max| self.uses >= max) => {
                GrantView::Used
            }
            GrantState::Active => GrantView::Active,
        }
    }

    /// Unix milliseconds from which it counts: its record's.
    #[must_use]
    pub fn since_ms(&self) -> u64 {
        self.recorded_ms.unwrap_or(self.created_at_ms)
    }

    /// Everything it descends from, counting from its record (contract §12): what
    /// is revoked after that ends it for ever.
    #[must_use]
    pub fn lineage(&self, keys: &dyn Keyed) -> &Lineage {
        self.kept.0.get_or_init(|| self.descent(keys))
    }

    fn descent(&self, keys: &dyn Keyed) -> Lineage {
        let agent = self.spec.agent.as_str();
        let issuer = self.spec.person.split_once(':').map(|(issuer, _)| issuer);
        let mut out = Lineage::default();
        let mut add = |key| out.add(key, self.since_ms());
        add(keys.key(LineageKind::Grant, &self.id.to_string()));
        add(keys.key(LineageKind::Person, &self.spec.person));
        add(keys.key(LineageKind::Agent, agent));
        add(keys.key(LineageKind::Client, agent));
        if let Some(issuer) = issuer {
            add(keys.key(LineageKind::Issuer, issuer));
        }
        if let Some(owner) = self.owner_key {
            add(owner);
        }
        out
    }

    /// What it grants at one target.
    #[must_use]
    pub fn at(&self, target: &TargetId) -> Option<&GrantTarget> {
        self.spec
            .targets
            .iter()
            .find(|entry| entry.target == *target)
    }
}

impl GrantSpec {
    /// What is wrong with the object by itself.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut out = Problems::default();
        let person = self.person.split_once(':').is_some_and(|(issuer, sub)| {
            crate::ids::IssuerId::parse(issuer).is_ok() && !sub.is_empty()
        });
        out.require(
            person && self.person.len() <= 464,
            "/person",
            "expected `<issuer id>:<sub>`",
        );
        out.text("/reason", &self.reason);
        out.require(
            !self.targets.is_empty(),
            "/targets",
            "expected at least one target",
        );
        out.list("/targets", self.targets.len());
        out.require(self.max_uses != Some(0), "/max_uses", "expected at least 1");
        out.require(
            self.max_depth != Some(0),
            "/max_depth",
            "expected at least 1",
        );
        for (place, entry) in self.targets.iter().enumerate() {
            let twice = self
                .targets
                .iter()
                .take(place)
                .any(|e| e.target == entry.target);
            out.require(
                !twice,
                &format!("/targets/{place}/target"),
                "expected each target once",
            );
            out.require(
                !entry.scopes.is_empty(),
                &format!("/targets/{place}/scopes"),
                "expected at least one scope",
            );
        }
        out.0
    }
}
