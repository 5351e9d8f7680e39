//! What every client that calls others has in common, whoever is called.

use crate::address::{Admission, Barred, Scheme};
use crate::authorities::Authorities;
use crate::flaw::FetchFlaw;
use crate::resolve::Vetted;
use reqwest::{Client, ClientBuilder, redirect, retry};
use std::net::IpAddr;
use std::sync::Arc;
use url::{Host, Url};

/// What a URL itself tells. Names are judged when they are resolved, addresses
/// here: nobody resolves them.
///
/// # Errors
/// Why nobody is asked.
pub(crate) fn vet(url: &str, admission: &dyn Admission) -> Result<(Url, Scheme), FetchFlaw> {
    let url = Url::parse(url).map_err(|_| FetchFlaw::Url("that can be read"))?;
    let scheme = match url.scheme() {
        "https" => Scheme::Tls,
        "http" => Scheme::Plain,
        _ => return Err(FetchFlaw::Url("of scheme `https`")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchFlaw::Url("without credentials"));
    }
    if url.port() == Some(0) {
        return Err(FetchFlaw::Url("without port 0"));
    }
    let literal: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(v4)) => Some(v4.into()),
        Some(Host::Ipv6(v6)) => Some(v6.into()),
        Some(Host::Domain(_)) => None,
        None => return Err(FetchFlaw::Url("with a host")),
    };
    match literal.map(|address| (address, admission.admits(None, address, scheme))) {
        Some((_, Err(Barred::NeedsTls))) => Err(FetchFlaw::NeedsTls),
        Some((address, Err(Barred::NotAllowed))) => Err(FetchFlaw::Address(address)),
        Some((_, Ok(()))) | None => Ok((url, scheme)),
    }
}

/// A client that reaches vetted addresses alone and does nothing of its own
/// accord: it follows no redirect, asks no proxy, repeats nothing, unpacks
/// nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "no redirects, no proxies, vetted addresses only; who calls this sets the bounds"
)]
pub(crate) fn careful(vetted: Vetted) -> ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .dns_resolver(Arc::new(vetted))
        .user_agent(concat!("locum/", env!("CARGO_PKG_VERSION")))
}

/// Makes a client that speaks TLS alone, to servers for which an authority of
/// the machine or one of these vouches.
///
/// # Errors
/// Why it cannot be built.
pub(crate) async fn vouched_for(
    builder: ClientBuilder,
    roots: &Authorities,
) -> Result<Client, FetchFlaw> {
    let builder = builder
        .https_only(true)
        .tls_certs_merge(roots.certificates.clone());
    // Reading the machine's certificates blocks.
    tokio::task::spawn_blocking(|| builder.build())
        .await
        .map_err(|e| FetchFlaw::Http(e.to_string()))?
        .map_err(FetchFlaw::from)
}
