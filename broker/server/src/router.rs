//! Every route that Locum serves, by listener. What stands in front of them is
//! in `broker/web`, what an administrator must be in `broker/admin`. A route of the
//! admin API is described in `broker/admin/src/openapi/table.rs` as well.

use crate::app::App;
use crate::oauth::{introspect, revoke, token};
use crate::{metadata, operations};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use locum_admin::{
    agents, backup, clients, credentials, decisions, grants, issuers, keys, locks, nodes, openapi,
    policies, profiles, reload, revocations, secrets, targets, upstream_secrets,
};
use locum_stores::redis::{ASKED_MAX, PEER_PATH};
use locum_web::open;
use std::sync::Arc;

/// The admin API, on the public listener and on its own.
const ADMIN: &str = "/admin/v1";

/// The public listener: the OAuth endpoints, and the admin API unless that has a
/// listener of its own.
pub(crate) fn public(app: &Arc<App>) -> Router {
    let endpoints = if app.admin_apart {
        oauth(app)
    } else {
        oauth(app).nest(ADMIN, api(app))
    };
    let path = app.issuer_path.as_str();
    let routes = if path.is_empty() {
        endpoints
    } else {
        // RFC 8414 §3.1: an issuer's path is put behind the well-known part;
        // others (OpenID Connect Discovery §4) have it in front.
        Router::new()
            .nest(path, endpoints)
            .merge(well_known(app, path))
    };
    locum_web::in_front(&app.front, locum_web::told_as_refusals(&app.front, routes))
}

/// The admin API on a listener of its own.
pub(crate) fn admin(app: &Arc<App>) -> Router {
    let at_root = || Router::new().nest(ADMIN, api(app));
    let path = app.issuer_path.as_str();
    let routes = if path.is_empty() || path == ADMIN {
        at_root()
    } else {
        at_root().nest(path, at_root())
    };
    locum_web::in_front(&app.front, routes)
}

/// The operations listener (contract §4), and the names others look for, `/live`
/// and `/ready`.
pub(crate) fn operations(app: &Arc<App>) -> Router {
    Router::new()
        .route("/livez", get(operations::live))
        .route("/live", get(operations::live))
        .route("/readyz", get(operations::ready))
        .route("/ready", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .route(PEER_PATH, post(operations::records))
        .layer(DefaultBodyLimit::max(ASKED_MAX))
        .with_state(app.clone())
        .layer(axum::middleware::from_fn(locum_web::guard))
}

/// The endpoints below the issuer.
fn oauth(app: &Arc<App>) -> Router {
    Router::new()
        .route("/token", post(token::post))
        .route("/introspect", post(introspect::post))
        .route("/revoke", post(revoke::post))
        .route("/authorize", get(metadata::authorize))
        .route(
            "/.well-known/oauth-authorization-server",
            open(get(metadata::metadata)),
        )
        .route(
            "/.well-known/openid-configuration",
            open(get(metadata::metadata)),
        )
        .route("/jwks", open(get(metadata::jwks)))
        .route("/receipts/jwks", open(get(metadata::receipts_jwks)))
        .route("/errors/", open(get(metadata::error_pages)))
        .route("/errors/{code}", open(get(metadata::error_page)))
        .with_state(app.clone())
}

/// Metadata with the issuer's path behind the well-known part.
fn well_known(app: &Arc<App>, path: &str) -> Router {
    Router::new()
        .route(
            &format!("/.well-known/oauth-authorization-server{path}"),
            open(get(metadata::metadata)),
        )
        .route(
            &format!("/.well-known/openid-configuration{path}"),
            open(get(metadata::metadata)),
        )
        .with_state(app.clone())
}

/// The admin API below `/admin/v1` (contract §12): for administrators alone.
pub(crate) fn api(app: &Arc<App>) -> Router {
    let routes = Router::new()
        .route("/agents", get(agents::list).post(agents::create))
        .route("/agents/{id}", get(agents::show).put(agents::replace))
        .route("/agents/{id}/resume", post(agents::states::resume))
        .route("/agents/{id}/retire", post(agents::states::retire))
        .route("/agents/{id}/secrets", post(secrets::of_agent))
        .route("/agents/{id}/suspend", post(agents::states::suspend))
        .route(
            "/agents/{id}/versions",
            get(agents::versions::list).post(agents::versions::create),
        )
        .route(
            "/agents/{id}/versions/{version}",
            get(agents::versions::show),
        )
        .route(
            "/agents/{id}/versions/{version}/certify",
            post(agents::versions::certified),
        )
        .route(
            "/agents/{id}/workload/release",
            post(agents::states::release),
        )
        .route("/backup", get(backup::stream))
        .route("/clients", get(clients::list).post(clients::create))
        .route("/clients/{id}", get(clients::show).put(clients::replace))
        .route("/clients/{id}/secrets", post(secrets::of_client))
        .route(
            "/credentials",
            get(credentials::list).post(credentials::create),
        )
        .route("/credentials/{id}", get(credentials::show))
        .route("/credentials/{id}/revoke", post(credentials::revoke))
        .route("/decisions", get(decisions::list))
        .route("/decisions/{id}", get(decisions::one))
        .route("/grants", get(grants::list).post(grants::make))
        .route("/grants/{id}", get(grants::one))
        .route("/issuers", get(issuers::list))
        .route("/issuers/{id}", get(issuers::show).put(issuers::replace))
        .route("/issuers/{id}/keys", get(issuers::keys))
        .route("/issuers/{id}/test", post(issuers::test))
        .route("/keys", get(keys::list))
        .route("/keys/rotate", post(keys::rotate))
        .route("/keys/{kid}/retire", post(keys::retire))
        .route("/locks", get(locks::list).post(locks::make))
        .route("/locks/{id}", get(locks::one))
        .route("/locks/{id}/lift", post(locks::lift))
        .route("/openapi.json", get(openapi::show))
        .route("/nodes", get(nodes::list))
        .route("/profiles", get(profiles::list))
        .route("/policies", get(policies::show).put(policies::replace))
        .route("/policies/validate", post(policies::validate))
        .route("/reload", post(reload::reload))
        .route(
            "/revocations",
            get(revocations::list).post(revocations::make),
        )
        .route("/revocations/{id}", get(revocations::one))
        .route("/secrets", get(upstream_secrets::list))
        .route(
            "/secrets/{name}",
            get(upstream_secrets::show)
                .put(upstream_secrets::replace)
                .delete(upstream_secrets::delete),
        )
        .route("/targets", get(targets::list))
        .route("/targets/{id}", get(targets::show).put(targets::replace))
        .route("/targets/{id}/test", post(targets::test));
    locum_admin::guarded(&app.api, routes)
}

#[cfg(all(test, feature = "otlp"))]
mod tests;
