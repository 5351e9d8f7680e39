//! The least world in which something is exchanged: a provider, a target with its
//! server, one agent. All of it is declared through the admin API.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::broker::{ISSUER, TestBroker, decode, shown};
use locum_core::token::Alg;
use locum_tokens::keys::SigningKey;
use serde_json::{Value, json};

/// A moment to begin at, Unix milliseconds: the first of a minute.
pub(super) const BEGIN_MS: u64 = 1_795_399_980_000;
const SEGMENT_BYTES: u64 = 4 << 20;
const TYPE: &str = "urn:ietf:params:oauth:token-type:";
const POLICIES: &str = r#"
@id("all") permit(principal, action == Action::"exchange", resource);
@id("low") permit(principal, action == Action::"pre_authorise", resource)
when { ["read"].containsAll(context.scopes) };
"#;

/// The world, and what its parties hold.
pub(super) struct SmallWorld {
    pub(super) broker: TestBroker,
    provider: SigningKey,
    secret: String,
    server_secret: String,
    /// The version of the agent that is certified for a year.
    pub(super) version: String,
    count: u64,
}

impl SmallWorld {
    pub(super) fn new() -> Self {
        Self::limited(None)
    }

    /// One whose broker holds clients to a rate.
    pub(super) fn limited(rate: Option<u32>) -> Self {
        let broker = TestBroker::limited(BEGIN_MS, SEGMENT_BYTES, rate);
        let provider = SigningKey::generate(Alg::ES256, Some("k1")).unwrap();
        let issuer = json!({
            "issuer": "https://corp.example", "kind": "jwt", "role": "subject",
            "jwks": {"keys": [provider.public_jwk()]}, "audiences": ["app"], "algs": ["ES256"],
        });
        broker.must("PUT", "/issuers/corp", &issuer);
        let auth = json!([{"method": "client_secret"}]);
        let server = json!({"id": "server", "kind": "resource_server", "auth": auth});
        let server = broker.must("POST", "/clients", &server);
        let target = json!({
            "audience": "urn:target", "resource_server": "server", "max_lifetime": 600,
            "scopes": {"read": {"risk": "low"}, "post": {"risk": "high"}},
        });
        broker.must("PUT", "/targets/target", &target);
        let agent = json!({
            "id": "agent", "owner": {"kind": "team", "id": "red"}, "auth": auth,
            "subject_issuers": ["corp"],
            "ceiling": [{"target": "target", "scopes": ["read", "post"], "default": ["read"]}],
        });
        let agent = broker.must("POST", "/agents", &agent);
        let files = json!({"files": {"all.cedar": POLICIES}});
        broker.must("PUT", "/policies", &files);
        let text = |made: &Value| made["client_secret"].as_str().unwrap().to_owned();
        let mut world = Self {
            secret: text(&agent),
            server_secret: text(&server),
            version: String::new(),
            broker,
            provider,
            count: 0,
        };
        world.version = world.certified(31_536_000);
        world
    }

    /// A new version of the agent, certified for so many seconds; its id.
    pub(super) fn certified(&mut self, seconds: u64) -> String {
        self.count += 1;
        let named = json!({"version": self.count.to_string()});
        let made = self.broker.must("POST", "/agents/agent/versions", &named);
        let id = made["id"].as_str().unwrap().to_owned();
        let until = shown(self.broker.now_ms() + seconds * 1_000);
        let path = format!("/agents/agent/versions/{id}/certify");
        let body = json!({"until": until, "reason": "test"});
        self.broker.must("POST", &path, &body);
        id
    }

    /// A sign-in of ada that began at that moment and lasts so many seconds.
    pub(super) fn signed_in(&self, ms: u64, seconds: u64) -> String {
        let iat = ms / 1_000;
        let claims = json!({
            "iss": "https://corp.example", "sub": "ada", "aud": "app",
            "iat": iat, "exp": iat + seconds,
        });
        self.provider.sign("JWT", &claims).unwrap()
    }

    /// The agent exchanges a sign-in for that scope.
    pub(super) fn exchange(&self, subject: &str, scope: &str) -> (u16, Value) {
        let form = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange".to_owned(),
            ),
            ("subject_token", subject.to_owned()),
            ("subject_token_type", format!("{TYPE}id_token")),
            ("audience", "urn:target".to_owned()),
            ("scope", scope.to_owned()),
            ("client_id", "agent".to_owned()),
            ("client_secret", self.secret.clone()),
        ];
        self.broker.form("/token", &form)
    }

    /// The same for a sign-in of now.
    pub(super) fn ask(&self, scope: &str) -> (u16, Value) {
        let subject = self.signed_in(self.broker.now_ms(), 600);
        self.exchange(&subject, scope)
    }

    /// A token for reading, of now.
    pub(super) fn token(&self) -> String {
        let (status, answer) = self.ask("read");
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Declares the provider with another value of a member.
    pub(super) fn change_issuer(&self, member: &str, value: &Value) {
        let mut spec = self.broker.must("GET", "/issuers/corp", &Value::Null);
        spec[member] = value.clone();
        self.broker.must("PUT", "/issuers/corp", &spec);
    }

    /// An administrator revokes a token.
    pub(super) fn revoke(&self, token: &str) {
        let what = json!({"kind": "token", "id": decode(token).1["jti"]});
        let body = json!({"what": what, "reason": "test"});
        self.broker.must("POST", "/revocations", &body);
    }

    /// What the target is told of a token.
    pub(super) fn is_active(&self, token: &str) -> bool {
        let form = [
            ("token", token.to_owned()),
            ("client_id", "server".to_owned()),
            ("client_secret", self.server_secret.clone()),
        ];
        let (status, answer) = self.broker.form("/introspect", &form);
        assert_eq!(status, 200, "{answer}");
        answer["active"].as_bool().unwrap()
    }

    /// The code of a refusal.
    pub(super) fn code(&self, scope: &str) -> String {
        let (status, answer) = self.ask(scope);
        assert!(status >= 400, "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }
}

/// When a token ends, Unix seconds.
pub(super) fn exp_s(token: &str) -> u64 {
    decode(token).1["exp"].as_u64().unwrap()
}

/// The key that signed it.
pub(super) fn kid(token: &str) -> String {
    let (header, claims) = decode(token);
    assert_eq!(claims["iss"], ISSUER);
    header["kid"].as_str().unwrap().to_owned()
}
