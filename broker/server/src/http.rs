//! The public listener: routes and what stands in front of all of them.

mod arrival;
mod connections;
mod door;
mod host;
mod seats;
mod trace;

pub(crate) use arrival::Arrival;
pub(crate) use connections::{Limits, serve, serve_with};
pub(crate) use host::guard;
pub(crate) use seats::figures;
pub(crate) use trace::{Caller, TraceId};

use crate::app::App;
use crate::oauth::answer;
use crate::{introspect, metadata, revoke, token};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use locum_core::refusal::{Code, Refusal};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

/// Longest a request may take from its head to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest pause within a request's body.
const BODY_PAUSE: Duration = Duration::from_secs(10);

/// All public routes; the admin API among them, unless it has a listener of
/// its own.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let endpoints = if app.setup.admin_apart {
        endpoints(app)
    } else {
        endpoints(app).nest("/admin/v1", crate::admin::router(app.clone()))
    };
    let path = app.setup.issuer_path.as_str();
    let routes = if path.is_empty() {
        endpoints
    } else {
        // RFC 8414 §3.1: an issuer's path is put behind the well-known part;
        // others (OpenID Connect Discovery §4) have it in front.
        Router::new()
            .nest(path, endpoints)
            .merge(well_known(app, path))
    };
    in_front(app, routes)
}

/// The admin API on a listener of its own.
pub(crate) fn admin_router(app: &Arc<App>) -> Router {
    let admin = || Router::new().nest("/admin/v1", crate::admin::router(app.clone()));
    let path = app.setup.issuer_path.as_str();
    let routes = if path.is_empty() || path == "/admin/v1" {
        admin()
    } else {
        admin().nest(path, admin())
    };
    in_front(app, routes)
}

/// Metadata with the issuer's path behind the well-known part.
fn well_known(app: &Arc<App>, path: &str) -> Router {
    Router::new()
        .route(
            &format!("/.well-known/oauth-authorization-server{path}"),
            get(metadata::metadata),
        )
        .route(
            &format!("/.well-known/openid-configuration{path}"),
            get(metadata::metadata),
        )
        .with_state(app.clone())
}

/// The endpoints below the issuer.
fn endpoints(app: &Arc<App>) -> Router {
    Router::new()
        .route("/token", post(token::post))
        .route("/introspect", post(introspect::post))
        .route("/revoke", post(revoke::post))
        .route(
            "/.well-known/oauth-authorization-server",
            get(metadata::metadata),
        )
        .route("/.well-known/openid-configuration", get(metadata::metadata))
        .route("/jwks", get(metadata::jwks))
        .route("/errors/", get(metadata::error_pages))
        .route("/errors/{code}", get(metadata::error_page))
        .with_state(app.clone())
        .layer(middleware::from_fn_with_state(app.clone(), too_large))
}

/// What stands in front of every route.
fn in_front(app: &Arc<App>, routes: Router) -> Router {
    routes
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(app.bounds.body_bytes))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIMEOUT,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(guard))
        .layer(middleware::from_fn_with_state(app.clone(), arrival::arrive))
}

/// A body over the limit: 413 in the shape of every other refusal (contract §10).
async fn too_large(
    State(app): State<Arc<App>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return response;
    }
    app.metrics.rejected(Code::Request);
    let text = format!(
        "expected a body of at most {} bytes, found more; send a smaller request",
        app.bounds.body_bytes
    );
    answer::sized_refusal(
        &app,
        &Refusal::new(Code::Request, text),
        arrival.id,
        StatusCode::PAYLOAD_TOO_LARGE,
    )
}

async fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "nothing here\n").into_response()
}

/// A panic is a fault of ours: its text may hold anything, so it goes nowhere.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
