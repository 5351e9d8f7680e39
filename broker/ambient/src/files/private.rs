//! Files that hold a secret: nobody but their owner, and for reading a group,
//! has a right to them.

use super::bounded_from;
use std::fs::File;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Permissions that a file of a secret may not give: to write for a group, to
/// read or write for everybody. A group may read: that is how a file is handed
/// to a service (Kubernetes `fsGroup`, systemd credentials).
const OPEN: u32 = 0o026;

/// The text of a file that holds a secret.
///
/// # Errors
/// Why there is none, in words; nothing of what the file holds.
pub fn private(file: &Path, most: usize) -> Result<String, String> {
    let unread = |flaw: std::io::Error| format!("cannot be read: {flaw}");
    // Of the file that is read, not of one that had its name a moment before.
    let open = File::open(file).map_err(unread)?;
    let known = open.metadata().map_err(unread)?;
    let mode = known.mode() & 0o7777;
    // A device is nobody's file.
    if mode & OPEN != 0 && !known.file_type().is_char_device() {
        return Err(format!(
            "expected a file that its owner alone may write and that others may not read (mode 0600, or 0640), found mode {mode:04o}; run `chmod 600 {}`",
            file.display()
        ));
    }
    bounded_from(open, most)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_others_may_read_or_write_is_refused_with_its_mode() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("key");
        std::fs::write(&file, "s3cret").unwrap();
        let with = |mode: u32| {
            set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            private(&file, 6)
        };
        for mode in [0o600, 0o400, 0o440, 0o640, 0o700] {
            assert_eq!(with(mode).as_deref(), Ok("s3cret"), "{mode:o}");
        }
        for mode in [0o644, 0o604, 0o602, 0o660, 0o620, 0o444, 0o666] {
            let found = with(mode).unwrap_err();
            assert!(found.contains(&format!("found mode 0{mode:o}")), "{found}");
            assert!(found.contains("chmod 600") && !found.contains("s3cret"));
        }
        // The file counts, not the link to it.
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(private(&link, 6).as_deref(), Ok("s3cret"));
        assert!(private(&link, 5).unwrap_err().contains("at most 5 bytes"));
        assert!(
            private(&home.path().join("none"), 6)
                .unwrap_err()
                .starts_with("cannot be read")
        );
    }
}
