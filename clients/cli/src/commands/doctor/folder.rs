//! The data folder on this machine: whose it is to read.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{CheckOutcome, DoctorCheck};

/// Permissions of anybody but the owner.
const OTHERS: u32 = 0o077;
const NAME: &str = "data folder";

/// Whether the folder is a data folder, and nobody else can read it.
pub(super) fn check(data: &Path) -> DoctorCheck {
    let shown = data.display();
    match looked(data) {
        Ok(None) => DoctorCheck::new(
            NAME,
            CheckOutcome::Ok,
            format!("`{shown}` is its owner's alone"),
        ),
        Ok(Some(flaw)) => DoctorCheck::new(NAME, CheckOutcome::Fail, flaw),
        Err(error) => {
            let detail = format!("expected a data folder at `{shown}`, found none: {error}");
            DoctorCheck::new(NAME, CheckOutcome::Fail, detail)
        }
    }
}

fn looked(data: &Path) -> io::Result<Option<String>> {
    let mode = fs::metadata(data)?.permissions().mode();
    if mode & OTHERS != 0 {
        let (shown, mode) = (data.display(), mode & 0o777);
        return Ok(Some(format!(
            "expected mode 0700 on `{shown}`, found {mode:04o}; run chmod 700 on it"
        )));
    }
    for name in ["mode", "ledger"] {
        if !data.join(name).exists() {
            return Ok(Some(format!("expected `{name}` in the folder, found none")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_folder_that_others_can_read_fails() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("mode"), "dev").unwrap();
        fs::create_dir(data.path().join("ledger")).unwrap();
        let set = |mode| {
            fs::set_permissions(data.path(), fs::Permissions::from_mode(mode)).unwrap();
            check(data.path())
        };
        assert_eq!(set(0o700).outcome, CheckOutcome::Ok);
        let open = set(0o750);
        assert_eq!(open.outcome, CheckOutcome::Fail);
        assert!(open.detail.contains("found 0750"), "{}", open.detail);
    }

    #[test]
    fn a_folder_that_is_none_fails() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(check(&home.path().join("x")).outcome, CheckOutcome::Fail);
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(check(home.path()).detail.contains("expected `mode`"));
    }
}
