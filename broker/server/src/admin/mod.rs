//! The admin API `/admin/v1` (contract §12): what every route shares, and one
//! file for each kind of object.
//!
//! A handler takes a [`call::Call`] and answers `Result<Answer, Problem>`.
//! Reading is free to every role; a handler that writes starts with
//! [`call::Call::require`] and ends in [`call::Call::write`]. Each file offers
//! `routes()`, merged below.

mod agents;
mod answer;
mod backup;
mod call;
mod check;
mod clients;
mod credentials;
mod decisions;
pub(crate) mod declared;
mod grants;
mod guard;
mod issuers;
mod keys;
mod locks;
mod openapi;
mod page;
mod past;
mod policies;
mod problem;
mod read;
mod reload;
mod revocations;
mod secrets;
mod targets;
mod times;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use openapi::schemas;
pub(crate) use times::shown as shown_time;

use crate::app::App;
use axum::Router;
use std::sync::Arc;

/// The routes below `/admin/v1`.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(agents::routes())
        .merge(backup::routes())
        .merge(clients::routes())
        .merge(credentials::routes())
        .merge(decisions::routes())
        .merge(grants::routes())
        .merge(issuers::routes())
        .merge(keys::routes())
        .merge(locks::routes())
        .merge(openapi::routes())
        .merge(policies::routes())
        .merge(reload::routes())
        .merge(revocations::routes())
        .merge(targets::routes())
        .fallback(guard::nowhere)
        .method_not_allowed_fallback(guard::no_method)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            guard::guard,
        ))
        .with_state(app)
}
