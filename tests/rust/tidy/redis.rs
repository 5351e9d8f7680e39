//! The page on many nodes in step with the code: the user of Redis may run what Locum
//! runs there, and nothing else.

use crate::tree::{RUST, none, read};
use std::collections::BTreeSet;

const PAGE: &str = "docs/how-to/many-nodes.md";
/// What stands ahead of a command in the code.
const SENT: [&str; 3] = ["cmd(\"", ".cmd(\"", "redis.call('"];
/// Known from Redis 7.2 on alone, so that an older one refuses a user who may run it.
const NEWER: &str = "waitaof";

#[test]
fn the_user_of_redis_may_run_what_locum_runs_there_and_nothing_else() {
    let sent = sent();
    assert!(sent.len() > 20, "the code is read at all");
    let page = read(PAGE);
    let known = page.split("commands=\"").nth(1).unwrap_or_default();
    let known = known.split('"').next().unwrap_or_default();
    let mut may: BTreeSet<String> = known
        .split_whitespace()
        .map(|word| word.trim_start_matches('+').to_owned())
        .collect();
    if page.contains(&format!("`+{NEWER}`")) {
        may.insert(NEWER.to_owned());
    }
    let findings: Vec<String> = sent
        .symmetric_difference(&may)
        .map(|command| format!("{PAGE}: {command}"))
        .collect();
    none("commands of Redis on one side alone", &findings);
}

/// Every command that the backend sends or a script of it runs, in lower case.
fn sent() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let of_redis = |path: &str| path.starts_with("broker/stores/src/redis/");
    let outside = |path: &str| !path.contains("/tests");
    for file in RUST
        .iter()
        .filter(|file| of_redis(&file.path) && outside(&file.path))
    {
        for begin in SENT {
            for (at, _) in file.text.match_indices(begin) {
                let rest = &file.text[at + begin.len()..];
                let name: String = rest.chars().take_while(char::is_ascii_uppercase).collect();
                found.insert(name.to_lowercase());
            }
        }
    }
    found.remove("");
    found
}
