//! The operations listener: `/livez`, `/readyz`, `/metrics` (contract §4), and
//! the names others look for, `/live` and `/ready`.

mod health;
mod page;

use crate::app::App;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use std::sync::Arc;

/// Alive: the process answers. Asks nothing else, so that what Locum depends
/// on never gets it killed.
pub(crate) async fn live() -> Response {
    plain(StatusCode::OK, "ok\n".into())
}

/// Ready while everything that an answer needs is there. `?verbose` shows each
/// check, issuers whose keys cannot be had, targets whose vendor fails and upstream secrets that end soon,
/// `?verbose=references` also what objects name that is not there.
pub(crate) async fn ready(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut members = query.split('&');
    let verbose = members.find(|member| member.split('=').next() == Some("verbose"));
    let mut checks = health::checks(&app);
    if verbose.is_some() {
        checks.extend(health::issuers(&app));
        checks.extend(health::vendors(&app));
        checks.extend(health::secrets(&app));
    }
    if verbose == Some("verbose=references") {
        // Away from the threads that answer: there may be many objects.
        let looked = tokio::task::spawn_blocking(move || health::references(&app)).await;
        checks.extend(looked.ok());
    }
    let well = checks.iter().all(|check| check.flaw.is_none());
    let status = if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    plain(status, health::text(&checks, verbose.is_some()))
}

/// Records for another node, which proves that it knows the master key; to anybody else
/// there is nothing here.
pub(crate) async fn records(State(app): State<Arc<App>>, asked: Bytes) -> Response {
    match app.broker.records.nodes.answer(asked.to_vec()).await {
        Some(answer) => answer.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut response = page::text(&app).into_response();
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4"),
    );
    response
}

fn plain(status: StatusCode, text: String) -> Response {
    let mut response = (status, text).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
