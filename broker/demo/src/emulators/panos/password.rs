//! An administrator's password is changed: on a device in its web interface, here
//! by a request, so that it can be tried what becomes of the keys.

use super::device::Device;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// Where it is changed.
pub(super) const PATH: &str = "/-/password";

/// Whose password, the one before, and the new one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    user: String,
    password: String,
    new_password: String,
}

/// 204, or 403 where the password before is another.
pub(super) async fn changed(
    State(device): State<Arc<Device>>,
    Json(change): Json<Change>,
) -> StatusCode {
    if device.change(&change.user, &change.password, &change.new_password) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::FORBIDDEN
    }
}
