//! The public listener: routes and what stands in front of all of them.

use crate::app::App;
use crate::oauth::answer;
use crate::{introspect, metadata, revoke, token};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use locum_core::refusal::{Code, Refusal};
use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// Seconds a request may take from its first byte to its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

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
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIMEOUT,
        ))
        .layer(CatchPanicLayer::custom(panicked))
}

/// A body over the limit: 413 in the shape of every other refusal (contract §10).
async fn too_large(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return response;
    }
    let text = format!(
        "expected a body of at most {} bytes, found more; send a smaller request",
        app.bounds.body_bytes
    );
    answer::sized_refusal(
        &app,
        &Refusal::new(Code::Request, text),
        app.request_id(),
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

/// Serves until told to stop, then finishes what is under way.
///
/// # Errors
/// Whatever the listener says.
pub(crate) async fn serve(
    router: Router,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            // A closed channel means the same as a stop.
            let _ = stop.wait_for(|stopped| *stopped).await;
        })
        .await
}
