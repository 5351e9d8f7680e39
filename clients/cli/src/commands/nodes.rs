//! `locum nodes`: the brokers that share a record, and which of them live.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{member, table};

/// A node lives while it was heard of within that (contract §16), in milliseconds.
const LIVES_MS: i64 = 3_000;
const HEADS: [&str; 7] = [
    "node", "ready", "behind", "seen", "version", "format", "tree",
];

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct NodesArgs {
    #[command(subcommand)]
    verb: Option<NodeVerb>,
}

#[derive(Debug, Subcommand)]
enum NodeVerb {
    /// List all that the broker knows of, itself among them
    List,
}

/// Lists.
pub(crate) async fn run(args: NodesArgs, environment: &Environment) -> Result<Report, Failure> {
    match args.verb.unwrap_or(NodeVerb::List) {
        NodeVerb::List => {
            let admin = AdminClient::new(environment)?;
            let (nodes, date_s) = admin.list_dated("nodes").await?;
            let now_ms = now_ms(&nodes, date_s);
            let rows: Vec<Vec<String>> = nodes.iter().map(|node| row(node, now_ms)).collect();
            let text = table(&HEADS, &rows);
            Ok(Report::new(json!({"items": nodes}), text))
        }
    }
}

/// When a node was last heard of, Unix milliseconds.
fn seen_ms(node: &Value) -> Option<i64> {
    let text = node.get("seen_at")?.as_str()?;
    let seen = text.parse::<jiff::Timestamp>().ok()?;
    Some(seen.as_millisecond())
}

/// The broker's time: that of its answer, which counts seconds, or that of the newest
/// node. The clock of this machine may be another.
fn now_ms(nodes: &[Value], date_s: Option<i64>) -> Option<i64> {
    let newest = nodes.iter().filter_map(seen_ms).max();
    newest.max(date_s.map(|date| date.saturating_mul(1_000)))
}

fn row(node: &Value, now_ms: Option<i64>) -> Vec<String> {
    let silent_ms = now_ms.zip(seen_ms(node)).map(|(now, seen)| now - seen);
    let ready = match (silent_ms, node.get("ready").and_then(Value::as_bool)) {
        (Some(LIVES_MS..), _) => "not heard of".to_owned(),
        (_, Some(true)) => "yes".to_owned(),
        (_, Some(false)) => "no".to_owned(),
        (_, None) => member(node, &["ready"]),
    };
    let seen = silent_ms.map_or_else(
        || member(node, &["seen_at"]),
        |silent| format!("{} s ago", silent / 1_000),
    );
    vec![
        member(node, &["node"]),
        ready,
        member(node, &["behind"]),
        seen,
        member(node, &["version"]),
        member(node, &["format"]),
        member(node, &["tree"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(ready: bool, seen_at: &str) -> Value {
        json!({"node": "b", "tree": "t", "version": "0.1.0", "format": 1, "behind": 0,
            "seen_at": seen_at, "ready": ready})
    }

    fn told(node: &Value, now_ms: Option<i64>) -> (String, String) {
        let row = row(node, now_ms);
        (
            row.get(1).cloned().unwrap_or_default(),
            row.get(3).cloned().unwrap_or_default(),
        )
    }

    #[test]
    fn a_node_that_was_not_heard_of_for_three_seconds_shows_so_whatever_it_said() {
        let at = node(true, "1970-01-01T00:01:40.000Z");
        for (now_ms, ready, seen) in [
            (100_000, "yes", "0 s ago"),
            (102_999, "yes", "2 s ago"),
            (103_000, "not heard of", "3 s ago"),
            (160_000, "not heard of", "60 s ago"),
        ] {
            let expected = (ready.to_owned(), seen.to_owned());
            assert_eq!(told(&at, Some(now_ms)), expected, "{now_ms}");
        }
        let waits = node(false, "1970-01-01T00:01:40.000Z");
        assert_eq!(told(&waits, Some(100_000)).0, "no");
    }

    #[test]
    fn silence_is_counted_by_the_brokers_clock() {
        let nodes = [
            node(true, "1970-01-01T00:01:40.900Z"),
            node(true, "1970-01-01T00:01:38.000Z"),
        ];
        assert_eq!(now_ms(&nodes, Some(100)), Some(100_900));
        // A broker that is cut off hears of nobody, nor of itself.
        assert_eq!(now_ms(&nodes, Some(130)), Some(130_000));
        assert_eq!(now_ms(&[], None), None);
    }

    #[test]
    fn an_answer_without_times_is_shown_as_it_is() {
        let odd = json!({"node": "b", "seen_at": "soon"});
        assert_eq!(told(&odd, None), ("–".to_owned(), "soon".to_owned()));
    }
}
