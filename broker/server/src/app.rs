//! What the listeners share.

use crate::setup::{Managed, Setup};
use locum_engine::broker::Broker;
use locum_web::Front;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

/// What the listeners share.
pub(crate) struct App {
    /// What every request is about.
    pub(crate) broker: Arc<Broker>,
    /// What a request meets on every listener.
    pub(crate) front: Arc<Front>,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// How this broker is set up.
    pub(crate) setup: Setup,
    /// What files declare; replaced whole.
    pub(crate) managed: RwLock<Arc<Managed>>,
}

impl App {
    /// What files declare.
    pub(crate) fn managed(&self) -> Arc<Managed> {
        self.managed
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
