//! Docs in step with code: decisions are numbered, pages are in the index,
//! commands exist.

use crate::tree::{FILES, exists, none, read};
use std::collections::BTreeSet;

#[test]
fn every_decision_has_a_number_of_its_own_and_a_line_in_the_index() {
    let index = read("docs/README.md");
    let mut findings = Vec::new();
    let decisions = FILES
        .iter()
        .filter_map(|file| file.path.strip_prefix("docs/decisions/"));
    for (place, name) in decisions.enumerate() {
        let number = format!("{:04}-", place + 1);
        if !name.starts_with(&number) || !name.ends_with(".md") {
            findings.push(format!("{name}: expected the number {number}"));
        }
        if !index.contains(&format!("(decisions/{name})")) {
            findings.push(format!("{name}: not in docs/README.md"));
        }
    }
    none("decisions", &findings);
}

#[test]
fn every_page_has_a_line_in_the_index() {
    let index = read("docs/README.md");
    let findings: Vec<_> = FILES
        .iter()
        .filter_map(|file| file.path.strip_prefix("docs/"))
        .filter(|name| name.ends_with(".md") && *name != "README.md")
        .filter(|name| !index.contains(&format!("({name})")))
        .map(str::to_owned)
        .collect();
    none("pages that the index does not know", &findings);
}

#[test]
fn every_command_in_the_docs_exists() {
    let known = commands();
    let mut findings = Vec::new();
    for file in FILES.iter().filter(|file| file.path.ends_with(".md")) {
        for line in code_lines(&file.text) {
            let words: Vec<&str> = line.split_whitespace().collect();
            for (place, word) in words.iter().enumerate() {
                let next = |offset: usize| words.get(place + offset).copied().unwrap_or_default();
                let first = match *word {
                    "locum" | "./locum" => next(1),
                    "cargo" if next(1) == "run" => {
                        let dashes = words.iter().position(|word| *word == "--");
                        dashes
                            .and_then(|at| words.get(at + 1))
                            .copied()
                            .unwrap_or_default()
                    }
                    word if word.ends_with("/locum") => next(1),
                    word if word.starts_with("./") && !exists(word) => {
                        findings.push(format!("{}: {word}", file.path));
                        continue;
                    }
                    _ => continue,
                };
                let plain = !first.is_empty() && first.chars().all(|c| c.is_ascii_lowercase());
                if plain && !known.contains(first) {
                    findings.push(format!("{}: locum {first}", file.path));
                }
            }
        }
    }
    none("commands that do not exist", &findings);
}

/// Variants of every enum that derives a command of the executable, as typed.
/// Commands of commands live in `commands/`.
fn commands() -> BTreeSet<String> {
    let mut found = BTreeSet::from(["help".to_owned()]);
    let outer = |path: &str| path.ends_with(".rs") && !path.contains("/commands/");
    for file in FILES.iter().filter(|file| outer(&file.path)) {
        for (at, _) in file.text.match_indices("Subcommand") {
            let body = file.text[at..].split("\n}").next().unwrap_or_default();
            let variants = body.lines().filter_map(|line| {
                let line = line.strip_prefix("    ")?;
                let name: String = line.chars().take_while(|c| c.is_alphanumeric()).collect();
                let is_variant = line.starts_with(|c: char| c.is_ascii_uppercase());
                (is_variant && !name.is_empty()).then_some(name)
            });
            found.extend(variants.map(|name| name.to_lowercase()));
        }
    }
    found
}

/// Lines of fenced blocks.
fn code_lines(text: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            lines.push(line);
        }
    }
    lines
}
