//! What the listeners share.

use crate::setup::Setup;
use locum_admin::Api;
use locum_engine::broker::Broker;
use locum_web::Front;
use std::sync::Arc;

/// What the listeners share.
pub(crate) struct App {
    /// What every request is about.
    pub(crate) broker: Arc<Broker>,
    /// What a request meets on every listener.
    pub(crate) front: Arc<Front>,
    /// What the admin API shares.
    pub(crate) api: Arc<Api>,
    /// How this broker is set up.
    pub(crate) setup: Setup,
}
