//! One text of `locum.toml` through all that reads it: for a fuzz target.

use super::{explain, files, issuer, values};
use locum_core::ids::{IssuerId, TargetId};
use locum_core::registry::{AgentSpec, ClientSpec, IssuerSpec, TargetSpec};
use std::path::Path;

/// Most characters of a sentence: it repeats names, never values.
const SENTENCE_MAX: usize = 1_000;

/// One file as the broker reads it, without those it names. It panics where a
/// sentence says too much, or what is read is not as it has to be.
///
/// # Errors
/// The sentence.
///
/// # Panics
/// See above.
pub fn read(text: &str) -> Result<(), String> {
    let file = Path::new("locum.toml");
    let mut merged = files::Merged::default();
    let read = files::parse(file, text).and_then(|table| merged.take(file, table));
    read.map_err(|flaw| short(flaw.detail))?;
    let said = explain::explain(&merged, "limits");
    assert!(said.is_ok_and(|said| {
        let mut rows = said.iter().map(ToString::to_string);
        rows.any(|row| row.starts_with("limits.body_bytes = "))
    }));
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
fn object(entry: &files::DeclaredEntry) {
    let mut table = entry.table.clone();
    let ours = "https://broker.example";
    if matches!(entry.array, "issuers" | "targets") {
        table.remove("id");
    }
    match entry.array {
        "issuers" => {
            if let (Ok(id), Ok(spec)) = (IssuerId::parse(&entry.id), table.try_into::<IssuerSpec>())
            {
                drop(spec.problems(&id, ours));
            }
        }
        "targets" => {
            if let (Ok(_), Ok(spec)) = (TargetId::parse(&entry.id), table.try_into::<TargetSpec>())
            {
                drop(spec.problems());
            }
        }
        "agents" => drop(table.try_into::<AgentSpec>().map(|spec| spec.problems())),
        _ => drop(table.try_into::<ClientSpec>()),
    }
}
