//! The admin API `/admin/v1` (contract §12): what every route shares, and one
//! file for each kind of object.
//!
//! A handler takes a [`call::Call`] and answers `Result<Answer, Problem>`.
//! Reading is free to every role; a handler that writes starts with
//! [`call::Call::require`] and ends in [`call::Call::write`]. The routes stand in
//! `router.rs`.

pub(crate) mod agents;
mod answer;
pub(crate) mod backup;
mod call;
pub(crate) mod clients;
pub(crate) mod credentials;
pub(crate) mod decisions;
pub(crate) mod grants;
mod guard;
pub(crate) mod issuers;
pub(crate) mod keys;
pub(crate) mod locks;
pub(crate) mod openapi;
mod page;
mod past;
pub(crate) mod policies;
mod problem;
mod read;
pub(crate) mod reload;
pub(crate) mod revocations;
pub(crate) mod secrets;
pub(crate) mod targets;
mod times;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use openapi::schemas;

use crate::app::App;
use axum::Router;
use std::sync::Arc;

/// Routes that only an administrator reaches, and what is answered beside them.
pub(crate) fn guarded(app: &Arc<App>, routes: Router<Arc<App>>) -> Router {
    routes
        .fallback(guard::nowhere)
        .method_not_allowed_fallback(guard::no_method)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            guard::guard,
        ))
        .with_state(app.clone())
}
