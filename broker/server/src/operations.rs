//! The operations listener: `/livez`, `/readyz`, `/metrics` (contract §4).

use crate::app::App;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use locum_stores::ledger::{FSYNC_BOUNDS_S, Stats};
use std::fmt::Write;
use std::sync::Arc;

/// All routes of the operations listener.
pub(crate) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(app.clone())
}

/// Ready while the ledger takes records: no record, no answer.
async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.ledger.stats().available {
        (StatusCode::OK, "ledger ok\n").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "ledger cannot be written\n",
        )
            .into_response()
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut response = text(&app.ledger.stats()).into_response();
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4"),
    );
    response
}

/// The ledger's figures in the Prometheus text format.
fn text(stats: &Stats) -> String {
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // INVARIANT: writing to a String cannot fail.
        let _ = out.write_fmt(text);
        out.push('\n');
    };
    line(format_args!(
        "# TYPE locum_ledger_records_total counter\nlocum_ledger_records_total {}",
        stats.records
    ));
    line(format_args!(
        "# TYPE locum_ledger_commits_total counter\nlocum_ledger_commits_total {}",
        stats.commits
    ));
    line(format_args!(
        "# TYPE locum_ledger_bytes gauge\nlocum_ledger_bytes {}",
        stats.bytes
    ));
    line(format_args!(
        "# TYPE locum_ledger_available gauge\nlocum_ledger_available {}",
        u8::from(stats.available)
    ));
    line(format_args!("# TYPE locum_ledger_fsync_seconds histogram"));
    let mut below = 0;
    for (bound, count) in FSYNC_BOUNDS_S.iter().zip(&stats.fsync_counts) {
        below += count;
        line(format_args!(
            "locum_ledger_fsync_seconds_bucket{{le=\"{bound}\"}} {below}"
        ));
    }
    let all: u64 = stats.fsync_counts.iter().sum();
    line(format_args!(
        "locum_ledger_fsync_seconds_bucket{{le=\"+Inf\"}} {all}"
    ));
    line(format_args!(
        "locum_ledger_fsync_seconds_sum {}\nlocum_ledger_fsync_seconds_count {all}",
        stats.fsync_seconds
    ));
    out
}
