#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use axum::body::Bytes;
use axum::routing::{get, post};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const GET_AND_GO: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

struct Running {
    at: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<io::Result<()>>,
}

async fn running(change: impl FnOnce(&mut ConnectionLimits)) -> Running {
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/", post(|body: Bytes| async move { body }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let mut limits = ConnectionLimits::of_process(Duration::from_secs(75));
    change(&mut limits);
    let plain = |stream| std::future::ready(Ok(stream));
    let task = tokio::spawn(serve_with(router, listener, stopped, (limits, plain)));
    Running { at, stop, task }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.unwrap()
    }

    /// A connection that sent something and stays.
    async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream
    }

    async fn stopped(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap().unwrap();
    }
}

/// Everything until the other side closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn a_head_without_an_end_is_given_up_long_before_a_kept_connection() {
    let server = running(|limits| {
        limits.sweep = Duration::from_millis(10);
        limits.sweeps = u32::MAX;
        limits.head_sweeps = 3;
    })
    .await;
    let mut kept = server.sent(GET).await;
    let mut first = [0; 15];
    kept.read_exact(&mut first).await.unwrap();
    let slow = server.sent(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    assert!(!rest(slow).await.contains("200 OK"));
    kept.write_all(GET_AND_GO).await.unwrap();
    assert!(rest(kept).await.contains("200 OK"), "answered again");
    server.stopped().await;
}

#[tokio::test]
async fn a_connection_that_never_sends_a_byte_is_closed() {
    let server = running(|limits| {
        limits.sweep = Duration::from_millis(10);
        limits.sweeps = 2;
    })
    .await;
    assert_eq!(rest(server.connect().await).await, "");
    server.stopped().await;
}

#[tokio::test]
async fn where_all_places_are_taken_the_newest_request_is_answered_and_an_idle_one_leaves() {
    let server = running(|limits| limits.connections = 2).await;
    let idle = server.connect().await;
    let slow = server
        .sent(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf")
        .await;
    for _ in 0..3 {
        assert!(rest(server.sent(GET_AND_GO).await).await.contains("hello"));
    }
    assert_eq!(rest(idle).await, "");
    drop(slow);
    server.stopped().await;
}

#[tokio::test]
async fn a_head_over_the_limits_is_refused() {
    let server = running(|limits| limits.headers = 8).await;
    let many = "x-a: b\r\n".repeat(20);
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    let answer = rest(server.sent(request.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "a".repeat(64 * 1024);
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n");
    let mut stream = server.connect().await;
    // The server may close before everything is written.
    let _ = stream.write_all(request.as_bytes()).await;
    assert!(!rest(stream).await.contains("200 OK"));
    server.stopped().await;
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_the_task() {
    let server = running(|_| {}).await;
    let mut idle = server.sent(GET).await;
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    server.stopped().await;
    rest(idle).await;
}

#[tokio::test]
async fn http2_is_spoken_with_who_begins_it() {
    let server = running(|_| {}).await;
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let hello = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings].concat();
    let mut stream = server.sent(&hello).await;
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "a SETTINGS frame comes first");
    drop(stream);
    server.stopped().await;
}

#[test]
fn the_soft_limit_of_open_files_is_read() {
    let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                  Max open files            1024                 524288               files\n";
    assert_eq!(soft_limit(limits), Some(1024));
    assert_eq!(soft_limit(""), None);
}
