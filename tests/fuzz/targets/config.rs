//! `locum.toml`: refused in one sentence, or settings and objects; whatever the
//! text, no panic, and no sentence that repeats much of it.
#![no_main]
#![allow(
    dead_code,
    unexpected_cfgs,
    unreachable_pub,
    reason = "the broker uses the rest, and has the features"
)]

#[path = "../../../broker/server/src/config/explain.rs"]
mod explain;
#[path = "../../../broker/server/src/config/files.rs"]
mod files;
#[path = "../../../broker/server/src/config/flaw.rs"]
mod flaw;
#[path = "../../../broker/server/src/config/issuer.rs"]
mod issuer;
#[path = "../../../broker/server/src/config/reference.rs"]
mod reference;
#[path = "../../../broker/server/src/config/settings.rs"]
mod settings;
#[path = "../../../broker/server/src/config/values.rs"]
mod values;
#[path = "../../../broker/server/src/config/whole.rs"]
mod whole;

use libfuzzer_sys::fuzz_target;
use locum_core::ids::{IssuerId, TargetId};
use locum_core::registry::{AgentSpec, ClientSpec, IssuerSpec, TargetSpec};
use std::path::Path;

/// Most characters of a sentence: it repeats names, never values.
const SENTENCE_MAX: usize = 1_000;

/// One file as the broker reads it, without those it names.
fn read(text: &str) -> Result<(), String> {
    let file = Path::new("locum.toml");
    let mut merged = files::Merged::default();
    let read = files::parse(file, text).and_then(|table| merged.take(file, table));
    read.map_err(|flaw| short(flaw.detail))?;
    let said = explain::explain(&merged, "limits").unwrap();
    assert!(said.iter().any(|row| row.to_string().starts_with("limits.body_bytes = ")));
    for entry in &merged.entries {
        object(entry);
    }
    let settings = values::typed(&merged).map_err(short)?;
    let path = issuer::path(&settings.issuer)?;
    assert!(path.is_empty() || path.starts_with('/') && !path.ends_with('/'));
    Ok(())
}

fn short(detail: String) -> String {
    assert!(detail.chars().count() <= SENTENCE_MAX, "{detail}");
    detail
}

/// An entry as the admin API reads it, and its own checks.
fn object(entry: &files::Entry) {
    let mut table = entry.table.clone();
    let ours = "https://broker.example";
    if matches!(entry.array, "issuers" | "targets") {
        table.remove("id");
    }
    match entry.array {
        "issuers" => {
            if let (Ok(id), Ok(spec)) = (IssuerId::parse(&entry.id), table.try_into::<IssuerSpec>()) {
                drop(spec.problems(&id, ours));
            }
        }
        "targets" => {
            if let (Ok(_), Ok(spec)) = (TargetId::parse(&entry.id), table.try_into::<TargetSpec>()) {
                drop(spec.problems());
            }
        }
        "agents" => drop(table.try_into::<AgentSpec>().map(|spec| spec.problems())),
        _ => drop(table.try_into::<ClientSpec>()),
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    drop(read(text));
});
