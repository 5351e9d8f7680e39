//! How a broker is set up: what `serve` takes from `locum.toml` and `dev` has
//! by default.

use locum_admin::Reload;
use locum_ambient::telemetry::Telemetry;
use locum_engine::bounds::Bounds;
use locum_engine::issuer_keys::TrustSettings;
use locum_web::tls::Certificates;
use std::sync::Arc;
use tokio::sync::mpsc;

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
            certificates: None,
            reload: None,
        }
    }
}
