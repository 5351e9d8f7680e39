//! Where an issuer's keys come from: by value, from a URL, or by discovery.

use locum_core::registry::{Issuer, IssuerKind, IssuerSpec};
use locum_core::token::Alg;
use locum_outgoing::{Document, FetchFlaw, Fetcher};
use locum_tokens::keys::{KeyFlaw, KeySet};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Why an issuer's keys cannot be had. For the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceFlaw {
    /// A document.
    #[error(transparent)]
    Fetch(#[from] FetchFlaw),
    /// Its content.
    #[error(transparent)]
    Keys(#[from] KeyFlaw),
    /// The discovery document is somebody else's.
    #[error("expected discovery to name the issuer, found another or none")]
    OtherIssuer,
    /// Discovery names no keys.
    #[error("expected `jwks_uri` in discovery, found none")]
    NoUri,
    /// Nothing says where the keys are.
    #[error("expected `jwks` or `jwks_uri`, found neither")]
    Nowhere,
}

/// Keys as they were found.
pub(super) struct FoundIssuer {
    /// The keys.
    pub(super) set: KeySet,
    /// SHA-256 of the text they were read from.
    pub(super) digest: [u8; 32],
    /// Seconds their server wants them kept.
    pub(super) keep_s: Option<u64>,
    /// Whether an authority vouched for a server they came by.
    pub(super) vouched: bool,
}

/// Whether two declarations lead to the same keys.
pub(super) fn same(one: &IssuerSpec, other: &IssuerSpec) -> bool {
    let facts = |spec: &IssuerSpec| (spec.kind, spec.algs.clone());
    facts(one) == facts(other)
        && one.issuer == other.issuer
        && one.jwks_uri == other.jwks_uri
        && one.jwks == other.jwks
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Value(&'a Value),
    Uri(&'a str),
    Discovery(&'a str),
    Nowhere,
}

/// How a document is read as keys.
type Reading = fn(&Value, &[Alg]) -> Result<KeySet, KeyFlaw>;

/// Where keys of an issuer of each kind are, and how they are read there.
fn place(spec: &IssuerSpec) -> (Place<'_>, Reading) {
    match spec.kind {
        IssuerKind::Oidc => (Place::Discovery(&spec.issuer), KeySet::from_jwks),
        IssuerKind::Jwt => (declared(spec), KeySet::from_jwks),
    }
}

/// `jwks` or `jwks_uri`, as declared.
fn declared(spec: &IssuerSpec) -> Place<'_> {
    match (&spec.jwks, &spec.jwks_uri) {
        (Some(jwks), _) => Place::Value(jwks),
        (None, Some(uri)) => Place::Uri(uri),
        (None, None) => Place::Nowhere,
    }
}

/// Keys by value, if that is how the issuer has them.
pub(super) fn by_value(issuer: &Issuer) -> Option<Result<FoundIssuer, KeyFlaw>> {
    let (Place::Value(jwks), reading) = place(&issuer.spec) else {
        return None;
    };
    let digest = Sha256::digest(jwks.to_string()).into();
    let found = reading(jwks, &issuer.spec.algs).map(|set| FoundIssuer {
        set,
        digest,
        keep_s: None,
        vouched: false,
    });
    Some(found)
}

/// Fetches an issuer's keys.
///
/// # Errors
/// [`SourceFlaw`].
pub(super) async fn fetched(fetcher: &Fetcher, issuer: &Issuer) -> Result<FoundIssuer, SourceFlaw> {
    let (place, reading) = place(&issuer.spec);
    let document = match place {
        Place::Uri(uri) => fetcher.json(uri).await?,
        Place::Discovery(issuer) => discovered(fetcher, issuer).await?,
        Place::Value(_) | Place::Nowhere => return Err(SourceFlaw::Nowhere),
    };
    Ok(FoundIssuer {
        set: reading(&document.value, &issuer.spec.algs)?,
        digest: document.digest,
        keep_s: document.keep_s,
        vouched: document.vouched,
    })
}

/// OpenID Connect Discovery 1.0 §4: the document's `issuer` must be the one
/// asked for (§4.3). Where it sends for keys, the same guard stands.
async fn discovered(fetcher: &Fetcher, issuer: &str) -> Result<Document, SourceFlaw> {
    let base = issuer.trim_end_matches('/');
    let url = format!("{base}/.well-known/openid-configuration");
    let metadata = fetcher.json(&url).await?;
    let text = |name: &str| metadata.value.get(name).and_then(Value::as_str);
    if text("issuer") != Some(issuer) {
        return Err(SourceFlaw::OtherIssuer);
    }
    let uri = text("jwks_uri").ok_or(SourceFlaw::NoUri)?;
    let mut keys = fetcher.json(uri).await?;
    keys.vouched |= metadata.vouched;
    Ok(keys)
}
