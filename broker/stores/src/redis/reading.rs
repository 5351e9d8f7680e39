//! What is read from Redis, and the pause before it is tried again.

use redis::Value;
use redis::streams::StreamId;
use std::time::Duration;

/// Pause before another attempt.
const PAUSE: Duration = Duration::from_millis(200);

/// A field of an entry.
pub(super) fn bytes<'a>(entry: &'a StreamId, field: &str) -> Option<&'a [u8]> {
    match entry.map.get(field) {
        Some(Value::BulkString(bytes)) => Some(bytes),
        Some(_) | None => None,
    }
}

/// Waits before another attempt.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells that a server can be reached again"
)]
pub(super) async fn pause() {
    tokio::time::sleep(PAUSE).await;
}
