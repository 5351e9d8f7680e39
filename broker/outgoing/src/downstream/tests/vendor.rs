//! A server on this machine that does what a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;

/// What is done with a request.
pub(super) enum Act {
    /// It is answered.
    Answer(String),
    /// It is answered, and the connection closed.
    AnswerAndClose(String),
    /// It is answered once the test adds a permit.
    Hold(Arc<Semaphore>, String),
    /// The connection is closed without an answer.
    Close,
    /// Nothing is done until the client goes.
    Nothing,
}

type Acts = Arc<dyn Fn(usize) -> Act + Send + Sync>;

/// The server, as long as the test runs.
pub(super) struct Vendor {
    /// `host:port`
    pub(super) at: String,
    /// Requests as they came in.
    pub(super) requests: mpsc::UnboundedReceiver<String>,
    /// Says that the client went, for each connection.
    pub(super) gone: mpsc::UnboundedReceiver<()>,
    connections: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Shared {
    acts: Acts,
    number: Arc<AtomicUsize>,
    requests: mpsc::UnboundedSender<String>,
    gone: mpsc::UnboundedSender<()>,
}

impl Vendor {
    /// Does with each request what `acts` says for its number, from 0.
    pub(super) async fn start(acts: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        Self::serving(None, acts).await
    }

    /// The same over TLS.
    pub(super) async fn serving(
        tls: Option<TlsAcceptor>,
        acts: impl Fn(usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let (to_requests, requests) = mpsc::unbounded_channel();
        let (to_gone, gone) = mpsc::unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let shared = Shared {
            acts: Arc::new(acts),
            number: Arc::default(),
            requests: to_requests,
            gone: to_gone,
        };
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Relaxed);
                tokio::spawn(connection(stream, tls.clone(), shared.clone()));
            }
        });
        Self {
            at,
            requests,
            gone,
            connections,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/oauth/token", self.at)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    /// Requests that came in and were not looked at yet.
    pub(super) fn seen(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

/// An answer with that status, those header lines and that body.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} S\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Shared) {
    match tls {
        None => serve(stream, &shared).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, &shared).await;
            }
        }
    }
    let _ = shared.gone.send(());
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, shared: &Shared) {
    while let Some(request) = request(&mut stream).await {
        let number = shared.number.fetch_add(1, Relaxed);
        let act = (shared.acts)(number);
        let _ = shared.requests.send(request);
        let (text, close) = match act {
            Act::Answer(text) => (text, false),
            Act::AnswerAndClose(text) => (text, true),
            Act::Hold(until, text) => {
                until.acquire().await.unwrap().forget();
                (text, false)
            }
            Act::Close => return,
            Act::Nothing => {
                let _ = stream.read(&mut [0]).await;
                return;
            }
        };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        if close {
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0]).await;
            return;
        }
    }
}

/// The next request, head and body; `None` where the client went.
async fn request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(text).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}
