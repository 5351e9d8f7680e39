//! One document of somebody else's, fetched with care: no redirects, proxies or
//! cookies, bounded in size, and only from where the guard admits. The caller
//! bounds the time.

use crate::address::{Guard, Scheme};
use crate::authorities::Authorities;
use crate::body::{self, ACCEPTED, Encoding};
use crate::cidr::Cidr;
use crate::client::{careful, vet, vouched_for};
use crate::flaw::FetchFlaw;
use crate::lifetime;
use crate::resolve::{Lookup, Vetted};
use http::header::ACCEPT_ENCODING;
use locum_core::json::{self, DEPTH_MAX, JsonLimits};
use reqwest::{Client, ClientBuilder, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::OnceCell;

/// A document.
pub struct Document {
    /// What it says.
    pub value: Value,
    /// SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// Seconds its server wants it kept.
    pub keep_s: Option<u64>,
    /// Whether an authority vouched for its server.
    pub vouched: bool,
}

/// What TLS is spoken with.
struct Secure {
    /// Authorities beside those of the machine.
    roots: Authorities,
    /// Made when first needed: it reads the machine's certificates.
    client: OnceCell<Client>,
}

impl Secure {
    fn of(roots: Authorities) -> Arc<Self> {
        let client = OnceCell::new();
        Arc::new(Self { roots, client })
    }
}

/// What a fetcher may reach, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchBounds {
    /// Networks that may be reached though they are not the open internet, and
    /// the only ones without TLS.
    pub allow_private: Vec<Cidr>,
    /// Longest that a fetch may take.
    pub timeout: Duration,
    /// Most bytes of a document.
    pub max_bytes: usize,
}

/// Fetches documents.
pub struct Fetcher {
    guard: Arc<Guard>,
    lookup: Arc<dyn Lookup>,
    plain: Client,
    /// Replaced whole where the authorities change.
    secure: RwLock<Arc<Secure>>,
    timeout: Duration,
    max_bytes: usize,
}

impl Fetcher {
    /// Fetches within the bounds; names are looked up with `lookup`, and
    /// servers vouched for by `roots` too.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(
        bounds: FetchBounds,
        lookup: Arc<dyn Lookup>,
        roots: Authorities,
    ) -> Result<Self, FetchFlaw> {
        let guard = Arc::new(Guard::new(bounds.allow_private));
        let timeout = bounds.timeout;
        let plain = fetching(&lookup, &guard, Scheme::Plain, timeout);
        // Without certificates it is ready at once, and can never do TLS.
        let plain = plain.tls_certs_only([]).build()?;
        Ok(Self {
            guard,
            lookup,
            plain,
            secure: RwLock::new(Secure::of(roots)),
            timeout,
            max_bytes: bounds.max_bytes,
        })
    }

    /// From now on these authorities count beside the machine's; whether they
    /// are others than before.
    pub fn believe(&self, roots: Authorities) -> bool {
        let mut secure = self.secure.write().unwrap_or_else(PoisonError::into_inner);
        let others = !secure.roots.same(&roots);
        *secure = Secure::of(roots);
        others
    }

    /// Fetches one JSON document.
    ///
    /// # Errors
    /// [`FetchFlaw`].
    pub async fn json(&self, url: &str) -> Result<Document, FetchFlaw> {
        let (url, scheme) = vet(url, &*self.guard)?;
        let client = match scheme {
            Scheme::Plain => self.plain.clone(),
            Scheme::Tls => self.secure().await?,
        };
        let request = client.get(url).header(ACCEPT_ENCODING, ACCEPTED);
        let response = request.send().await?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_redirection() => return Err(FetchFlaw::Redirect(status)),
            status => return Err(FetchFlaw::Status(status)),
        }
        let keep_s = lifetime::said_s(response.headers());
        let encoding = Encoding::of(response.headers())?;
        let body = body::read(response, encoding, self.max_bytes).await?;
        let limits = JsonLimits {
            bytes: self.max_bytes,
            depth: DEPTH_MAX,
        };
        Ok(Document {
            value: json::parse(&body, limits)?,
            digest: Sha256::digest(&body).into(),
            keep_s,
            vouched: scheme == Scheme::Tls,
        })
    }

    fn in_force(&self) -> Arc<Secure> {
        let secure = self.secure.read().unwrap_or_else(PoisonError::into_inner);
        secure.clone()
    }

    async fn secure(&self) -> Result<Client, FetchFlaw> {
        let secure = self.in_force();
        let make = || async {
            let fetching = fetching(&self.lookup, &self.guard, Scheme::Tls, self.timeout);
            vouched_for(fetching, &secure.roots).await
        };
        secure.client.get_or_try_init(make).await.cloned()
    }
}

/// No connection is kept: every fetch is judged anew.
fn fetching(
    lookup: &Arc<dyn Lookup>,
    guard: &Arc<Guard>,
    scheme: Scheme,
    timeout: Duration,
) -> ClientBuilder {
    let vetted = Vetted {
        lookup: lookup.clone(),
        admission: guard.clone(),
        scheme,
    };
    careful(vetted).pool_max_idle_per_host(0).timeout(timeout)
}
