//! A test's name is the sentence it proves.

use crate::tree::{RUST, none};

/// Words a sentence has at least.
const WORDS: usize = 3;

#[test]
fn the_name_of_a_test_is_a_sentence() {
    let mut findings = Vec::new();
    for file in RUST.iter() {
        let mut marked = false;
        for (number, line) in file.code.lines().enumerate() {
            let line = line.trim();
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                marked = true;
            } else if marked && let Some(name) = name_of(line) {
                marked = false;
                let words = name.split('_').filter(|word| !word.is_empty()).count();
                if words < WORDS || name.starts_with("test_") {
                    findings.push(format!("{}:{}: {name}", file.path, number + 1));
                }
            }
        }
    }
    none("names that are no sentences", &findings);
}

fn name_of(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("fn ")?;
    rest.split(['(', '<']).next()
}
