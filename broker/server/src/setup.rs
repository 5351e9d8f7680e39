//! How a broker is set up: what `serve` takes from `locum.toml` and `dev` has
//! by default.

use crate::serve::tls::Certificates;
use locum_ambient::telemetry::Telemetry;
use locum_core::registry::Problem;
use locum_engine::bounds::Bounds;
use locum_engine::issuer_keys::TrustSettings;
use locum_stores::state::Credential;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot};

/// Somebody who wants the files read again.
pub(crate) struct Reload {
    /// Whether who asks may still, once it is their turn.
    pub(crate) may: Box<dyn Fn() -> bool + Send>,
    /// Who waits for what was wrong; hears nothing where they may not.
    pub(crate) flaws: oneshot::Sender<Vec<Problem>>,
}

/// How a broker is set up. The default is `dev`'s.
pub(crate) struct Setup {
    /// Bounds on what comes from outside.
    pub(crate) bounds: Bounds,
    /// Keys of others, and what fetching them may reach.
    pub(crate) trust: TrustSettings,
    /// Traces for others.
    pub(crate) telemetry: Telemetry,
    /// Days after which the next signing key takes over; `None`: by command only.
    pub(crate) rotate_days: Option<u32>,
    /// Whether an administrator may make grants for people.
    pub(crate) grants_by_administrator: bool,
    /// The path of the issuer, a prefix of its endpoints.
    pub(crate) issuer_path: String,
    /// Whether the admin API has a listener of its own.
    pub(crate) admin_apart: bool,
    /// The first administrator, who is on no record.
    pub(crate) bootstrap: Bootstrap,
    /// Our certificate, if TLS is on.
    pub(crate) certificates: Option<Arc<Certificates>>,
    /// Where to ask for the files to be read again; `None`: there are none.
    pub(crate) reload: Option<mpsc::Sender<Reload>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            trust: TrustSettings::dev(),
            telemetry: Telemetry::default(),
            rotate_days: None,
            grants_by_administrator: true,
            issuer_path: String::new(),
            admin_apart: false,
            bootstrap: Bootstrap::default(),
            certificates: None,
            reload: None,
        }
    }
}

/// The credential of the bootstrap token, while there is one; replaced by a
/// reload.
#[derive(Default)]
pub(crate) struct Bootstrap(RwLock<Option<Arc<Credential>>>);

impl Bootstrap {
    /// The credential, if there is one.
    pub(crate) fn get(&self) -> Option<Arc<Credential>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts another in its place, or none: the one of before counts no more.
    pub(crate) fn put(&self, credential: Option<Credential>) {
        let next = credential.map(Arc::new);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

/// What files declare: read-only in the API (contract §12).
#[derive(Debug, Default)]
pub(crate) struct Managed {
    objects: BTreeSet<(&'static str, String)>,
    policies: bool,
}

impl Managed {
    /// Objects by collection and id, and whether the policies are among it.
    pub(crate) const fn new(objects: BTreeSet<(&'static str, String)>, policies: bool) -> Self {
        Self { objects, policies }
    }

    /// Whether the policies come from files.
    pub(crate) const fn policies(&self) -> bool {
        self.policies
    }

    /// The objects that come from files, by collection and id.
    pub(crate) const fn objects(&self) -> &BTreeSet<(&'static str, String)> {
        &self.objects
    }

    /// Whether an object comes from a file.
    pub(crate) fn object(&self, array: &str, id: &str) -> bool {
        self.objects
            .iter()
            .any(|(kind, known)| *kind == array && known == id)
    }
}
