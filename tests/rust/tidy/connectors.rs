//! A page for every profile in `docs/connectors`: what the rows say stands in
//! it as they say it, and every page is in the index.
//!
//! `LOCUM_BLESS=1 cargo test -p locum-tests connectors` writes that part anew.

use crate::tree::{exists, none, read, root};
use locum_connectors::{Profile, profiles};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

const START: &str = "<!-- Generated from broker/connectors/src/profiles:
     LOCUM_BLESS=1 cargo test -p locum-tests connectors -->\n";
const END: &str = "<!-- End of what is generated -->\n";

#[test]
fn every_profile_has_a_page_with_what_its_rows_say() {
    #[expect(clippy::disallowed_methods, reason = "the switch that blesses")]
    let bless = std::env::var_os("LOCUM_BLESS").is_some();
    let mut findings = Vec::new();
    for profile in profiles() {
        let path = profile.documentation();
        if !exists(&path) {
            findings.push(format!("{path}: no such page"));
            continue;
        }
        let page = std::fs::read_to_string(root().join(&path)).unwrap();
        let (before, rest) = page.split_once(START).expect("a part to generate");
        let (_, after) = rest.split_once(END).expect("an end of that part");
        let fresh = format!("{before}{START}{}{END}{after}", generated(profile));
        if bless {
            std::fs::write(root().join(&path), &fresh).unwrap();
        } else if fresh != page {
            findings.push(format!(
                "{path}: stale: run `LOCUM_BLESS=1 cargo test -p locum-tests connectors`"
            ));
        }
    }
    none("pages of profiles", &findings);
}

#[test]
fn every_page_of_a_profile_says_what_was_not_verified() {
    let findings: Vec<_> = profiles()
        .iter()
        .map(Profile::documentation)
        .filter(|path| {
            let page = read(path);
            [
                "## What it can and cannot do",
                "## Set up",
                "## Not verified",
            ]
            .iter()
            .any(|heading| !page.contains(heading))
        })
        .collect();
    none("pages without their sections", &findings);
}

fn generated(profile: &Profile) -> String {
    let shown = profile.to_json();
    let mut text = String::from("\n");
    let able = &shown["credential"];
    let of = |name: &str| {
        able[name]
            .as_str()
            .map_or(able[name].to_string(), str::to_owned)
    };
    writeln!(
        text,
        "| narrow | expire | revoke | unique | carries the person |\n|---|---|---|---|---|\n| {} | {} | {} | {} | {} |\n",
        of("narrow"),
        of("expire"),
        of("revoke"),
        of("unique"),
        of("carries_person"),
    )
    .unwrap();
    let kinds: Vec<_> = profile
        .kinds()
        .map(|kind| format!("`{}`", kind.as_str()))
        .collect();
    writeln!(
        text,
        "Abilities are those of the first kind with defaults. Kinds, the first is the default: {}.\n",
        kinds.join(", ")
    )
    .unwrap();
    text.push_str("| parameter | what | default |\n|---|---|---|\n");
    let schema = &shown["parameters"];
    let required = schema["required"].as_array().unwrap();
    for (name, property) in schema["properties"].as_object().unwrap() {
        let needed = required.iter().any(|known| known == name);
        writeln!(
            text,
            "| `{name}` | {} | {} |",
            words(property),
            default(property, needed)
        )
        .unwrap();
    }
    text.push_str("\n| secret | what |\n|---|---|\n");
    for role in shown["secrets"].as_array().unwrap() {
        let word = |name: &str| role[name].as_str().unwrap();
        writeln!(text, "| `{}` | {} |", word("name"), word("what")).unwrap();
    }
    let example = serde_json::to_string_pretty(&sorted(profile.example())).unwrap();
    let id = profile.id();
    writeln!(text, "\n```json file={id}.json\n{example}\n```").unwrap();
    text
}

/// The same with members in the order of their names, whatever the order of
/// maps is in this build.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.into_iter().collect();
            let members = members
                .into_iter()
                .map(|(name, value)| (name, sorted(value)));
            Value::Object(members.collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// What a parameter is, with what it may be.
fn words(property: &Value) -> String {
    let mut words = property["description"]
        .as_str()
        .unwrap()
        .replace('|', "\\|");
    if let Some(choices) = property["enum"].as_array() {
        let choices: Vec<_> = choices
            .iter()
            .map(|c| format!("`{}`", c.as_str().unwrap()))
            .collect();
        write!(words, " One of {}.", choices.join(", ")).unwrap();
    }
    if let (Some(min), Some(max)) = (property["minimum"].as_u64(), property["maximum"].as_u64()) {
        write!(words, " From {min} to {max}.").unwrap();
    }
    words
}

fn default(property: &Value, needed: bool) -> String {
    match &property["default"] {
        Value::Null if needed => "required".to_owned(),
        Value::Null => "–".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}
