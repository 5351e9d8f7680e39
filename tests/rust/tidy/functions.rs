//! A function fits a screen.

use crate::tree::{RUST, Rust, none};

/// Lines of a function, signature and braces included.
const MOST: usize = 60;

/// Functions that may be longer, and why.
const LONGER: &[(&str, &str, &str)] = &[
    (
        "broker/core/src/refusal/mapping.rs",
        "mapping",
        "one table: a row a code, and the compiler sees that none is missing",
    ),
    (
        "broker/demo/src/tour/mod.rs",
        "perform",
        "one list of named steps and nothing else",
    ),
    (
        "broker/server/src/router.rs",
        "api",
        "one list of routes and nothing else",
    ),
];

#[test]
fn a_function_is_at_most_60_lines_long_or_listed_with_a_reason() {
    let mut findings = Vec::new();
    let mut listed = Vec::new();
    for file in RUST.iter() {
        for (name, line, length) in functions(file) {
            if length <= MOST {
                continue;
            }
            let allowed = LONGER.iter().find(|(path, known, reason)| {
                *path == file.path && *known == name && !reason.is_empty()
            });
            match allowed {
                Some(entry) => listed.push(entry),
                None => findings.push(format!("{}:{line}: `{name}` is {length} lines", file.path)),
            }
        }
    }
    none("functions over the limit", &findings);
    assert_eq!(listed.len(), LONGER.len(), "listed for nothing");
}

/// Name, line (from 1) and length of every function with a body.
fn functions(file: &Rust) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    let code = &file.code;
    let mut from = 0;
    while let Some(offset) = code[from..].find("fn ") {
        let at = from + offset;
        from = at + 3;
        let starts_word = code[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let name: String = code[from..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if !starts_word || name.is_empty() {
            continue;
        }
        if let Some(end) = end_of(code, from) {
            let line = 1 + code[..at].matches('\n').count();
            found.push((name, line, 1 + code[at..end].matches('\n').count()));
        }
    }
    found
}

/// Where the body that follows ends; `None` where a `;` comes before any body.
fn end_of(code: &str, from: usize) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (offset, c) in code[from..].char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(from + offset),
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    None
}
