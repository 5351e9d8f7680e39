//! Names to addresses, of which only those that may be reached come out: what
//! is connected to is what was judged, so a name that answers differently the
//! second time gains nothing.

use crate::address::{Guard, Scheme};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

/// Addresses under way.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Asks for the addresses of a name.
pub trait Lookup: Send + Sync {
    /// The name's addresses.
    fn addresses(&self, host: &str) -> Looking;
}

/// The operating system's resolver.
pub struct System;

impl Lookup for System {
    fn addresses(&self, host: &str) -> Looking {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|at| at.ip()).collect())
        })
    }
}

/// None of a name's addresses may be reached.
#[derive(Debug, thiserror::Error)]
#[error("expected an address that outgoing fetches may reach, found none among those of the host")]
struct Unreachable;

/// A resolver that gives out only what may be reached by that scheme.
pub(crate) struct Vetted {
    /// Who is asked.
    pub(crate) lookup: Arc<dyn Lookup>,
    /// What may be reached.
    pub(crate) guard: Arc<Guard>,
    /// How.
    pub(crate) scheme: Scheme,
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.lookup.addresses(name.as_str());
        let (guard, scheme) = (self.guard.clone(), self.scheme);
        Box::pin(async move {
            let mut found = looking.await?;
            found.retain(|address| guard.admits(*address, scheme));
            if found.is_empty() {
                return Err(Unreachable.into());
            }
            // Port 0 means the URL's.
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}
