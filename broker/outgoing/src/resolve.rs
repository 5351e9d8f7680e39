//! Names to addresses, of which only those that may be reached come out: what
//! is connected to is what was judged, so a name that answers differently the
//! second time gains nothing.

use crate::address::{Admission, Barred, Scheme};
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

/// Why a name leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameFlaw {
    /// It has no address.
    #[error("expected a name with an address, found none")]
    Unresolved,
    /// None of its addresses may be reached.
    #[error("expected an address that outgoing fetches may reach, found none")]
    Barred(Barred),
}

/// A resolver that gives out only what may be reached by that scheme.
pub(crate) struct Vetted {
    /// Who is asked.
    pub(crate) lookup: Arc<dyn Lookup>,
    /// What may be reached.
    pub(crate) admission: Arc<dyn Admission>,
    /// How.
    pub(crate) scheme: Scheme,
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.lookup.addresses(name.as_str());
        let (admission, scheme) = (self.admission.clone(), self.scheme);
        Box::pin(async move {
            let found = looking.await.map_err(|_| NameFlaw::Unresolved)?;
            let mut flaw = NameFlaw::Unresolved;
            let mut admitted = Vec::new();
            for address in found {
                match admission.admits(Some(name.as_str()), address, scheme) {
                    Ok(()) => admitted.push(address),
                    Err(barred) => flaw = NameFlaw::Barred(barred),
                }
            }
            if admitted.is_empty() {
                return Err(flaw.into());
            }
            // Port 0 means the URL's.
            let found = admitted
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}
