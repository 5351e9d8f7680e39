//! `workday-hr`: the token endpoint of a Workday tenant, and its workers.

mod api_client;
mod assertion;
mod issue;
mod server;
mod workers;

use super::super::Ambient;
use super::EmulatorFlaw;
use super::accounts::EmulatorAccounts;
use super::busy::Busy;
use axum::Router;
use axum::routing::post;
use server::Workday;
use std::sync::Arc;

/// Everything at its origin.
///
/// # Errors
/// [`EmulatorFlaw::Certificate`].
pub(crate) fn router(
    accounts: &Arc<EmulatorAccounts>,
    ambient: &Ambient,
) -> Result<Router, EmulatorFlaw> {
    let busy = Busy::default();
    let workday = Arc::new(Workday::new(accounts, ambient, busy.clone())?);
    Ok(Router::new()
        .route("/ccx/oauth2/{tenant}/token", post(issue::token))
        .with_state(Arc::clone(&workday))
        .merge(busy.router())
        .merge(workers::router(workday)))
}
