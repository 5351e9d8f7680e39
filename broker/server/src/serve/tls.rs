//! TLS on a listener: handshakes aside, bounded in number and time, so that
//! nobody who stalls one keeps others waiting; certificates read again without
//! a restart.

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::Service;

/// Longest wait for a client's first byte, and again for the handshake's end.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Most connections that have not said anything yet.
const SILENT_MAX: usize = 16_384;
/// Most handshakes under way.
const HANDSHAKES_MAX: usize = 1_024;

/// The certificate in force; replaced whole.
pub(crate) struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

impl Certificates {
    /// Reads both files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn open(cert: &Path, key: &Path) -> Result<Self, String> {
        Ok(Self {
            cert: cert.to_owned(),
            key: key.to_owned(),
            current: RwLock::new(Arc::new(load(cert, key)?)),
        })
    }

    /// Reads both files again; connections from now on get what they hold.
    ///
    /// # Errors
    /// What is wrong with them; then those of before stay.
    pub(crate) fn reload(&self) -> Result<(), String> {
        let fresh = Arc::new(load(&self.cert, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(current.clone())
    }
}

/// A chain and its key from PEM files.
///
/// # Errors
/// What is wrong with them; nothing of what the key's file holds.
pub(crate) fn load(cert: &Path, key: &Path) -> Result<ServerConfig, String> {
    let chain = std::fs::read(cert).map_err(|flaw| {
        format!(
            "`tls.cert_file`: `{}` cannot be read: {flaw}",
            cert.display()
        )
    })?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<_, _>>()
        .map_err(|_| format!("`tls.cert_file`: expected PEM in `{}`", cert.display()))?;
    if chain.is_empty() {
        let cert = cert.display();
        return Err(format!(
            "`tls.cert_file`: expected a certificate in `{cert}`, found none"
        ));
    }
    let private = std::fs::read(key)
        .map_err(|flaw| format!("`tls.key_file`: `{}` cannot be read: {flaw}", key.display()))?;
    let private = PrivateKeyDer::from_pem_slice(&private).map_err(|_| {
        format!(
            "`tls.key_file`: expected a private key as PEM in `{}`",
            key.display()
        )
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|flaw| format!("TLS: {flaw}"))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|flaw| format!("`tls.key_file` does not fit `tls.cert_file`: {flaw}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Connections whose handshake is done.
pub(crate) struct TlsListener {
    done: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    at: SocketAddr,
}

impl TlsListener {
    /// Accepts until the listener is dropped.
    ///
    /// # Errors
    /// When the socket has no address.
    pub(crate) fn new(tcp: TcpListener, certificates: Arc<Certificates>) -> io::Result<Self> {
        let at = tcp.local_addr()?;
        let (send, done) = mpsc::channel(64);
        tokio::spawn(accept_all(tcp, certificates, send));
        Ok(Self { done, at })
    }
}

async fn accept_all(
    mut tcp: TcpListener,
    certificates: Arc<Certificates>,
    send: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let silent = Arc::new(Semaphore::new(SILENT_MAX));
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(seat) = silent.clone().acquire_owned().await else {
            return;
        };
        let (stream, peer) = tokio::select! {
            () = send.closed() => return,
            accepted = Listener::accept(&mut tcp) => accepted,
        };
        let (certificates, handshakes, send) =
            (certificates.clone(), handshakes.clone(), send.clone());
        tokio::spawn(async move {
            let spoke = timeout(HANDSHAKE, stream.readable()).await;
            if !matches!(spoke, Ok(Ok(()))) {
                return;
            }
            let Ok(_under_way) = handshakes.acquire().await else {
                return;
            };
            drop(seat);
            match timeout(HANDSHAKE, certificates.acceptor().accept(stream)).await {
                // Where nobody takes it any more, the broker stops.
                Ok(Ok(stream)) => drop(send.send((stream, peer)).await),
                Ok(Err(flaw)) => tracing::debug!(%flaw, "a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.done.recv().await {
            Some(next) => next,
            // Nobody accepts any more: nothing will ever come.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.at)
    }
}

/// Serves until told to stop, then finishes what is under way.
///
/// # Errors
/// Whatever the listener says.
pub(crate) async fn serve(
    router: Router,
    listener: TlsListener,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    axum::serve(listener, Door(router))
        .with_graceful_shutdown(async move {
            // A closed channel means the same as a stop.
            let _ = stop.wait_for(|stopped| *stopped).await;
        })
        .await
}

/// Makes a service for each connection, which knows its peer.
#[derive(Clone)]
struct Door(Router);

/// The service of one connection.
#[derive(Clone)]
struct Guest {
    router: Router,
    peer: SocketAddr,
}

impl Service<IncomingStream<'_, TlsListener>> for Door {
    type Response = Guest;
    type Error = Infallible;
    type Future = Ready<Result<Guest, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, TlsListener>) -> Self::Future {
        ready(Ok(Guest {
            router: self.0.clone(),
            peer: *stream.remote_addr(),
        }))
    }
}

impl Service<Request> for Guest {
    type Response = Response;
    type Error = Infallible;
    type Future = <Router as Service<Request>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Service::call(&mut self.router, request)
    }
}
