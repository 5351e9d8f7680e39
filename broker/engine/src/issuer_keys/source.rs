//! Where an issuer's keys come from: by value, from a URL, or by discovery.

use locum_core::registry::{Issuer, IssuerKind, IssuerSpec};
use locum_core::token::Alg;
use locum_outgoing::{Document, FetchFlaw, Fetcher};
use locum_tokens::keys::{KeyFlaw, KeySet};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

/// Longest URL that is shown, in bytes.
const SHOWN_MAX: usize = 512;

/// Why an issuer's keys cannot be had. For the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceFlaw {
    /// A document.
    #[error("{1}")]
    Fetch(Stage, FetchFlaw),
    /// Its content.
    #[error(transparent)]
    Keys(#[from] KeyFlaw),
    /// The discovery document is somebody else's.
    #[error("expected discovery to name the issuer, found another or none")]
    OtherIssuer,
    /// The same, and the two differ by a slash at the end alone.
    #[error(
        "expected discovery to name the issuer, found it named with or without a slash at its end"
    )]
    TrailingSlash,
    /// Discovery names no keys.
    #[error("expected `jwks_uri` in discovery, found none")]
    NoUri,
    /// Nothing says where the keys are.
    #[error("expected `jwks` or `jwks_uri`, found neither")]
    Nowhere,
}

/// Which document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// OpenID Connect Discovery.
    Discovery,
    /// The keys.
    Keys,
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
    /// Where discovery said that they are, fit to be shown.
    pub(super) discovered: Option<String>,
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
pub(super) enum KeyLocation<'a> {
    /// `jwks`.
    Value(&'a Value),
    /// `jwks_uri`.
    Uri(&'a str),
    /// Below the issuer.
    Discovery(&'a str),
    /// Nothing says so.
    Nowhere,
}

/// How a document is read as keys.
pub(super) type Reading = fn(&Value, &[Alg]) -> Result<KeySet, KeyFlaw>;

/// Where keys of an issuer of each kind are, and how they are read there.
pub(super) fn place(spec: &IssuerSpec) -> (KeyLocation<'_>, Reading) {
    match spec.kind {
        IssuerKind::Oidc => (KeyLocation::Discovery(&spec.issuer), KeySet::from_jwks),
        IssuerKind::Jwt => (declared(spec), KeySet::from_jwks),
        IssuerKind::Spiffe => (declared(spec), KeySet::from_bundle),
    }
}

/// `jwks` or `jwks_uri`, as declared.
fn declared(spec: &IssuerSpec) -> KeyLocation<'_> {
    match (&spec.jwks, &spec.jwks_uri) {
        (Some(jwks), _) => KeyLocation::Value(jwks),
        (None, Some(uri)) => KeyLocation::Uri(uri),
        (None, None) => KeyLocation::Nowhere,
    }
}

/// Keys by value, if that is how the issuer has them.
pub(super) fn by_value(issuer: &Issuer) -> Option<Result<FoundIssuer, KeyFlaw>> {
    let (KeyLocation::Value(jwks), reading) = place(&issuer.spec) else {
        return None;
    };
    let digest = Sha256::digest(jwks.to_string()).into();
    let found = reading(jwks, &issuer.spec.algs).map(|set| FoundIssuer {
        set,
        digest,
        keep_s: None,
        vouched: false,
        discovered: None,
    });
    Some(found)
}

/// Fetches an issuer's keys.
///
/// # Errors
/// [`SourceFlaw`].
pub(super) async fn fetched(fetcher: &Fetcher, issuer: &Issuer) -> Result<FoundIssuer, SourceFlaw> {
    let (place, reading) = place(&issuer.spec);
    let (document, discovered) = match place {
        KeyLocation::Uri(uri) => (keys(fetcher, uri).await?, None),
        KeyLocation::Discovery(issuer) => discovered(fetcher, issuer).await?,
        KeyLocation::Value(_) | KeyLocation::Nowhere => return Err(SourceFlaw::Nowhere),
    };
    Ok(FoundIssuer {
        set: reading(&document.value, &issuer.spec.algs)?,
        digest: document.digest,
        keep_s: document.keep_s,
        vouched: document.vouched,
        discovered,
    })
}

/// OpenID Connect Discovery 1.0 §4: the document's `issuer` must be the one
/// asked for (§4.3). Where it sends for keys, the same guard stands.
async fn discovered(
    fetcher: &Fetcher,
    issuer: &str,
) -> Result<(Document, Option<String>), SourceFlaw> {
    let base = issuer.trim_end_matches('/');
    let url = format!("{base}/.well-known/openid-configuration");
    let metadata = fetcher.json(&url).await;
    let metadata = metadata.map_err(|flaw| SourceFlaw::Fetch(Stage::Discovery, flaw))?;
    let text = |name: &str| metadata.value.get(name).and_then(Value::as_str);
    match text("issuer") {
        Some(named) if named == issuer => {}
        Some(named) if named.trim_end_matches('/') == base => {
            return Err(SourceFlaw::TrailingSlash);
        }
        Some(_) | None => return Err(SourceFlaw::OtherIssuer),
    }
    let uri = text("jwks_uri").ok_or(SourceFlaw::NoUri)?;
    let mut found = keys(fetcher, uri).await?;
    found.vouched |= metadata.vouched;
    Ok((found, shown(uri)))
}

async fn keys(fetcher: &Fetcher, uri: &str) -> Result<Document, SourceFlaw> {
    let found = fetcher.json(uri).await;
    found.map_err(|flaw| SourceFlaw::Fetch(Stage::Keys, flaw))
}

/// A URL without what may be a secret: scheme, host, port and path, while they
/// are short.
pub(super) fn shown(uri: &str) -> Option<String> {
    let mut url = Url::parse(uri).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    let plain = url.username().is_empty() && url.password().is_none();
    (plain && url.as_str().len() <= SHOWN_MAX).then(|| url.into())
}
