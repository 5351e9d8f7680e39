//! A trust with a clock that only moves when told, and servers on loopback.

use crate::issuer_keys::{IssuerJwks, IssuerKeys, KidAsker, TrustSettings};
use crate::unavailable::Unavailable;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use locum_ambient::Clock;
use locum_ambient::metrics::Metrics;
use locum_core::ids::IssuerId;
use locum_core::registry::Issuer;
use locum_core::token::Alg;
use locum_outgoing::{Looking, Lookup, System};
use locum_tokens::keys::SigningKey;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Waits for the fetches it began.
pub(super) struct Bench {
    pub(super) trust: Arc<IssuerKeys>,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(TrustSettings::dev(), Arc::new(System))
    }

    pub(super) fn with(settings: TrustSettings, lookup: Arc<dyn Lookup>) -> Self {
        // The executable does so when it starts.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let clock = Clock::default();
        // Far ahead of the machine's: from here on it only moves when told.
        clock.at_least(clock.now_ms() + 1_000_000_000_000);
        let metrics = Arc::new(Metrics::default());
        let ambient = (clock.clone(), metrics.clone());
        let trust = IssuerKeys::with_lookup(ambient, settings, lookup).unwrap();
        Self {
            metrics,
            trust: Arc::new(trust),
            clock,
        }
    }

    pub(super) fn later(&self, seconds: u64) {
        self.clock.at_least(self.clock.now_ms() + seconds * 1_000);
    }

    pub(super) async fn keys(&self, issuer: &Arc<Issuer>) -> Result<Arc<IssuerJwks>, Unavailable> {
        self.trust.keys(issuer).await
    }

    /// The keys for a token that comes now and whose `kid` is nobody's.
    pub(super) async fn newer(&self, issuer: &Arc<Issuer>) -> Result<Arc<IssuerJwks>, Unavailable> {
        self.newer_for(issuer, &client("agent")).await
    }

    /// The same for a token that somebody sent.
    pub(super) async fn newer_for(
        &self,
        issuer: &Arc<Issuer>,
        asker: &KidAsker,
    ) -> Result<Arc<IssuerJwks>, Unavailable> {
        let came = self.trust.mark();
        let mut known = self.trust.keys(issuer).await?;
        while !known.is_after(came) {
            let newer = self.trust.newer_unless((issuer, asker), &known, || Ok(()));
            known = newer.await?;
        }
        Ok(known)
    }

    /// Until no fetch of the issuer's keys is under way.
    pub(super) async fn landed(&self, issuer: &Arc<Issuer>) {
        let landing = self.trust.slot(issuer).read().flight().cloned();
        if let Some(mut landing) = landing {
            while landing.changed().await.is_ok() {}
        }
    }
}

/// A client that asks.
pub(super) fn client(id: &str) -> KidAsker {
    KidAsker::Client(id.into())
}

/// Names of keys, in order.
pub(super) fn kids(keys: &IssuerJwks) -> Vec<String> {
    keys.set
        .keys()
        .map(|(kid, _)| kid.as_str().to_owned())
        .collect()
}

/// A key set with fresh keys of these names.
pub(super) fn jwks(kids: &[&str]) -> Value {
    let key = |kid: &&str| {
        let mut key = SigningKey::generate(Alg::ES256, None).unwrap().public_jwk();
        key["kid"] = json!(kid);
        key
    };
    json!({"keys": kids.iter().map(key).collect::<Vec<_>>()})
}

/// An issuer of kind `jwt` whose keys are at the URL.
pub(super) fn at(uri: &str) -> Arc<Issuer> {
    issuer(json!({"issuer": "https://idp.example", "kind": "jwt", "jwks_uri": uri}))
}

/// An issuer declared so.
pub(super) fn issuer(mut spec: Value) -> Arc<Issuer> {
    spec["role"] = json!("subject");
    Arc::new(Issuer {
        id: IssuerId::parse("idp").unwrap(),
        spec: serde_json::from_value(spec).unwrap(),
        created_at_ms: 0,
    })
}

/// The same issuer under another id.
pub(super) fn named(issuer: &Issuer, id: &str) -> Arc<Issuer> {
    Arc::new(Issuer {
        id: IssuerId::parse(id).unwrap(),
        ..issuer.clone()
    })
}

/// What a server says next.
pub(super) type Answer = Response<Body>;

pub(super) fn ok(body: &Value) -> Answer {
    Response::new(Body::from(body.to_string()))
}

pub(super) fn status(code: u16) -> Answer {
    Response::builder()
        .status(code)
        .body(Body::empty())
        .unwrap()
}

pub(super) fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

/// A server that gives its answers in order, one each, then 500; what was
/// asked for is remembered.
#[derive(Default)]
pub(super) struct Server {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<String>>,
}

impl Server {
    pub(super) async fn start() -> (Arc<Self>, SocketAddr) {
        let server = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (server, at)
    }

    pub(super) fn say(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(server): State<Arc<Server>>, uri: Uri) -> Answer {
    server.asked.lock().unwrap().push(uri.to_string());
    let answer = server.answers.lock().unwrap().pop_front();
    answer.unwrap_or_else(|| status(500))
}

/// A server that takes connections and says nothing. It hangs as long as what
/// comes back is kept.
pub(super) async fn hanging() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    (listener, url)
}

/// A server that takes one connection, says these bytes and then nothing more:
/// what it gives back keeps it all open.
pub(super) async fn once(text: String) -> (JoinHandle<(TcpListener, TcpStream)>, String) {
    let (listener, url) = hanging().await;
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // The other side may have heard enough.
        let _ = stream.write_all(text.as_bytes()).await;
        (listener, stream)
    });
    (task, url)
}

/// A resolver whose answers are given in order; then nothing.
pub(super) struct Names(Mutex<VecDeque<Vec<IpAddr>>>);

impl Names {
    pub(super) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parsed).collect())))
    }

    pub(super) fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Lookup for Names {
    fn addresses(&self, _: &str) -> Looking {
        let next = self.0.lock().unwrap().pop_front().unwrap_or_default();
        Box::pin(async move { Ok(next) })
    }
}
