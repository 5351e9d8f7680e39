//! `(architecture, "Rooms")` and `docs/reference/limits.md, "Tokens"` mean a
//! heading that is there.

use crate::links::named;
use crate::tree::{FILES, File, none, sample};

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";

#[test]
fn every_heading_that_is_cited_is_there() {
    let findings: Vec<_> = FILES.iter().flat_map(missing).collect();
    none("headings that are not there", &findings);
}

#[test]
fn a_heading_that_is_not_there_is_a_finding() {
    for (path, text, flaws) in [
        ("x.rs", "// (architecture, \"Rooms\")", 0),
        (
            "x.rs",
            "// (architecture, \"Types that make\n// mistakes impossible\")",
            0,
        ),
        ("x.rs", "// (architecture, \"Cellars\")", 1),
        ("x.rs", "// (architecture, invariant 3)", 1),
        ("x.rs", "let a = \"(architecture, invariant 3)\";", 0),
        ("x.md", "reference, architecture, threat model", 0),
        ("x.py", "# (docs/reference/limits.md, \"Tokens\")", 0),
        ("x.py", "# (`docs/reference/limits.md`, \"No such\")", 1),
        ("x.py", "# (nosuch.md, \"Tokens\")", 1),
    ] {
        assert_eq!(missing(&sample(path, text)).len(), flaws, "{text}");
    }
}

/// Citations of headings that no page has.
fn missing(file: &File) -> Vec<String> {
    let prose = file.prose();
    let mut findings = Vec::new();
    for (at, mark) in prose.match_indices(", \"") {
        let heading = prose[at + mark.len()..].split('"').next();
        let heading = heading.unwrap_or_default();
        let Some(page) = page_before(&prose[..at]) else {
            continue;
        };
        if !named("", page).any(|page| has(&page.text, heading)) {
            findings.push(format!("{}: {page}, \"{heading}\"", file.path));
        }
    }
    let is_code = [".rs", ".py"].iter().any(|end| file.path.ends_with(end));
    for (at, mark) in prose.match_indices("(architecture, ") {
        let rest = &prose[at + mark.len()..];
        if is_code && !rest.starts_with('"') {
            let shown: String = rest.chars().take(30).collect();
            findings.push(format!("{}: architecture, {shown}…", file.path));
        }
    }
    findings
}

/// The page that is named right before a quoted heading.
fn page_before(text: &str) -> Option<&str> {
    if text.ends_with("rchitecture") {
        return Some(ARCHITECTURE);
    }
    let text = text.strip_suffix('`').unwrap_or(text);
    let start = text.rfind([' ', '`', '(', '"']).map_or(0, |at| at + 1);
    let name = text.get(start..)?;
    name.ends_with(".md").then_some(name)
}

fn has(page: &str, heading: &str) -> bool {
    let plain = |text: &str| text.trim_start_matches('#').trim().replace('`', "");
    let mut lines = page.lines().filter(|line| line.starts_with('#'));
    lines.any(|line| plain(line) == plain(heading))
}
