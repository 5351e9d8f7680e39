//! Targets: downstream systems with their catalogue.

use super::bounds::{LIST_MAX, TEXT_MAX};
use super::catalogue::ScopeDeclaration;
use super::connector::Connector;
use super::issuer::names_a_user;
use super::problem::{FieldProblem, Problems};
use super::snapshot::{Addressed, Snapshot};
use crate::details::Catalogue;
use crate::ids::{AgentId, ClientId, TargetId};
use crate::jcs;
use crate::policy::Risk;
use crate::scope::{Scope, ScopeName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lifetime of a token where the target says nothing, in seconds (contract §6).
const DEFAULT_LIFETIME: u32 = 300;

const fn default_lifetime() -> u32 {
    DEFAULT_LIFETIME
}

/// `PUT /targets/{id}` (contract §12).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// The logical name, RFC 8693 `audience`; unique, never changed.
    pub audience: String,
    /// Absolute URIs, RFC 8707 `resource`; unique.
    #[serde(default)]
    pub resources: Vec<String>,
    /// The client that serves it.
    #[serde(default)]
    pub resource_server: Option<ClientId>,
    /// How a credential is obtained.
    #[serde(default)]
    pub connector: Connector,
    /// Who holds the credential.
    #[serde(default)]
    pub delivery: Delivery,
    /// Seconds.
    #[serde(default = "default_lifetime")]
    pub max_lifetime: u32,
    /// The catalogue of scopes.
    #[serde(default)]
    pub scopes: BTreeMap<ScopeName, ScopeDeclaration>,
    /// Own scope → `target:scope` pairs its server may exchange to (contract §8).
    #[serde(default)]
    pub derives: BTreeMap<ScopeName, Vec<String>>,
    /// The agent as which its server acts when it derives.
    #[serde(default)]
    pub acts_as: Option<AgentId>,
    /// The catalogue of `authorization_details` types.
    #[serde(default)]
    pub details: Catalogue,
    /// Scope → groups of which a person must be in one: who may do what, where
    /// the credential does not carry the person (contract §15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlements: Option<BTreeMap<ScopeName, Vec<String>>>,
    /// Set: credentials are handed out though the rule of delivery calls that
    /// unsafe (contract §15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_overhang: Option<AcceptOverhang>,
}

/// That an administrator accepts what the rule of delivery calls unsafe
/// (contract §15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptOverhang {
    /// Why.
    pub reason: String,
}

/// Who holds the downstream credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The agent.
    #[default]
    Handout,
}

/// A registered target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its id.
    pub id: TargetId,
    /// What was declared.
    pub spec: Snapshot<TargetSpec>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

impl Addressed for TargetSpec {
    fn address(&self) -> Option<String> {
        jcs::address(self).ok()
    }
}

impl Target {
    /// The scopes of the catalogue.
    #[must_use]
    pub fn catalogue(&self) -> Scope {
        Scope::of(self.spec.scopes.keys().cloned())
    }

    /// The highest risk among scopes.
    #[must_use]
    pub fn risk(&self, scope: &Scope) -> Risk {
        scope
            .iter()
            .filter_map(|name| self.spec.scopes.get(name))
            .map(|d| d.risk)
            .max()
            .unwrap_or(Risk::Low)
    }

    /// What a scope derives at other targets: (target, scope) pairs.
    pub fn derived<'a>(
        &'a self,
        scope: &'a Scope,
    ) -> impl Iterator<Item = (TargetId, ScopeName)> + 'a {
        scope
            .iter()
            .filter_map(|name| self.spec.derives.get(name))
            .flatten()
            .filter_map(|text| parse_pair(text))
    }
}

/// Parses `target:scope`.
#[must_use]
pub fn parse_pair(text: &str) -> Option<(TargetId, ScopeName)> {
    let (target, scope) = text.split_once(':')?;
    Some((TargetId::parse(target).ok()?, ScopeName::parse(scope).ok()?))
}

/// Whether a text is an absolute URI without fragment (RFC 8707 §2).
#[must_use]
pub fn is_resource(text: &str) -> bool {
    !text.contains('#')
        && text.len() <= 2048
        && !names_a_user(text)
        && url::Url::parse(text).is_ok_and(|uri| !uri.cannot_be_a_base() || uri.scheme() == "urn")
}

impl TargetSpec {
    /// What is wrong with the object by itself.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut out = Problems::default();
        let named = |text: &str| {
            !text.is_empty()
                && text.len() <= 2048
                && text
                    .bytes()
                    .all(|b| (0x21..=0x7e).contains(&b) && !matches!(b, b'"' | b'\\' | b'`'))
        };
        out.require(
            named(&self.audience),
            "/audience",
            "expected printable ASCII without spaces",
        );
        for (place, resource) in self.resources.iter().enumerate() {
            let fine = named(resource) && is_resource(resource);
            out.require(
                fine,
                &format!("/resources/{place}"),
                "expected an absolute URI without fragment",
            );
        }
        out.list("/resources", self.resources.len());
        out.list("/scopes", self.scopes.len());
        out.list("/derives", self.derives.len());
        out.require(
            (1..=super::agent::LIFETIME_MAX).contains(&self.max_lifetime),
            "/max_lifetime",
            "expected 1 to 3600 seconds",
        );
        for (scope, declaration) in &self.scopes {
            let known = declaration
                .requires
                .iter()
                .all(|name| self.details.has(name));
            out.require(
                known,
                &format!("/scopes/{scope}/requires"),
                "expected types declared in `details`",
            );
        }
        self.derivations(&mut out);
        self.connector.problems(&mut out);
        self.entitled(&mut out);
        for (pointer, detail) in self.details.check() {
            out.add(format!("/details{pointer}"), detail);
        }
        out.0
    }

    /// Who is entitled to what, and what an administrator accepts.
    fn entitled(&self, out: &mut Problems) {
        if let Some(entitlements) = &self.entitlements {
            let all = self
                .scopes
                .keys()
                .all(|scope| entitlements.contains_key(scope));
            let only = entitlements
                .keys()
                .all(|scope| self.scopes.contains_key(scope));
            out.require(
                all && only,
                "/entitlements",
                "expected each scope of the catalogue, and no other; `[]` is nobody",
            );
            for (scope, groups) in entitlements {
                let named = groups
                    .iter()
                    .all(|group| !group.is_empty() && group.len() <= TEXT_MAX);
                out.require(
                    named && groups.len() <= LIST_MAX,
                    &format!("/entitlements/{scope}"),
                    "expected at most 256 names of groups",
                );
            }
        }
        if let Some(accepted) = &self.accept_overhang {
            out.text("/accept_overhang/reason", &accepted.reason);
        }
    }

    /// What its server may derive, and as whom.
    fn derivations(&self, out: &mut Problems) {
        for (scope, pairs) in &self.derives {
            let at = format!("/derives/{scope}");
            out.require(
                self.scopes.contains_key(scope),
                &at,
                "expected a scope of this target",
            );
            out.require(
                pairs.iter().all(|p| parse_pair(p).is_some()),
                &at,
                "expected `target:scope` entries",
            );
        }
        out.require(
            self.derives.is_empty() || self.acts_as.is_some(),
            "/acts_as",
            "expected an agent, since scopes derive",
        );
    }
}
