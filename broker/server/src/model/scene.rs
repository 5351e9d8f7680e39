//! The world of a run: issuers with keys of the test's own, targets with their
//! servers, agents; all made through the API.

use super::history::{Agent, History, State};
use super::steps::Dice;
use crate::tests::broker::{TestBroker, shown};
use locum_core::token::Alg;
use locum_tokens::keys::SigningKey;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A moment to begin at, Unix milliseconds.
const BEGIN_MS: u64 = 1_795_400_000_000;
/// The presenter that may present for every agent.
pub(super) const GATE: &str = "gate";
/// The targets.
pub(super) const TARGETS: [&str; 3] = ["t0", "t1", "t2"];
/// The owners.
pub(super) const OWNERS: [&str; 3] = ["red", "green", "blue"];
/// The people.
pub(super) const PEOPLE: [(&str, &str); 3] = [("corp", "ada"), ("corp", "bob"), ("guild", "cid")];
/// A resource that moves from one target to another.
const FLOATS: &str = "https://float.example/";

const POLICIES: &str = r#"
@id("all") permit(principal, action == Action::"exchange", resource);
@id("pre") permit(principal, action == Action::"pre_authorise", resource);
"#;

/// The keys of the issuers, and the one of all agents' assertions.
pub(super) fn key(kid: &str) -> &'static SigningKey {
    static KEYS: OnceLock<BTreeMap<String, SigningKey>> = OnceLock::new();
    let made = |kid: &str| {
        let key = SigningKey::generate(Alg::ES256, Some(kid)).unwrap();
        (kid.to_owned(), key)
    };
    let keys = KEYS.get_or_init(|| ["k1", "k2", "w1", "own"].map(made).into());
    &keys[kid]
}

/// A foreign token.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    pub(super) text: String,
    pub(super) issuer: String,
    pub(super) sub: String,
    pub(super) kid: String,
    pub(super) sid: Option<String>,
    pub(super) iat_s: u64,
    pub(super) exp_s: u64,
}

/// A run: the broker, what the model knows, and what can be picked from.
pub(super) struct Scene {
    pub(super) broker: TestBroker,
    pub(super) history: History,
    pub(super) dice: Dice,
    /// What was put last of each target.
    pub(super) targets: BTreeMap<String, Value>,
    pub(super) secrets: BTreeMap<String, String>,
    pub(super) people: Vec<Foreign>,
    pub(super) workloads: Vec<Foreign>,
    /// Numbers given to what needs a name of its own.
    pub(super) count: u64,
    /// What was done, for who reads of a difference.
    pub(super) log: Vec<String>,
    /// How often an exchange was permitted, and refused.
    pub(super) permitted: u64,
    pub(super) refused: u64,
}

impl Scene {
    pub(super) fn new(segment_bytes: u64) -> Self {
        let mut scene = Self {
            broker: TestBroker::new(BEGIN_MS, segment_bytes),
            history: History::default(),
            dice: Dice::new(0),
            targets: BTreeMap::new(),
            secrets: BTreeMap::new(),
            people: Vec::new(),
            workloads: Vec::new(),
            count: 0,
            log: Vec::new(),
            permitted: 0,
            refused: 0,
        };
        scene.issuers();
        for id in ["s0", "s1", "s2", "s3", GATE] {
            scene.client(id);
        }
        for (place, id) in TARGETS.into_iter().enumerate() {
            scene.target(id, &format!("s{place}"), place == 0);
        }
        for _ in 0..5 {
            scene.agent();
        }
        scene.derives();
        let policies = json!({"files": {"all.cedar": POLICIES}});
        scene.broker.must("PUT", "/policies", &policies);
        scene
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let n = from.len() as u64;
        (n > 0).then(|| &from[self.dice.below(n) as usize])
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.dice.below(100) < percent
    }

    pub(super) fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn issuers(&self) {
        let both = json!([key("k1").public_jwk(), key("k2").public_jwk()]);
        for id in ["corp", "guild"] {
            let body = json!({
                "issuer": format!("https://{id}.example"), "kind": "jwt", "role": "subject",
                "jwks": {"keys": both}, "audiences": ["app"], "algs": ["ES256"],
            });
            self.broker.must("PUT", &format!("/issuers/{id}"), &body);
        }
        let body = json!({
            "issuer": "https://wl.example", "kind": "jwt", "role": "workload",
            "jwks": {"keys": [key("w1").public_jwk()]}, "algs": ["ES256"],
        });
        self.broker.must("PUT", "/issuers/wl", &body);
    }

    fn client(&mut self, id: &str) {
        let kind = if id == GATE {
            "presenter"
        } else {
            "resource_server"
        };
        let body = json!({"id": id, "kind": kind, "auth": [{"method": "client_secret"}]});
        let made = self.broker.must("POST", "/clients", &body);
        let secret = made["client_secret"].as_str().unwrap().to_owned();
        self.secrets.insert(id.to_owned(), secret);
    }

    fn target(&mut self, id: &str, server: &str, floats: bool) {
        let own = format!("https://{id}.example/");
        let resources = if floats {
            vec![own, FLOATS.to_owned()]
        } else {
            vec![own]
        };
        let body = json!({
            "audience": format!("urn:{id}"), "resources": resources, "resource_server": server,
            "max_lifetime": 600, "scopes": {"read": {"risk": "low"}, "post": {"risk": "high"}},
        });
        self.put_target(id, body);
    }

    /// Puts a target; the model follows.
    pub(super) fn put_target(&mut self, id: &str, body: Value) {
        self.broker.must("PUT", &format!("/targets/{id}"), &body);
        let history = &mut self.history;
        history.resources.retain(|_, target| target != id);
        for resource in body["resources"].as_array().unwrap() {
            let resource = resource.as_str().unwrap().to_owned();
            history.resources.insert(resource, id.to_owned());
        }
        let server = body["resource_server"].as_str().map(str::to_owned);
        history.servers.remove(id);
        history.servers.extend(server.map(|s| (id.to_owned(), s)));
        self.targets.insert(id.to_owned(), body);
    }

    /// What is read at `t0` may be read at `t1`, by the newest agent.
    pub(super) fn derives(&mut self) {
        let mut body = self.targets["t0"].clone();
        body["derives"] = json!({"read": ["t1:read"]});
        body["acts_as"] = json!(self.history.agents.last().unwrap().id);
        self.put_target("t0", body);
    }

    /// A new agent, certified for a year.
    pub(super) fn agent(&mut self) {
        let number = self.number();
        let id = format!("a{number}");
        let owner = OWNERS[number as usize % OWNERS.len()];
        let sub = format!("wl/{id}");
        let ceiling = TARGETS.map(|target| {
            json!({"target": target, "scopes": ["read", "post"], "default": ["read"], "alone": ["read"]})
        });
        let spec = json!({
            "id": id, "owner": {"kind": "team", "id": owner},
            "auth": [{"method": "client_secret"},
                     {"method": "private_key_jwt", "jwks": {"keys": [key("own").public_jwk()]}}],
            "workload": {"issuer": "wl", "claims": {"sub": sub}}, "presenters": [GATE],
            "subject_issuers": ["corp", "guild", "wl", "locum"], "ceiling": ceiling,
        });
        let made = self.broker.must("POST", "/agents", &spec);
        self.history.held.insert(sub.clone(), id.clone());
        self.history.agents.push(Agent {
            id: id.clone(),
            secret: made["client_secret"].as_str().unwrap().to_owned(),
            owner: owner.to_owned(),
            state: State::Active,
            version: String::new(),
            until_s: 0,
            workload: Some(sub),
            spec,
        });
        self.version(&id, 31_536_000);
    }

    /// A new version, certified for so many seconds.
    pub(super) fn version(&mut self, id: &str, seconds: u64) {
        let text = self.number().to_string();
        let path = format!("/agents/{id}/versions");
        let made = self.broker.must("POST", &path, &json!({"version": text}));
        let version = made["id"].as_str().unwrap().to_owned();
        let until_s = self.broker.now_ms() / 1000 + seconds;
        let body = json!({"until": shown(until_s * 1000), "reason": "model"});
        self.broker
            .must("POST", &format!("{path}/{version}/certify"), &body);
        let agent = self.history.agent_mut(id).unwrap();
        agent.version = version;
        agent.until_s = until_s;
    }

    /// Puts an agent with other members; the model follows.
    pub(super) fn put_agent(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> (u16, Value) {
        let mut spec = self.history.agent(id).unwrap().spec.clone();
        change(&mut spec);
        let answer = self.broker.admin("PUT", &format!("/agents/{id}"), &spec);
        if answer.0 < 300 {
            let agent = self.history.agent_mut(id).unwrap();
            agent.owner = spec["owner"]["id"].as_str().unwrap().to_owned();
            let sub = spec["workload"]["claims"]["sub"].as_str();
            agent.workload = sub.map(str::to_owned);
            agent.spec = spec;
        }
        answer
    }
}

/// RFC 3339 as Unix milliseconds.
pub(super) fn read_ms(text: &str) -> u64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond() as u64
}
