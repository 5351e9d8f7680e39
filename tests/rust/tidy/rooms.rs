//! The star of crates: `core` in the middle, `server` the hall, siblings never
//! see each other (architecture, "Rooms"; docs/decisions/0001-crates-and-fences.md).

use crate::tree::{FILES, none, read};
use std::collections::BTreeSet;

/// Which of our crates each may depend on.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("broker/core", &[]),
    ("broker/ambient", &["locum-core"]),
    ("broker/policy", &["locum-core"]),
    ("broker/tokens", &["locum-core"]),
    ("broker/stores", &["locum-core"]),
    ("broker/connectors", &["locum-core"]),
    ("broker/outgoing", &["locum-ambient", "locum-core"]),
    (
        "broker/engine",
        &[
            "locum-ambient",
            "locum-connectors",
            "locum-core",
            "locum-outgoing",
            "locum-policy",
            "locum-stores",
            "locum-tokens",
        ],
    ),
    ("broker/web", &["locum-ambient", "locum-core"]),
    (
        "broker/admin",
        &[
            "locum-ambient",
            "locum-core",
            "locum-engine",
            "locum-policy",
            "locum-stores",
            "locum-tokens",
            "locum-web",
        ],
    ),
    (
        "broker/demo",
        &[
            "locum-ambient",
            "locum-core",
            "locum-policy",
            "locum-tokens",
            "locum-web",
        ],
    ),
    (
        "broker/server",
        &[
            "locum-admin",
            "locum-ambient",
            "locum-cli",
            "locum-connectors",
            "locum-core",
            "locum-demo",
            "locum-engine",
            "locum-outgoing",
            "locum-policy",
            "locum-stores",
            "locum-tokens",
            "locum-web",
        ],
    ),
    ("clients/cli", &[]),
    ("tests", &["locum-connectors", "locum-core"]),
];

/// Crates outside the star, and why.
const APART: &[(&str, &str)] = &[(
    "tests/fuzz",
    "a workspace of its own, built with a sanitizer",
)];

/// All that `core` depends on: no clock, randomness, network or store.
const CORE: [&str; 6] = ["base64", "serde", "serde_json", "sha2", "thiserror", "url"];

#[test]
fn a_crate_sees_core_and_no_sibling() {
    let mut findings = Vec::new();
    for (room, may_see) in MAY_SEE {
        let ours = dependencies(&read(&format!("{room}/Cargo.toml")), true);
        for name in ours.iter().filter(|name| name.starts_with("locum-")) {
            if !may_see.contains(&name.as_str()) {
                findings.push(format!("{room} sees {name}"));
            }
        }
    }
    none("rooms that see too much", &findings);
}

#[test]
fn every_crate_has_its_row_in_the_star() {
    let rooms = MAY_SEE.iter().map(|(room, _)| room);
    let known: BTreeSet<String> = rooms
        .chain(APART.iter().map(|(room, _)| room))
        .map(|room| format!("{room}/Cargo.toml"))
        .collect();
    let findings: Vec<_> = FILES
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml") && !known.contains(&file.path))
        .map(|file| file.path.clone())
        .collect();
    none("crates without a row", &findings);
}

#[test]
fn core_depends_on_nothing_that_reaches_the_world() {
    let found = dependencies(&read("broker/core/Cargo.toml"), false);
    let findings: Vec<_> = found
        .into_iter()
        .filter(|name| !CORE.contains(&name.as_str()))
        .collect();
    none("dependencies of core", &findings);
}

#[test]
fn versions_stand_in_the_workspace_alone() {
    let mut findings = Vec::new();
    for (room, _) in MAY_SEE {
        let manifest = read(&format!("{room}/Cargo.toml"));
        let sections = manifest.split("\n[").filter(|part| {
            let name = part.split(']').next().unwrap_or_default();
            name.ends_with("dependencies")
        });
        for line in sections.flat_map(|part| part.lines().skip(1)) {
            if line.contains('=') && !line.contains("workspace = true") {
                findings.push(format!("{room}: {line}"));
            }
        }
    }
    none("versions outside the workspace", &findings);
}

#[test]
fn every_dependency_of_the_workspace_has_its_line_in_the_decision() {
    let text = read("docs/decisions/0004-dependencies.md");
    let manifest = read("Cargo.toml");
    let section = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .unwrap_or_default();
    let findings: Vec<_> = section
        .split("\n[")
        .next()
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().to_owned()))
        .filter(|name| !name.starts_with("locum-") && !text.contains(&format!("`{name}`")))
        .collect();
    none("dependencies without a line", &findings);
}

/// Names under `[dependencies]`, and `[dev-dependencies]` too where asked.
fn dependencies(manifest: &str, with_tests: bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            let build = line == "[build-dependencies]" || line == "[dev-dependencies]";
            inside = line == "[dependencies]" || (with_tests && build);
        } else if inside && let Some((name, _)) = line.split_once('=') {
            let name = name.trim().split('.').next().unwrap_or_default();
            names.push(name.to_owned());
        }
    }
    names
}
