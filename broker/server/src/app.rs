//! What the listeners share.

use locum_admin::Api;
use locum_engine::broker::Broker;
use locum_web::Front;
use locum_web::tls::Certificates;
use std::sync::Arc;

/// What the listeners share.
pub(crate) struct App {
    /// What every request is about.
    pub(crate) broker: Arc<Broker>,
    /// What a request meets on every listener.
    pub(crate) front: Arc<Front>,
    /// What the admin API shares.
    pub(crate) api: Arc<Api>,
    /// The path of the issuer, a prefix of its endpoints.
    pub(crate) issuer_path: String,
    /// Whether the admin API has a listener of its own.
    pub(crate) admin_apart: bool,
    /// Days after which the next signing key takes over.
    pub(crate) rotate_days: u32,
    /// Our certificate, if TLS is on.
    pub(crate) certificates: Option<Arc<Certificates>>,
}
