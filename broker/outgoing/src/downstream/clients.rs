//! Clients with their kept connections: one without TLS, and one for each
//! identity that is shown in TLS.

use super::identity::ClientIdentity;
use crate::address::Scheme;
use crate::allowed::AllowList;
use crate::authorities::Authorities;
use crate::client::{careful, vouched_for};
use crate::flaw::FetchFlaw;
use crate::resolve::{Lookup, Vetted};
use reqwest::{Client, ClientBuilder};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Longest that connecting may take, name and TLS included (the contract,
/// "Trouble" of downstream credentials).
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Longest that a connection is kept without a call: as long as nobody asks
/// anew which addresses a name has.
const IDLE_WITHIN: Duration = Duration::from_secs(30);
/// Connections without a call that are kept for one host and identity: as many
/// as a target has calls at one time.
const IDLE_CONNECTIONS_MAX: usize = 32;
/// Identities whose connections are kept. Beyond, the one that was used longest
/// ago goes.
const IDENTITIES_MAX: usize = 64;

/// The clients.
pub(super) struct Clients {
    makes: Makes,
    plain: Client,
    secure: Mutex<Secure>,
}

/// What a client is made of.
struct Makes {
    admission: Arc<AllowList>,
    lookup: Arc<dyn Lookup>,
    connect_within: Duration,
}

/// Clients that speak TLS.
struct Secure {
    /// Authorities beside those of the machine.
    roots: Arc<Authorities>,
    /// By identity, the one used last at the end.
    kept: Vec<Kept>,
}

/// A client for one identity.
struct Kept {
    /// The identity's digest, `None` where none is shown.
    identity: Option<[u8; 32]>,
    /// Made when first needed: it reads the machine's certificates.
    client: Arc<OnceCell<Client>>,
}

impl Clients {
    /// None that speaks TLS yet; connecting takes at most `connect_within`.
    ///
    /// # Errors
    /// When an HTTP client cannot be built.
    pub(super) fn new(
        admission: Arc<AllowList>,
        (lookup, connect_within): (Arc<dyn Lookup>, Duration),
        roots: Authorities,
    ) -> Result<Self, FetchFlaw> {
        let makes = Makes {
            admission,
            lookup,
            connect_within,
        };
        let plain = makes.builder(Scheme::Plain);
        Ok(Self {
            makes,
            // Without certificates it is ready at once, and can never do TLS.
            plain: plain.tls_certs_only([]).build()?,
            secure: Mutex::new(Secure {
                roots: Arc::new(roots),
                kept: Vec::new(),
            }),
        })
    }

    /// From now on these authorities count beside the machine's; whether they
    /// are others than before. Then no kept connection is used any more.
    pub(super) fn believe(&self, roots: Authorities) -> bool {
        let mut secure = self.lock();
        let others = !secure.roots.same(&roots);
        if others {
            secure.roots = Arc::new(roots);
            secure.kept.clear();
        }
        others
    }

    /// The client to ask with.
    ///
    /// # Errors
    /// When it cannot be built.
    pub(super) async fn of(
        &self,
        scheme: Scheme,
        identity: Option<&ClientIdentity>,
    ) -> Result<Client, FetchFlaw> {
        match scheme {
            Scheme::Plain => Ok(self.plain.clone()),
            Scheme::Tls => self.secure(identity).await,
        }
    }

    async fn secure(&self, identity: Option<&ClientIdentity>) -> Result<Client, FetchFlaw> {
        let (client, roots) = {
            let mut secure = self.lock();
            let client = secure.kept(identity.map(|identity| identity.digest));
            (client, secure.roots.clone())
        };
        let make = || async {
            let builder = self.makes.builder(Scheme::Tls);
            let builder = match identity {
                Some(identity) => builder.identity(identity.tls.clone()),
                None => builder,
            };
            vouched_for(builder, &roots).await
        };
        client.get_or_try_init(make).await.cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Secure> {
        self.secure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secure {
    /// The client of that identity, used last from now on.
    fn kept(&mut self, identity: Option<[u8; 32]>) -> Arc<OnceCell<Client>> {
        let found = self.kept.iter().position(|kept| kept.identity == identity);
        let kept = match found {
            Some(at) => self.kept.remove(at),
            None => {
                if self.kept.len() >= IDENTITIES_MAX {
                    self.kept.remove(0);
                }
                Kept {
                    identity,
                    client: Arc::default(),
                }
            }
        };
        let client = kept.client.clone();
        self.kept.push(kept);
        client
    }
}

impl Makes {
    /// A client that keeps connections for a while.
    fn builder(&self, scheme: Scheme) -> ClientBuilder {
        let vetted = Vetted {
            lookup: self.lookup.clone(),
            admission: self.admission.clone(),
            scheme,
        };
        careful(vetted)
            .http1_only()
            .connect_timeout(self.connect_within)
            .pool_idle_timeout(IDLE_WITHIN)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_that_was_used_longest_ago_goes_first() {
        let mut secure = Secure {
            roots: Arc::default(),
            kept: Vec::new(),
        };
        let name = |number: usize| Some([u8::try_from(number).unwrap_or(0); 32]);
        let first: Vec<_> = (0..IDENTITIES_MAX).map(|n| secure.kept(name(n))).collect();
        let same = |number: usize, now: &Arc<OnceCell<Client>>| {
            first.get(number).is_some_and(|then| Arc::ptr_eq(then, now))
        };
        assert!(same(0, &secure.kept(name(0))));
        assert!(!same(0, &secure.kept(None)));
        assert_eq!(secure.kept.len(), IDENTITIES_MAX);
        assert!(same(0, &secure.kept(name(0))));
        assert!(same(2, &secure.kept(name(2))));
        assert!(!same(1, &secure.kept(name(1))));
        assert_eq!(secure.kept.len(), IDENTITIES_MAX);
    }
}
