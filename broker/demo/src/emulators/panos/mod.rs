//! `panorama`: the XML API of a Panorama (PAN-OS), as far as keys go, and its
//! rules.

mod api;
mod device;
mod password;
mod rules;
mod xml;

use super::super::Ambient;
use super::accounts::EmulatorAccounts;
use super::busy::Busy;
use axum::Router;
use axum::routing::{get, post};
use device::Device;
use std::sync::Arc;

/// Everything at its origin.
pub(crate) fn router(accounts: &Arc<EmulatorAccounts>, ambient: &Ambient) -> Router {
    let busy = Busy::default();
    let device = Arc::new(Device::new(accounts, ambient, busy.clone()));
    let api = get(api::answer).post(api::answer);
    Router::new()
        .route("/api/", api.clone())
        .route("/api", api)
        .route(password::PATH, post(password::changed))
        .with_state(Arc::clone(&device))
        .merge(busy.router())
        .merge(rules::router(device))
}
