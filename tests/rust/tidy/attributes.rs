//! Exceptions give reasons.

use crate::tree::{RUST, none};

#[test]
fn every_waiver_of_a_lint_gives_its_reason() {
    let mut findings = Vec::new();
    for file in RUST.iter() {
        for start in [
            "#[allow(",
            "#![allow(",
            "#[expect(",
            "#![expect(",
            "#[ignore",
        ] {
            for (at, _) in file.code.match_indices(start) {
                let attribute = file.code[at..].split(']').next().unwrap_or_default();
                if !attribute.contains("reason = ") && !attribute.starts_with("#[ignore = ") {
                    let line = 1 + file.code[..at].matches('\n').count();
                    findings.push(format!("{}:{line}", file.path));
                }
            }
        }
    }
    none("waivers without a reason", &findings);
}

#[test]
fn unsafe_code_is_written_nowhere() {
    let findings: Vec<_> = RUST
        .iter()
        .filter(|file| file.code.contains("unsafe {") || file.code.contains("unsafe fn"))
        .map(|file| file.path.clone())
        .collect();
    none("unsafe", &findings);
}
