#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use crate::app::App;
use crate::setup::Setup;
use crate::start;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::routing::post;
use http::{Request, StatusCode};
use locum_ambient::telemetry::{QUEUE_MAX, Telemetry};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::ServiceExt;

const CANARY: &str = "canary-that-nobody-may-see";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A collector on loopback: what it got, and a broker that sends to it.
struct World {
    got: mpsc::Receiver<Bytes>,
    app: Arc<App>,
    _folder: TempDir,
}

async fn keep(State(kept): State<mpsc::Sender<Bytes>>, body: Bytes) -> StatusCode {
    let _ = kept.try_send(body);
    StatusCode::OK
}

async fn world(sample_percent: u32, collector_answers: bool) -> World {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (kept, got) = mpsc::channel(16);
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    if collector_answers {
        let routes = Router::new()
            .route("/v1/traces", post(keep))
            .with_state(kept);
        tokio::spawn(async move { axum::serve(socket, routes).await.unwrap() });
    }
    let folder = tempfile::tempdir().unwrap();
    let telemetry = Telemetry {
        otlp_endpoint: Some(format!("http://{at}/")),
        sample_percent,
    };
    let setup = Setup {
        telemetry,
        ..crate::tests::setup()
    };
    let opened = locum_engine::open::Folder::new(folder.path());
    let app = start::open(opened, "https://broker.example", &[7; 32], setup).unwrap();
    World {
        got,
        app,
        _folder: folder,
    }
}

impl World {
    /// One request full of what must not get out; the status.
    async fn ask(&self, traceparent: Option<&str>) -> StatusCode {
        let mut request = Request::post(format!("/token?x={CANARY}"))
            .header("authorization", format!("Bearer {CANARY}"))
            .header("user-agent", CANARY)
            .header("tracestate", format!("x={CANARY}"))
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(value) = traceparent {
            request = request.header("traceparent", value);
        }
        let body = format!("client_id={CANARY}&client_secret={CANARY}&subject_token={CANARY}");
        let mut request = request.body(Body::from(body)).unwrap();
        let peer: SocketAddr = ([127, 0, 0, 1], 1).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        let routes = crate::router::public(&self.app);
        routes.oneshot(request).await.unwrap().status()
    }

    /// Ends the broker; the spans that came, and every message as text.
    async fn end(mut self) -> (Vec<Message>, String) {
        let app = self.app.clone();
        tokio::task::spawn_blocking(move || app.front.traces.close())
            .await
            .unwrap();
        let (mut spans, mut all) = (Vec::new(), String::new());
        while let Ok(body) = self.got.try_recv() {
            all.push_str(&String::from_utf8_lossy(&body));
            for resource in Message::read(&body).each(1) {
                for scope in resource.each(2) {
                    spans.extend(scope.each(2));
                }
            }
        }
        (spans, all)
    }
}

/// A protobuf message: the values of every field, as they are on the wire.
struct Message(BTreeMap<u64, Vec<Vec<u8>>>);

impl Message {
    fn read(mut bytes: &[u8]) -> Self {
        let mut out: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let value = match tag & 7 {
                0 => varint(&mut bytes).to_be_bytes().to_vec(),
                1 => take(&mut bytes, 8),
                2 => {
                    let length = varint(&mut bytes);
                    take(&mut bytes, usize::try_from(length).unwrap())
                }
                5 => take(&mut bytes, 4),
                other => unreachable!("wire type {other}"),
            };
            out.entry(tag >> 3).or_default().push(value);
        }
        Self(out)
    }

    fn all(&self, field: u64) -> &[Vec<u8>] {
        self.0.get(&field).map(Vec::as_slice).unwrap_or_default()
    }

    fn each(&self, field: u64) -> Vec<Message> {
        self.all(field)
            .iter()
            .map(|value| Message::read(value))
            .collect()
    }

    fn hex(&self, field: u64) -> String {
        let bytes = self.all(field).first().cloned().unwrap_or_default();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn text(&self, field: u64) -> String {
        let bytes = self.all(field).first().cloned().unwrap_or_default();
        String::from_utf8(bytes).unwrap()
    }

    fn attributes(&self) -> Vec<String> {
        self.each(9).iter().map(|pair| pair.text(1)).collect()
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut out = 0;
    for shift in (0..).step_by(7) {
        let byte = take(bytes, 1)[0];
        out |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    out
}

fn take(bytes: &mut &[u8], length: usize) -> Vec<u8> {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken.to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_hangs_below_the_callers_and_holds_nothing_of_the_request() {
    let world = world(100, true).await;
    let caller = format!("00-{TRACE}-{PARENT}-01");
    assert_eq!(world.ask(Some(&caller)).await, StatusCode::UNAUTHORIZED);
    let (spans, all) = world.end().await;
    assert_eq!(spans.len(), 1);
    let span = &spans[0];
    assert_eq!(span.hex(1), TRACE);
    assert_eq!(span.hex(4), PARENT);
    assert_ne!(span.hex(2), PARENT);
    assert_eq!(span.text(5), "POST /token");
    assert_eq!(
        span.attributes(),
        [
            "http.request.method",
            "locum.request_id",
            "http.route",
            "http.response.status_code",
            "locum.code"
        ]
    );
    for said in [
        "service.name",
        "locum",
        "service.instance.id",
        "LCM-CLIENT-AUTH",
    ] {
        assert!(all.contains(said), "{said}");
    }
    assert!(!all.contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_traced_is_said_by_the_share_and_not_by_the_caller() {
    let loud = format!("00-{TRACE}-{PARENT}-01");
    let quiet = format!("00-{TRACE}-{PARENT}-00");
    for (percent, caller, spans) in [
        (100, None, 1),
        (0, None, 0),
        (0, Some(loud.as_str()), 0),
        (100, Some(quiet.as_str()), 1),
        (100, Some("nonsense"), 1),
    ] {
        let world = world(percent, true).await;
        world.ask(caller).await;
        assert_eq!(world.end().await.0.len(), spans, "{percent} {caller:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_id_of_the_callers_choice_does_not_decide_the_share() {
    let world = world(50, true).await;
    for _ in 0..128 {
        world.ask(Some(&format!("00-{TRACE}-{PARENT}-01"))).await;
    }
    let spans = world.end().await.0;
    // Once in 2^127 it is none or all.
    assert!((1..128).contains(&spans.len()), "{}", spans.len());
    assert!(spans.iter().all(|span| span.hex(1) == TRACE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_holds_nobody_up_and_the_queue_is_bounded() {
    let world = world(100, false).await;
    for _ in 0..QUEUE_MAX + 100 {
        assert_eq!(world.ask(None).await, StatusCode::UNAUTHORIZED);
    }
    // The end waits within its bound, and gives up.
    assert!(world.end().await.0.is_empty());
}
