//! The nodes that share the record: `/nodes` (contract §16).

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::times;
use locum_stores::nodes::NodeView;
use serde_json::{Value, json};

/// `GET /nodes`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let all = call.api.broker.records.nodes.all();
    call.page(all.into_iter(), |node| node.node.clone(), show)
}

fn show(node: &NodeView) -> Value {
    json!({
        "node": node.node,
        "tree": node.tree,
        "version": node.version,
        "format": node.format,
        "behind": node.behind,
        "seen_at": times::shown(node.seen_ms),
        "ready": node.ready,
    })
}
