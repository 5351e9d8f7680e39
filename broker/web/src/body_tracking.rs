//! What a connection's bytes and requests pass on their way to the router: it
//! is noted when something moves and when a request is here whole.

use crate::connection_table::{Connection, InWork};
use crate::host;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::{BoxError, Router};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower::Service;

/// How a connection begins that speaks HTTP/2 (RFC 9113 §3.4): no method of HTTP/1
/// does.
const PREFACE: &[u8] = b"PRI ";

/// A stream that notes when bytes move.
pub(super) struct Watched<S> {
    stream: S,
    connection: Arc<Connection>,
    /// How many bytes of [`PREFACE`] came so far; `None` once another byte did.
    preface: Option<usize>,
}

impl<S> Watched<S> {
    /// The stream of that connection.
    pub(super) const fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            connection,
            preface: Some(0),
        }
    }

    fn came(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return self.connection.moved();
        }
        self.connection.received();
        if let Some(before) = self.preface {
            let rest = PREFACE.get(before..).unwrap_or_default();
            let same = rest.iter().zip(bytes).all(|(a, b)| a == b);
            self.preface = same.then(|| PREFACE.len().min(before + bytes.len()));
        }
        if self.preface == Some(PREFACE.len()) {
            self.connection.no_head();
        }
    }
}

/// The router for one connection.
#[derive(Clone)]
pub(super) struct ConnectionService {
    pub(super) router: Router,
    pub(super) peer: SocketAddr,
    pub(super) connection: Arc<Connection>,
}

/// One request: busy from the end of its body to its answer.
struct RequestTracking {
    connection: Arc<Connection>,
    in_work: Mutex<Option<InWork>>,
    held: AtomicUsize,
}

/// A body that notes its end.
struct Reading<B> {
    body: B,
    tracking: Arc<RequestTracking>,
}

impl<B> Service<http::Request<B>> for ConnectionService
where
    B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        host::judge(&mut parts);
        self.connection.begins();
        let tracking = Arc::new(RequestTracking {
            connection: self.connection.clone(),
            in_work: Mutex::default(),
            held: AtomicUsize::new(0),
        });
        if body.is_end_stream() {
            tracking.whole();
        }
        let body = Body::new(Reading {
            body,
            tracking: tracking.clone(),
        });
        parts.extensions.insert(ConnectInfo(self.peer));
        let answer = self.router.call(Request::from_parts(parts, body));
        Box::pin(async move {
            let answer = answer.await;
            drop(tracking);
            answer
        })
    }
}

impl RequestTracking {
    fn whole(&self) {
        let mut in_work = self.in_work.lock().unwrap_or_else(PoisonError::into_inner);
        if in_work.is_none() {
            *in_work = Some(self.connection.in_work());
        }
    }

    fn got(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
        self.connection.hold(bytes);
    }
}

impl Drop for RequestTracking {
    fn drop(&mut self) {
        self.connection.release(*self.held.get_mut());
        self.connection.ends();
    }
}

impl<B> HttpBody for Reading<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.tracking.got(frame.data_ref().map_or(0, Bytes::len));
        }
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.tracking.whole();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if polled.is_ready() {
            self.came(buffer.filled().get(before..).unwrap_or_default());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if polled.is_ready() {
            self.connection.moved();
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if polled.is_ready() {
            self.connection.moved();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
