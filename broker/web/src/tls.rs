//! TLS on a listener; certificates read again without a restart.

use axum::Router;
use locum_ambient::files::{bounded, private};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Most bytes of a file.
const PEM_MAX: usize = 1 << 20;

/// The certificate in force; replaced whole.
pub struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<Loaded>>,
}

/// What both files hold.
pub struct Loaded {
    config: Arc<ServerConfig>,
    /// When the first of the chain ends, in Unix seconds.
    ends_s: u64,
}

impl Certificates {
    /// Reads both files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn open(cert: &Path, key: &Path) -> Result<Self, String> {
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
    pub fn reload(&self) -> Result<(), String> {
        let fresh = Arc::new(load(&self.cert, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(current.config.clone())
    }

    /// When the first certificate of the chain ends, in Unix seconds.
    pub fn ends_s(&self) -> u64 {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.ends_s
    }
}

/// A chain and its key from PEM files.
///
/// # Errors
/// What is wrong with them; nothing of what the key's file holds.
pub fn load(cert: &Path, key: &Path) -> Result<Loaded, String> {
    let wrong = |name: &str, file: &Path, flaw: String| {
        format!("`tls.{name}`: `{}`: {flaw}", file.display())
    };
    let chain = bounded(cert, PEM_MAX).map_err(|flaw| wrong("cert_file", cert, flaw))?;
    let private = private(key, PEM_MAX).map_err(|flaw| wrong("key_file", key, flaw))?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| format!("`tls.cert_file`: expected PEM in `{}`", cert.display()))?;
    if chain.is_empty() {
        let cert = cert.display();
        return Err(format!(
            "`tls.cert_file`: expected a certificate in `{cert}`, found none"
        ));
    }
    let ends_s = ends_s(&chain).ok_or_else(|| {
        let cert = cert.display();
        format!("`tls.cert_file`: expected X.509 certificates in `{cert}`, found something else")
    })?;
    let private = PrivateKeyDer::from_pem_slice(private.as_bytes()).map_err(|_| {
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
    Ok(Loaded {
        config: Arc::new(config),
        ends_s,
    })
}

/// When the first of a chain ends; `None` if one is no certificate.
fn ends_s(chain: &[CertificateDer<'_>]) -> Option<u64> {
    let mut first = u64::MAX;
    for one in chain {
        let one = Certificate::from_der(one).ok()?;
        let end = one.tbs_certificate().validity().not_after;
        first = first.min(end.to_unix_duration().as_secs());
    }
    Some(first)
}

/// Serves TLS until told to stop, within the bounds of every listener.
/// Handshakes run beside other connections; one without a request is kept for `idle`.
///
/// # Errors
/// Whatever the listener says.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    certificates: Arc<Certificates>,
    (stop, idle): (watch::Receiver<bool>, Duration),
) -> io::Result<()> {
    let handshake = move |stream: TcpStream| certificates.acceptor().accept(stream);
    crate::serve_with(
        router,
        listener,
        stop,
        (crate::ConnectionLimits::of_process(idle), handshake),
    )
    .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn files_without_an_end_are_read_no_further_than_the_bound() {
        let endless = Path::new("/dev/zero");
        let found = load(endless, endless).err().unwrap();
        assert!(found.starts_with("`tls.cert_file`: `/dev/zero`: expected at most"));
        let home = tempfile::tempdir().unwrap();
        let cert = home.path().join("cert.pem");
        std::fs::write(&cert, "").unwrap();
        let found = load(&cert, endless).err().unwrap();
        assert!(found.starts_with("`tls.key_file`: `/dev/zero`: expected at most"));
    }

    #[test]
    fn a_private_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| home.path().join(name));
        std::fs::write(&cert, "").unwrap();
        std::fs::write(&key, "").unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let found = load(&cert, &key).err().unwrap();
        assert!(found.starts_with("`tls.key_file`: `"), "{found}");
        assert!(
            found.contains("found mode 0644; run `chmod 600 "),
            "{found}"
        );
    }
}
