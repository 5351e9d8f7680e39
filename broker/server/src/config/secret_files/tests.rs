#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use std::fs::{Permissions, create_dir, remove_file, rename, set_permissions, write};
use std::os::unix::fs::{PermissionsExt, symlink};
use tempfile::{TempDir, tempdir};

fn put(path: &Path, text: &str) {
    write(path, text).unwrap();
    set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempdir().unwrap();
    for (name, text) in files {
        put(&home.path().join(name), text);
    }
    home
}

fn texts(found: &SecretFiles) -> Vec<(String, String)> {
    let text = |open: &OpenSecret| open.value.text().expose().clone();
    found
        .read
        .iter()
        .map(|(name, open)| (name.to_string(), text(open)))
        .collect()
}

/// The place and the sentence of each flaw, the folder's path left out.
fn flaws(dir: &Path) -> Vec<String> {
    let found = match read(dir) {
        Ok(found) => found.flaws.into_iter().map(|(_, flaw)| flaw).collect(),
        Err(flaws) => flaws,
    };
    let line = |flaw: FieldProblem| format!("{} {}", flaw.pointer, flaw.detail);
    found.into_iter().map(line).collect()
}

#[test]
fn each_file_is_the_secret_of_its_name() {
    let home = home(&[
        ("btp-client", "s3cret\n"),
        ("a", "x"),
        ("README.md", "-"),
        (".hidden", "-"),
    ]);
    create_dir(home.path().join("folder")).unwrap();
    let found = read(home.path()).unwrap();
    assert_eq!(
        texts(&found),
        [
            ("a".into(), "x".into()),
            ("btp-client".into(), "s3cret".into())
        ]
    );
    assert_eq!(found.passed_over, ["README.md", "folder"]);
    assert!(found.flaws.is_empty());
    let since = found.read.values().map(|open| open.since_ms);
    assert!(since.min().unwrap() > 0);
}

/// As the kubelet lays a Secret out, and lays another in its place.
#[test]
fn links_below_data_are_followed_and_what_they_lead_to_is_swapped_whole() {
    let home = tempdir().unwrap();
    let home = home.path();
    let lay = |folder: &str, text: &str| {
        create_dir(home.join(folder)).unwrap();
        put(&home.join(folder).join("btp-client"), text);
        symlink(folder, home.join("..data_tmp")).unwrap();
        rename(home.join("..data_tmp"), home.join("..data")).unwrap();
    };
    lay("..2026_11_30", "one");
    symlink("..data/btp-client", home.join("btp-client")).unwrap();
    assert_eq!(
        texts(&read(home).unwrap()),
        [("btp-client".into(), "one".into())]
    );
    lay("..2026_12_01", "two");
    let found = read(home).unwrap();
    assert_eq!(texts(&found), [("btp-client".into(), "two".into())]);
    assert!(found.passed_over.is_empty());
    // The folder itself may be behind a link.
    let other = tempdir().unwrap();
    let link = other.path().join("secrets");
    symlink(home, &link).unwrap();
    assert_eq!(texts(&read(&link).unwrap()).len(), 1);
}

#[test]
fn what_cannot_be_a_secret_is_told_with_its_place_and_without_what_it_holds() {
    let outside = home(&[("master", "canary")]);
    let long = "canary".repeat(VALUE_MAX / 6 + 1);
    let cut = "-----BEGIN PRIVATE KEY-----\ncanary\n";
    let home = home(&[
        ("empty", "\n"),
        ("long", &long),
        ("open", "canary"),
        ("pem", cut),
    ]);
    let at = |name: &str| home.path().join(name);
    symlink(outside.path().join("master"), at("out")).unwrap();
    symlink("../../../../../../../../etc/passwd", at("up")).unwrap();
    symlink("nowhere", at("gone")).unwrap();
    set_permissions(at("open"), Permissions::from_mode(0o644)).unwrap();
    write(at("bytes"), [0xff, 0xfe]).unwrap();
    set_permissions(at("bytes"), Permissions::from_mode(0o600)).unwrap();
    let found = flaws(home.path());
    for (name, expected) in [
        ("bytes", "cannot be read"),
        ("empty", "found nothing"),
        ("gone", "cannot be read"),
        ("long", "expected at most 65536 bytes"),
        ("open", "found mode 0644"),
        ("out", "a link that leads out of it"),
        ("pem", "expected PEM"),
        ("up", "a link that leads out of it"),
    ] {
        let place = format!("{PLACE}/{name} ");
        let one = found.iter().find(|line| line.starts_with(&place)).unwrap();
        assert!(one.contains(expected) && !one.contains("canary"), "{one}");
    }
    assert_eq!(found.len(), 8);
    assert!(read(home.path()).unwrap().read.is_empty());
}

#[test]
fn a_folder_that_is_none_or_holds_too_much_is_told() {
    let home = tempdir().unwrap();
    let found = flaws(&home.path().join("none"));
    assert!(
        found[0].starts_with("/downstream/secrets_dir `"),
        "{found:?}"
    );
    assert!(found[0].contains("cannot be read"));
    for number in 0..=FILES_MAX {
        put(&home.path().join(format!("s{number}")), "x");
    }
    assert!(flaws(home.path())[0].contains("expected at most 1000 files"));
    remove_file(home.path().join("s0")).unwrap();
    assert_eq!(read(home.path()).unwrap().read.len(), FILES_MAX);
}
