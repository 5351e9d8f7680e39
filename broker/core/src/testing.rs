//! What tests are made of, in a few words: agents, targets, issuers, grants,
//! verified tokens (through the real [`verify`], with keys that agree), and
//! whole scenes to decide on. Behind the feature `testing`; nothing that runs
//! has it.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a builder for tests: what it is given is right, or the test is wrong"
)]

mod policy;
mod scene;

pub use policy::Stub;
pub use scene::{Scene, access_token, appended, facts, id_token, own};

use crate::ids::{AgentId, ClientId, GrantId, IssuerId, TargetId, Uuid7, VersionId};
use crate::lineage::{Key, Keyed};
use crate::proof::{ActorProof, Authenticated, Caller, Ours, SecretCheck, Seen};
use crate::registry::replace::DeclaredKeys;
use crate::registry::{
    Agent, AgentSpec, Certification, Client, ClientSpec, Grant, GrantState, Issuer, IssuerKind,
    KeptLineage, Status, Target, Version, VersionState,
};
use crate::scope::Scope;
use crate::secret::Secret;
use crate::token::{
    Alg, Audiences, Claims, Demands, Expectation, IssuerRule, Kid, SignatureCheck, SignatureFlaw,
    TOKEN_MAX, TokenKind, TypRule, Unverified, Verified, verify,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Has something against keys of the type `x` alone.
pub struct KeysByType;

impl KeysByType {
    fn flaw(jwks: &Value) -> Option<String> {
        let mut keys = jwks["keys"].as_array().into_iter().flatten();
        keys.any(|key| key["kty"] == "x")
            .then(|| "expected a key of another type".to_owned())
    }
}

impl DeclaredKeys for KeysByType {
    fn of_client(&self, jwks: &Value) -> Option<String> {
        Self::flaw(jwks)
    }

    fn of_issuer(&self, jwks: &Value, _: IssuerKind, _: &[Alg]) -> Vec<String> {
        Self::flaw(jwks).into_iter().collect()
    }
}

/// The clock of the tests, Unix seconds.
pub const NOW_S: u64 = 1_795_400_000;
/// Locum's issuer.
pub const OURS: &str = "https://locum.example";

/// Names to keys, without a secret.
#[derive(Debug, Clone, Copy)]
pub struct Names;

impl Keyed for Names {
    fn hash(&self, kind: &str, id: &str) -> Key {
        let digest: [u8; 32] = Sha256::digest(format!("{kind}\0{id}")).into();
        digest.first_chunk().copied().unwrap()
    }
}

/// Agrees with every signature by ES256.
#[derive(Debug, Clone, Copy)]
pub struct Agreeing;

impl SignatureCheck for Agreeing {
    fn check(&self, _: Alg, kid: Option<&str>, _: &[u8], _: &[u8]) -> Result<Kid, SignatureFlaw> {
        Ok(Kid::new(kid.unwrap_or("k")))
    }
}

impl SecretCheck for Agreeing {
    fn matches(&self, _: &str, _: &Secret<String>) -> bool {
        true
    }
}

/// Lays the members of `patch` over those of `base`.
#[must_use]
pub fn over(mut base: Value, patch: Value) -> Value {
    if let (Some(base), Value::Object(patch)) = (base.as_object_mut(), patch) {
        base.extend(patch);
    }
    base
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// A generated id: the same number, the same id; made at the Unix millisecond.
#[must_use]
pub fn uuid(ms: u64, number: u64) -> Uuid7 {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    Uuid7::new(ms, [0, 0, a, b, c, d, e, f, g, h])
}

/// A scope.
#[must_use]
pub fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

/// An agent of team `team-<id>` for people of `demo`, its first version
/// certified for a day; `patch` is laid over its declaration.
#[must_use]
pub fn agent(id: &str, patch: Value) -> Agent {
    let spec: AgentSpec = read(over(
        json!({"id": id, "owner": {"kind": "team", "id": format!("team-{id}")},
               "auth": [{"method": "client_secret"}], "subject_issuers": ["demo"]}),
        patch,
    ));
    certified(Agent::new(spec, 0), 1)
}

/// The agent with its `number`th version certified for a day.
#[must_use]
pub fn certified(mut agent: Agent, number: u64) -> Agent {
    let version = version(agent.id(), number);
    agent.versions.push(Version {
        id: version,
        version: number.to_string(),
        digest: None,
        model: None,
        state: VersionState::Draft,
        created_at_ms: 0,
    });
    agent.certify(version, NOW_S + 86_400).unwrap()
}

/// The id of an agent's `number`th version.
#[must_use]
pub fn version(agent: &AgentId, number: u64) -> VersionId {
    let sum: u64 = agent.as_str().bytes().map(u64::from).sum();
    VersionId(uuid(number, sum))
}

/// An active agent's certification, to be changed.
pub const fn certification(agent: &mut Agent) -> Option<&mut Certification> {
    match &mut agent.status {
        Status::Active(certification) => Some(certification),
        Status::Draft | Status::Suspended { .. } | Status::Retired => None,
    }
}

/// A target with audience `urn:demo:<id>`; `patch` is laid over.
#[must_use]
pub fn target(id: &str, patch: Value) -> Target {
    Target {
        id: TargetId::parse(id).unwrap(),
        spec: read(over(json!({"audience": format!("urn:demo:{id}")}), patch)),
        created_at_ms: 0,
    }
}

/// An issuer of people `https://<id>.example` with audience `app`.
#[must_use]
pub fn issuer(id: &str, patch: Value) -> Issuer {
    let base = json!({"issuer": format!("https://{id}.example"), "kind": "jwt", "role": "subject",
        "jwks": {"keys": []}, "audiences": ["app"]});
    Issuer {
        id: IssuerId::parse(id).unwrap(),
        spec: read(over(base, patch)),
        created_at_ms: 0,
    }
}

/// A grant of ada's to `agent`, a day old, for an hour: `targets` as in
/// `POST /grants`.
#[must_use]
pub fn grant(number: u64, agent: &str, targets: Value) -> Grant {
    Grant {
        id: GrantId(uuid(NOW_S * 1000 - 86_400_000, number)),
        spec: read(
            json!({"person": "demo:ada", "agent": agent, "targets": targets,
            "expires_at": "2026-11-23T12:33:20Z", "reason": "tests"}),
        ),
        expires_s: NOW_S + 3600,
        state: GrantState::Active,
        uses: 0,
        made_by: "tests".into(),
        created_at_ms: NOW_S * 1000 - 86_400_000,
        recorded_ms: None,
        owner_key: None,
        kept: KeptLineage::default(),
    }
}

/// A token of that kind by that issuer with those claims, verified now.
#[must_use]
pub fn verified(kind: TokenKind, iss: &str, claims: &Value) -> Verified<Claims> {
    let typ = match kind {
        TokenKind::ForeignAccess | TokenKind::Own => "at+jwt",
        TokenKind::IdToken | TokenKind::Workload | TokenKind::ClientAssertion => "JWT",
    };
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let header = json!({"alg": "ES256", "kid": "k", "typ": typ}).to_string();
    let text = format!("{}.{}.c2ln", part(header), part(claims.to_string()));
    let audiences: Vec<String> = ["app", OURS].map(str::to_owned).into();
    let expectation = Expectation {
        kind,
        issuer: IssuerRule::Claim(iss),
        demands: Demands::default(),
        audiences: match kind {
            TokenKind::Own => Audiences::CallerDecides,
            TokenKind::IdToken
            | TokenKind::ForeignAccess
            | TokenKind::Workload
            | TokenKind::ClientAssertion => Audiences::AnyOf(&audiences),
        },
        algs: &[Alg::ES256],
        typ: match kind {
            TokenKind::ForeignAccess | TokenKind::Own => TypRule::ACCESS,
            TokenKind::IdToken | TokenKind::Workload => TypRule::JWT,
            TokenKind::ClientAssertion => TypRule::CLIENT_ASSERTION,
        },
        skew_s: 30,
        max_age_s: 86_400,
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    };
    let unverified = Unverified::parse(&text, TOKEN_MAX).unwrap();
    verify(unverified, &expectation, NOW_S, &Agreeing).unwrap()
}

/// Claims of a token by that issuer, ten seconds old, for ten minutes.
#[must_use]
pub fn claims(issuer: &Issuer, sub: &str, aud: &str, patch: Value) -> Value {
    let base = json!({"iss": issuer.spec.issuer, "sub": sub, "aud": aud,
        "iat": NOW_S - 10, "exp": NOW_S + 600});
    over(base, patch)
}

/// The agent as an authenticated client.
#[must_use]
pub fn client(agent: &Agent) -> Authenticated<Caller> {
    let caller = Caller::Agent(Arc::new(agent.clone()));
    let secret = Secret::new("secret".into());
    Authenticated::by_secret(caller, &secret, &Agreeing, NOW_S * 1000).unwrap()
}

/// A client that is no agent, authenticated.
#[must_use]
pub fn other_client(id: &str) -> Authenticated<Caller> {
    let spec: ClientSpec = read(
        json!({"id": ClientId::parse(id).unwrap(), "kind": "resource_server",
        "auth": [{"method": "client_secret"}]}),
    );
    let caller = Caller::Client(Arc::new(Client {
        spec,
        created_at_ms: 0,
    }));
    let secret = Secret::new("secret".into());
    Authenticated::by_secret(caller, &secret, &Agreeing, NOW_S * 1000).unwrap()
}

/// The agent as actor by its own client authentication.
#[must_use]
pub fn actor(agent: &Agent) -> ActorProof {
    ActorProof::from_client(&client(agent), ours(&OURS.into())).unwrap()
}

/// Our issuer and the tests' keys.
#[must_use]
pub fn ours(issuer: &Arc<str>) -> Ours<'_> {
    Ours {
        issuer,
        keys: &Names,
    }
}

/// A foreign token is seen now, for the first time.
pub const SEEN: Seen<'static> = Seen {
    ours: OURS,
    keys: &Names,
    ms: NOW_S * 1000,
};
