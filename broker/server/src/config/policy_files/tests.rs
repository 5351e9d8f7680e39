#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use std::os::unix::fs::symlink;

fn flaw(dir: &Path) -> String {
    let [only] = <[FieldProblem; 1]>::try_from(bundle(dir).err().unwrap()).unwrap();
    format!("{}: {}", only.pointer, only.detail)
}

#[test]
fn a_policy_without_an_end_is_read_no_further_than_the_bound() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("a.cedar")).unwrap();
    let found = flaw(dir.path());
    assert!(found.starts_with("/policies: `"), "{found}");
    assert!(found.contains("a.cedar`: expected at most"), "{found}");
}

#[test]
fn the_bound_holds_for_all_files_together() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: usize| {
        let rule = format!("@id(\"{name}\")\npermit (principal, action, resource);\n");
        let text = format!("//{}\n{rule}", "x".repeat(bytes.saturating_sub(rule.len())));
        std::fs::write(dir.path().join(format!("{name}.cedar")), text).unwrap();
    };
    write("a", TEXT_MAX / 2);
    // Their names count.
    write("b", TEXT_MAX / 2 - 64);
    bundle(dir.path()).map(drop).unwrap();
    write("c", 256);
    assert!(flaw(dir.path()).contains("bytes of policies, found more"));
}

/// A folder as Kubernetes mounts one: every name a link through `..data`.
fn mounted(home: &Path, version: &str, names: &[&str]) {
    let data = home.join(version);
    std::fs::create_dir(&data).unwrap();
    for name in names {
        std::fs::write(data.join(name), "same").unwrap();
    }
    let link = home.join("..next");
    symlink(version, &link).unwrap();
    std::fs::rename(link, home.join("..data")).unwrap();
}

#[test]
fn every_move_of_a_file_is_seen_whatever_it_holds() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    mounted(dir, "..1", &["a.cedar"]);
    symlink("..data/a.cedar", dir.join("a.cedar")).unwrap();
    std::fs::write(dir.join("b.cedar"), "same").unwrap();
    let mut before = look(dir).unwrap();
    assert_eq!(look(dir).unwrap(), before);
    let mut moved = |what: &str, change: &dyn Fn()| {
        change();
        let after = look(dir).unwrap();
        assert_ne!(after, before, "{what}");
        before = after;
    };
    moved("a link that leads elsewhere", &|| {
        mounted(dir, "..2", &["a.cedar"]);
    });
    moved("another file of the same name", &|| {
        std::fs::write(dir.join("new"), "same").unwrap();
        std::fs::rename(dir.join("new"), dir.join("b.cedar")).unwrap();
    });
    moved("a file more", &|| {
        std::fs::write(dir.join("c.cedar"), "same").unwrap();
    });
    moved("a file less", &|| {
        std::fs::remove_file(dir.join("c.cedar")).unwrap();
    });
    moved("a file that a link leads to no more", &|| {
        std::fs::remove_file(dir.join("..2/a.cedar")).unwrap();
    });
    // What stands still and cannot be read is said.
    assert!(flaw(dir).contains("a.cedar`: cannot be read"));
}
