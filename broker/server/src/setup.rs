//! How a broker is set up: what it takes from `locum.toml`.

use crate::config::{Config, store};
use locum_admin::Reload;
use locum_ambient::telemetry::Telemetry;
use locum_engine::bounds::Bounds;
use locum_engine::issuer_keys::TrustSettings;
use locum_engine::vendors::VendorSettings;
use locum_web::tls::Certificates;
use std::sync::Arc;
use tokio::sync::mpsc;

/// How a broker is set up.
pub(crate) struct Setup {
    /// Bounds on what comes from outside.
    pub(crate) bounds: Bounds,
    /// Keys of others, and what fetching them may reach.
    pub(crate) trust: TrustSettings,
    /// Which vendors may be reached.
    pub(crate) vendors: VendorSettings,
    /// Traces for others.
    pub(crate) telemetry: Telemetry,
    /// Days after which the next signing key takes over.
    pub(crate) rotate_days: u32,
    /// Whether an administrator may make grants for people.
    pub(crate) grants_by_administrator: bool,
    /// The path of the issuer, a prefix of its endpoints.
    pub(crate) issuer_path: String,
    /// Whether the admin API has a listener of its own.
    pub(crate) admin_apart: bool,
    /// Our certificate, if TLS is on.
    pub(crate) certificates: Option<Arc<Certificates>>,
    /// Where to ask for the files to be read again; `None`: there are none.
    pub(crate) reload: Option<mpsc::Sender<Reload>>,
    /// This node's name.
    pub(crate) node: String,
}

impl Setup {
    /// As a configuration says.
    pub(crate) fn of(
        config: &Config,
        certificates: Option<Arc<Certificates>>,
        reload: Option<mpsc::Sender<Reload>>,
    ) -> Self {
        let settings = &config.settings;
        Self {
            bounds: settings.limits,
            trust: settings.trust.clone(),
            vendors: settings.downstream.vendors(),
            telemetry: settings.telemetry.clone(),
            rotate_days: settings.keys.rotate_days,
            grants_by_administrator: settings.grants.allow_administrator,
            issuer_path: config.issuer_path.clone(),
            admin_apart: settings.listen.admin.is_some(),
            certificates,
            reload,
            node: store::node(settings),
        }
    }
}
