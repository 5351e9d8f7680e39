//! The admin API `/admin/v1` (contract §12). One room for what every route
//! shares, one file for each kind of object.
//!
//! A handler takes a [`call::Call`] and answers `Result<Answer, Problem>`.
//! Reading is free to every role; a handler that writes starts with
//! [`call::Call::require`] and ends in [`call::Call::write`]. Each file offers
//! `routes()`, merged below.

mod answer;
mod call;
mod guard;
mod page;
mod problem;
mod read;
mod times;
mod write;

use crate::app::App;
use axum::Router;
use std::sync::Arc;

pub(crate) use problem::Problem;

/// The routes below `/admin/v1`.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .fallback(guard::nowhere)
        .method_not_allowed_fallback(guard::no_method)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            guard::guard,
        ))
        .with_state(app)
}
