//! What no line outside tests says.

use crate::tree::{RUST, none};

/// Words that end the process or were left behind.
const NEVER: [&str; 8] = [
    ".unwrap()",
    "panic!(",
    "unreachable!(",
    "todo!(",
    "unimplemented!(",
    "dbg!(",
    ".unwrap_unchecked(",
    ".expect(\"",
];

/// Lines that may, and why.
const EXCEPT: &[(&str, &str, &str)] = &[(
    "broker/ambient/src/randomness.rs",
    "panic!(",
    "without randomness every later step would be forgeable",
)];

#[test]
fn nothing_outside_tests_ends_the_process() {
    let mut findings = Vec::new();
    // Compiled for tests alone: the feature `testing` of each crate.
    let builder = |path: &str| path.contains("/src/testing");
    for file in RUST.iter().filter(|file| !builder(&file.path)) {
        let outside = file.tests_from();
        for (number, line) in file.code.lines().enumerate().take(outside) {
            for word in NEVER.iter().filter(|word| line.contains(*word)) {
                let allowed = EXCEPT
                    .iter()
                    .any(|(path, known, _)| *path == file.path && known == word);
                if !allowed {
                    findings.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
        }
    }
    none("words for tests only", &findings);
}

#[test]
fn tests_stand_last_in_a_file() {
    let mut findings = Vec::new();
    for file in RUST.iter().filter(|file| !file.is_test) {
        let lines: Vec<&str> = file.code.lines().collect();
        let after = lines.iter().skip(file.tests_from() + 2);
        let closed = after.skip_while(|line| **line != "}").skip(1);
        if closed.clone().any(|line| !line.trim().is_empty()) {
            findings.push(file.path.clone());
        }
    }
    none("code after the tests", &findings);
}
