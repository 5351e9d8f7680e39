#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn flaw(dir: &Path) -> String {
    let [only] = <[Problem; 1]>::try_from(bundle(dir).err().unwrap()).unwrap();
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
