//! `sap-btp`: an XSUAA, the authorization server of SAP BTP (Cloud Foundry UAA),
//! and an application that trusts it.

mod assertion;
mod client;
mod invoices;
mod issue;
mod keys;
mod uaa;

use super::super::targets::locum_keys::LocumKeys;
use super::super::{Addresses, Ambient};
use super::accounts::EmulatorAccounts;
use super::busy::Busy;
use axum::Router;
use axum::routing::{delete, get, post};
use std::sync::Arc;
use uaa::Uaa;

/// Everything at its origin.
pub(crate) fn router(
    accounts: &Arc<EmulatorAccounts>,
    at: &Addresses,
    ambient: &Ambient,
    keys: LocumKeys,
) -> Router {
    let busy = Busy::default();
    let uaa = Arc::new(Uaa::new(accounts, at, ambient, (keys, busy.clone())));
    Router::new()
        .route("/oauth/token", post(issue::token))
        .route("/oauth/token/revoke/{token}", delete(issue::revoke))
        .route("/token_keys", get(keys::token_keys))
        .with_state(Arc::clone(&uaa))
        .merge(busy.router())
        .merge(invoices::router(uaa))
}
