//! Issuers of foreign tokens that are trusted.

use super::bounds::{LOCAL, RESERVED_IDS};
use super::problem::{FieldProblem, Problems};
use super::target::parse_pair;
use crate::ids::{AgentId, IssuerId, TargetId};
use crate::scope::{Authority, ScopeName};
use crate::token::{Alg, Demands, IssuerRule, is_trust_domain};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

fn default_algs() -> Vec<Alg> {
    vec![Alg::ES256, Alg::RS256]
}

fn default_groups() -> String {
    "groups".into()
}

/// `PUT /issuers/{id}` (contract §12).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSpec {
    /// The `iss` of its tokens, compared whole.
    pub issuer: String,
    /// How its keys are found.
    pub kind: IssuerKind,
    /// What its tokens may prove.
    pub role: IssuerRole,
    /// Keys by value, for kind `jwt`.
    #[serde(default)]
    pub jwks: Option<Value>,
    /// Where keys are fetched, for kind `jwt`.
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// `aud` values accepted in ID tokens and workload tokens.
    #[serde(default)]
    pub audiences: Option<Vec<String>>,
    /// `aud` values accepted in access tokens.
    #[serde(default)]
    pub access_audiences: Option<Vec<String>>,
    /// Audiences that serve only the listed agents.
    #[serde(default)]
    pub audience_agents: BTreeMap<String, Vec<AgentId>>,
    /// Accepted signature algorithms.
    #[serde(default = "default_algs")]
    pub algs: Vec<Alg>,
    /// Their scope → `target:scope` entries; `None` refuses access tokens.
    #[serde(default)]
    pub scope_map: Option<BTreeMap<String, Vec<String>>>,
    /// Whether an access token without `typ: at+jwt` is accepted.
    #[serde(default)]
    pub accept_untyped: bool,
    /// Whether `may_act` in its access tokens is a basis.
    #[serde(default)]
    pub trust_may_act: bool,
    /// Whether an `act` in its tokens is taken over.
    #[serde(default)]
    pub accept_act: bool,
    /// The claim that lists a person's groups: a name, or a JSON Pointer, which
    /// begins with `/`.
    #[serde(default = "default_groups")]
    pub groups_claim: String,
    /// Claims that its tokens must have, each with the values it may have; an
    /// empty list is any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub require: BTreeMap<String, Vec<String>>,
    /// Claims that its tokens must not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbid: Vec<String>,
    /// Greatest age of its tokens by `iat`, in seconds, in place of
    /// `limits.max_token_age_s` and `limits.actor_max_age_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_token_age_s: Option<u64>,
}

/// How an issuer's keys are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssuerKind {
    /// OpenID Connect Discovery.
    Oidc,
    /// `jwks` or `jwks_uri`.
    Jwt,
    /// The same, for the JWT-SVIDs of a SPIFFE trust domain, which is `issuer`:
    /// a token belongs to it by its `sub`.
    Spiffe,
}

/// What an issuer's tokens may prove. An issuer has one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssuerRole {
    /// People.
    Subject,
    /// Workloads.
    Workload,
}

/// A trusted issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issuer {
    /// Its id.
    pub id: IssuerId,
    /// What was declared.
    pub spec: IssuerSpec,
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

impl Issuer {
    /// Audiences accepted in ID tokens (role `subject`, default none) or
    /// workload tokens (default `ours`).
    #[must_use]
    pub fn audiences(&self, ours: &str) -> Vec<String> {
        match (&self.spec.audiences, self.spec.role) {
            (Some(list), IssuerRole::Subject | IssuerRole::Workload) => list.clone(),
            (None, IssuerRole::Subject) => Vec::new(),
            (None, IssuerRole::Workload) => vec![ours.to_owned()],
        }
    }

    /// Audiences accepted in access tokens, default `ours`.
    #[must_use]
    pub fn access_audiences(&self, ours: &str) -> Vec<String> {
        self.spec
            .access_audiences
            .clone()
            .unwrap_or_else(|| vec![ours.to_owned()])
    }

    /// Whose tokens are its own.
    #[must_use]
    pub const fn rule(&self) -> IssuerRule<'_> {
        match self.spec.kind {
            IssuerKind::Oidc | IssuerKind::Jwt => IssuerRule::Claim(self.spec.issuer.as_str()),
            IssuerKind::Spiffe => IssuerRule::TrustDomain(self.spec.issuer.as_str()),
        }
    }

    /// What it asks of the claims of its tokens.
    #[must_use]
    pub const fn demands(&self) -> Demands<'_> {
        Demands {
            require: Some(&self.spec.require),
            forbid: self.spec.forbid.as_slice(),
        }
    }

    /// What the names in a foreign `scope` lead to; unmapped ones give nothing.
    #[must_use]
    pub fn map_scope(&self, scope: &[String]) -> Authority {
        let Some(map) = &self.spec.scope_map else {
            return Authority::default();
        };
        let pairs = scope.iter().filter_map(|name| map.get(name)).flatten();
        Authority::of(pairs.filter_map(|pair| parse_pair(pair)))
    }

    /// The (target, scope) pairs the map names.
    pub fn mapped(&self) -> impl Iterator<Item = (TargetId, ScopeName)> + '_ {
        self.spec
            .scope_map
            .iter()
            .flatten()
            .flat_map(|(_, pairs)| pairs)
            .filter_map(|p| parse_pair(p))
    }
}

impl Issuer {
    /// What is wrong with an id that a new issuer is to have, besides what its
    /// declaration shows (contract §2). One that is `known` goes on under the id
    /// it has, even where that is reserved by now.
    #[must_use]
    pub fn reserved(id: &IssuerId, known: Option<&Self>) -> Option<FieldProblem> {
        let reserved = known.is_none() && id.as_str() == LOCAL;
        reserved.then(|| FieldProblem {
            pointer: "/id".into(),
            detail: "expected an id that is not reserved".into(),
        })
    }
}

impl IssuerSpec {
    /// What is wrong with the object by itself; `ours` is Locum's issuer.
    #[must_use]
    pub fn problems(&self, id: &IssuerId, ours: &str) -> Vec<FieldProblem> {
        let mut out = Problems::default();
        out.require(
            !RESERVED_IDS.contains(&id.as_str()),
            "/id",
            "expected an id that is not reserved",
        );
        let text = !self.issuer.is_empty()
            && self.issuer.len() <= 512
            && self.issuer.bytes().all(|b| (0x21..=0x7e).contains(&b));
        out.require(text, "/issuer", "expected printable ASCII without spaces");
        out.require(
            self.issuer != ours,
            "/issuer",
            "expected another issuer than Locum itself",
        );
        out.require(
            !self.algs.is_empty(),
            "/algs",
            "expected at least one algorithm",
        );
        for (at, text) in [
            ("/issuer", Some(&self.issuer)),
            ("/jwks_uri", self.jwks_uri.as_ref()),
        ] {
            let plain = text.is_none_or(|text| !names_a_user(text));
            out.require(plain, at, "expected a URL without a user and password");
        }
        self.keys(&mut out);
        self.demanded(&mut out);
        let access = self
            .access_audiences
            .clone()
            .unwrap_or_else(|| vec![ours.to_owned()]);
        let overlap = self.role == IssuerRole::Subject
            && self.audiences.iter().flatten().any(|a| access.contains(a));
        out.require(
            !overlap,
            "/access_audiences",
            "expected no audience that is also in `audiences`",
        );
        out.list("/audiences", self.audiences.iter().flatten().count());
        out.list("/access_audiences", access.len());
        for (theirs, pairs) in self.scope_map.iter().flatten() {
            let fine = pairs.iter().all(|p| parse_pair(p).is_some());
            out.require(
                fine,
                &format!("/scope_map/{theirs}"),
                "expected `target:scope` entries",
            );
        }
        out.0
    }

    /// What its tokens must be, beside who signs them.
    fn demanded(&self, out: &mut Problems) {
        out.list("/require", self.require.len());
        out.list("/forbid", self.forbid.len());
        for (claim, values) in &self.require {
            let at = format!("/require/{}", step(claim));
            out.list(&at, values.len());
            out.require(!claim.is_empty(), &at, "expected the name of a claim");
            for text in values.iter().chain([claim]) {
                out.text(&at, text);
            }
            out.require(
                !self.forbid.contains(claim),
                &at,
                "expected a claim that `forbid` does not name",
            );
        }
        for (place, claim) in self.forbid.iter().enumerate() {
            let at = format!("/forbid/{place}");
            out.text(&at, claim);
            out.require(!claim.is_empty(), &at, "expected the name of a claim");
        }
        out.require(
            self.max_token_age_s
                .is_none_or(|age| (1..=TOKEN_AGE_MAX_S).contains(&age)),
            "/max_token_age_s",
            "expected seconds from 1 to 31536000",
        );
        out.require(
            !self.groups_claim.starts_with('/') || is_pointer(&self.groups_claim),
            "/groups_claim",
            "expected the name of a claim or a JSON Pointer, in which `~` is written `~0`",
        );
    }

    /// Where its keys come from.
    fn keys(&self, out: &mut Problems) {
        match self.kind {
            IssuerKind::Oidc => {
                out.require(
                    url::Url::parse(&self.issuer).is_ok_and(|u| u.has_host()),
                    "/issuer",
                    "expected a URL, since kind is `oidc`",
                );
                for (place, absent) in [
                    ("/jwks", self.jwks.is_none()),
                    ("/jwks_uri", self.jwks_uri.is_none()),
                ] {
                    out.require(
                        absent,
                        place,
                        "expected none, since kind is `oidc` and discovery finds the keys; leave it out, or declare kind `jwt`",
                    );
                }
            }
            IssuerKind::Jwt | IssuerKind::Spiffe => {
                if self.kind == IssuerKind::Spiffe {
                    out.require(
                        is_trust_domain(&self.issuer),
                        "/issuer",
                        "expected a trust domain such as `spiffe://acme.example`, since kind is `spiffe`",
                    );
                    out.require(
                        self.role == IssuerRole::Workload,
                        "/role",
                        "expected `workload`, since kind is `spiffe`",
                    );
                }
                out.require(
                    self.jwks.is_some() != self.jwks_uri.is_some(),
                    "/jwks",
                    "expected exactly one of `jwks` and `jwks_uri`",
                );
                let uri = self.jwks_uri.as_deref().unwrap_or("https://host.invalid");
                out.require(
                    url::Url::parse(uri).is_ok_and(|u| u.has_host()),
                    "/jwks_uri",
                    "expected a URL",
                );
            }
        }
    }
}

/// Greatest `max_token_age_s`: a year.
pub const TOKEN_AGE_MAX_S: u64 = 31_536_000;

/// Whether a text that begins with `/` is a JSON Pointer (RFC 6901 §3).
fn is_pointer(text: &str) -> bool {
    let escapes = |step: &str| step.starts_with('0') || step.starts_with('1');
    text.split('~').skip(1).all(escapes)
}

/// One step of a JSON Pointer (RFC 6901 §3).
pub(super) fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether a URL holds a user or a password, which would be recorded, shown and
/// sent with every fetch.
pub(super) fn names_a_user(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::testing::issuer;
    use serde_json::json;

    #[test]
    fn local_is_an_id_that_no_new_issuer_takes_and_a_known_one_keeps() {
        let known = issuer("local", json!({}));
        let place = |problem: FieldProblem| problem.pointer;
        let local = &known.id;
        assert_eq!(Issuer::reserved(local, None).map(place).unwrap(), "/id");
        assert_eq!(Issuer::reserved(local, Some(&known)), None);
        let other = IssuerId::parse("locals").unwrap();
        assert_eq!(Issuer::reserved(&other, None), None);
        let locum = IssuerId::parse("locum").unwrap();
        let flaws = known.spec.problems(&locum, "https://broker.example");
        assert!(flaws.iter().any(|flaw| flaw.pointer == "/id"));
    }
}
