//! No file of ours knows the machine it was written on.

use crate::tree::{FILES, none};

/// Begins of paths that exist on one machine only.
const MACHINE: [&str; 5] = ["/work/", "/root/", "/home/", "/Users/", "/tmp/"];

/// Files in which such a path is meant, and why.
const MEANT: &[(&str, &str)] = &[("tests/rust/tidy/places.rs", "the list itself")];

#[test]
fn no_file_names_a_place_on_one_machine() {
    let mut findings = Vec::new();
    for file in FILES.iter() {
        let meant = MEANT.iter().any(|(path, _)| *path == file.path);
        if meant || file.path.ends_with(".lock") || file.path.ends_with("lock.json") {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            let named = |place: &str| {
                line.match_indices(place).any(|(at, _)| {
                    // A path of a URL or of a relative file is no place.
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|c| !c.is_alphanumeric() && !"._-}$/:".contains(c))
                })
            };
            if let Some(place) = MACHINE.iter().find(|place| named(place)) {
                findings.push(format!("{}:{}: {place}", file.path, number + 1));
            }
        }
    }
    none("places on one machine", &findings);
}
