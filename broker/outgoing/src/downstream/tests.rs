#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod answers;
mod pauses;
mod places;
mod reach;
mod tls;
mod vendor;

use super::*;
use crate::resolve::Looking;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use vendor::Vendor;

const TARGET: &str = "sap-btp";

/// Every name leads to this machine.
struct Here;

impl Lookup for Here {
    fn addresses(&self, _host: &str) -> Looking {
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}

/// What a test calls with.
struct Caller {
    downstream: Arc<Downstream>,
    wall_ms: Arc<AtomicU64>,
}

impl Caller {
    /// Reaches this machine, with and without TLS.
    fn new() -> Self {
        Self::believing(Authorities::default())
    }

    fn believing(roots: Authorities) -> Self {
        let wall_ms = Arc::new(AtomicU64::new(1_000_000));
        let downstream = downstream(&["127.0.0.1/32"], Arc::new(Here), roots, &wall_ms);
        Self {
            downstream,
            wall_ms,
        }
    }

    fn state(&self) -> TargetState {
        self.downstream.state(TARGET)
    }

    fn passes(&self, ms: u64) {
        self.wall_ms.fetch_add(ms, Relaxed);
    }

    async fn post(&self, url: &str) -> Result<Response<Vec<u8>>, CallFlaw> {
        self.downstream.send(TARGET, post(url), None).await
    }

    /// A call that runs by itself.
    fn begin(&self, url: &str) -> Begun {
        let (downstream, request) = (self.downstream.clone(), post(url));
        tokio::spawn(async move { downstream.send(TARGET, request, None).await })
    }

    /// Comes back once so many calls wait.
    async fn until_waiting(&self, calls: usize) {
        while self.state().waiting != calls {
            tokio::task::yield_now().await;
        }
    }
}

type Begun = tokio::task::JoinHandle<Result<Response<Vec<u8>>, CallFlaw>>;

fn downstream(
    allow: &[&str],
    lookup: Arc<dyn Lookup>,
    roots: Authorities,
    wall_ms: &Arc<AtomicU64>,
) -> Arc<Downstream> {
    let clock = Clock::of(wall_ms.clone());
    Arc::new(Downstream::new(bounds(allow), lookup, roots, clock).unwrap())
}

fn bounds(allow: &[&str]) -> DownstreamBounds {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    DownstreamBounds {
        allow: allow.iter().map(|text| text.parse().unwrap()).collect(),
        plain_to_loopback: true,
    }
}

fn post(url: &str) -> Request<Secret<Vec<u8>>> {
    let body = Secret::new(b"grant_type=x".to_vec());
    Request::post(url).body(body).unwrap()
}

fn flaw(answer: Result<Response<Vec<u8>>, CallFlaw>) -> CallFlaw {
    answer.unwrap_err()
}

/// Whether it may have left, and why there is no answer.
fn why(answer: Result<Response<Vec<u8>>, CallFlaw>) -> (Sent, &'static str) {
    let flaw = flaw(answer);
    (flaw.sent, flaw.why.name())
}
