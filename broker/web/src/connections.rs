//! Accepting connections within bounds: `axum::serve` has none. What they hold
//! back: ten thousand idle connections, a thousand that send a byte now and
//! then, heads without an end (docs/reference/metrics.md, "Bounds").

use crate::body_tracking::{ConnectionService, Watched};
use crate::connection_table::{ConnectionTable, Taken};
use crate::told::{HEAD_BYTES_MAX, HEADERS_MAX};
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Most connections of a listener, where the process may open as many files.
const CONNECTIONS: usize = 16_384;
/// How often a peer of HTTP/2 is asked whether it is there.
const PING: Duration = Duration::from_secs(30);
/// Longest until the head of a request is here whole, from its first byte
/// (HTTP/1.1).
const HEAD: Duration = Duration::from_secs(30);
/// Open files kept back for the ledger, calls out and other listeners.
const FILES_KEPT: usize = 256;

/// Bounds on connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Most at a time; one more takes the place of the longest idle one.
    pub connections: usize,
    /// Longest pause before and between requests (HTTP/1.1).
    pub idle: Duration,
    /// How many looks the head of a request may take to be here whole (HTTP/1.1).
    pub head_sweeps: u32,
    /// Longest until a handshake is done.
    pub handshake: Duration,
    /// How often it is looked for stuck connections.
    pub sweep: Duration,
    /// After how many looks without a byte a connection is stuck.
    pub sweeps: u32,
    /// Longest that requests under way may take after a stop.
    pub drain: Duration,
    /// Bytes of a request's head beyond which nothing of it is read.
    pub head_bytes: usize,
    /// Headers of a request beyond which nothing of them is read.
    pub headers: usize,
    /// Requests at a time on one connection (HTTP/2).
    pub streams: u32,
}

impl ConnectionLimits {
    /// The bounds of a listener of this process, which keeps a connection without a
    /// request for so long.
    pub fn of_process(idle: Duration) -> Self {
        let sweep = Duration::from_secs(5);
        let files = open_files().map_or(CONNECTIONS, |files| {
            files.saturating_sub(FILES_KEPT).max(files / 2)
        });
        Self {
            connections: files.min(CONNECTIONS),
            idle,
            // The one that it begins in is one of them.
            head_sweeps: u32::try_from(HEAD.as_secs() / sweep.as_secs()).unwrap_or(u32::MAX),
            handshake: Duration::from_secs(10),
            sweep,
            // Whole ones, and one more for the one that it begins in.
            sweeps: u32::try_from(idle.as_secs() / sweep.as_secs() + 1).unwrap_or(u32::MAX),
            drain: Duration::from_secs(30),
            // Twice what is taken, so that what is over is told.
            head_bytes: 2 * HEAD_BYTES_MAX,
            headers: 2 * HEADERS_MAX,
            streams: 16,
        }
    }
}

/// Serves until told to stop, then finishes what is under way. A connection without
/// a request is kept for `idle`.
///
/// # Errors
/// None so far: what fails is one connection's.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
    idle: Duration,
) -> io::Result<()> {
    let plain = |stream| std::future::ready(Ok(stream));
    serve_with(
        router,
        listener,
        stop,
        (ConnectionLimits::of_process(idle), plain),
    )
    .await
}

/// The same within other bounds, and with a handshake that makes of a TCP
/// stream what HTTP is spoken on (TLS). It runs beside other connections.
///
/// # Errors
/// None so far: what fails is one connection's.
pub async fn serve_with<H, F, S>(
    router: Router,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
    (limits, handshake): (ConnectionLimits, H),
) -> io::Result<()>
where
    H: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let table = Arc::new(ConnectionTable::default());
    let builder = Arc::new(builder(&limits));
    let mut tasks = JoinSet::new();
    let mut sweep = tokio::time::interval(limits.sweep);
    let mut stopped = stop.clone();
    loop {
        tokio::select! {
            () = told(&mut stopped) => break,
            _ = sweep.tick() => table.sweep(limits.sweeps, limits.head_sweeps),
            Some(_) = tasks.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Some(connection) = connection(&table, limits.connections) else {
                        continue;
                    };
                    let service = ConnectionService { router: router.clone(), peer, connection: connection.0.clone() };
                    let host = Host { builder: builder.clone(), service, stop: stop.clone() };
                    let _ = stream.set_nodelay(true);
                    let made = tokio::time::timeout(limits.handshake, handshake(stream));
                    tasks.spawn(attend(connection, host, made));
                }
                Err(error) => not_accepted(&table, &error).await,
            },
        }
    }
    drop(listener);
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, all).await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections cut at the stop");
    }
    Ok(())
}

/// Ends with the word to stop; a closed channel means the same.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// What a connection is attended with.
struct Host {
    builder: Arc<Builder<TokioExecutor>>,
    service: ConnectionService,
    stop: watch::Receiver<bool>,
}

fn builder(limits: &ConnectionLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(limits.handshake)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX));
    builder
}

/// An entry for a new connection; in a full table the place of the longest idle
/// one.
fn connection(table: &Arc<ConnectionTable>, most: usize) -> Option<Taken> {
    if table.len() >= most && !table.evict() {
        return None;
    }
    Some(table.take())
}

/// One connection from its handshake to its end. How it ends is the peer's
/// affair and said to nobody.
async fn attend<S>(
    connection: Taken,
    host: Host,
    made: impl Future<Output = Result<io::Result<S>, tokio::time::error::Elapsed>>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = tokio::select! {
        made = made => made,
        () = connection.0.left() => return,
    };
    let Ok(Ok(stream)) = stream else { return };
    let watched = Watched::new(stream, connection.0.clone());
    let Host {
        builder,
        service,
        mut stop,
    } = host;
    let serving =
        builder.serve_connection(TokioIo::new(watched), TowerToHyperService::new(service));
    tokio::pin!(serving);
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = serving.as_mut() => return,
            () = connection.0.left() => return,
            () = told(&mut stop), if !stopping => {
                stopping = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Where the process can open no more files, a connection is given up and the
/// next one waits a moment.
async fn not_accepted(table: &ConnectionTable, error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        return;
    }
    tracing::error!(%error, "connection not accepted");
    table.evict();
    #[expect(
        clippy::disallowed_methods,
        reason = "out of files: accepting again at once would spin"
    )]
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// How many files the process may open.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    soft_limit(&limits)
}

fn soft_limit(limits: &str) -> Option<usize> {
    let mut lines = limits.lines();
    let rest = lines.find_map(|line| line.strip_prefix("Max open files"))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests;
