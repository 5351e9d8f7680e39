#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::restore::{RestoreFlaw, restore};
use super::take;
use locum_core::record::Draft;
use locum_stores::ledger::{Ledger, Options};
use locum_stores::state::{Shared, State};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// A data folder of that mode with a ledger of 20 records, and its backup.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new(mode: &str) -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let data = home.data();
        fs::create_dir(&data).unwrap();
        fs::write(data.join("mode"), mode).unwrap();
        fs::write(data.join("dev-world.json"), "sentinel-secret").unwrap();
        fs::write(data.join("dev-places.json"), "{}").unwrap();
        fs::write(data.join("dev-ready.json"), "sentinel-ready").unwrap();
        let options = Options {
            segment_bytes: 1024,
            ..Options::new(data.join("ledger"), [7; 10])
        };
        let names = crate::vault::Vault::open(&[0; 32]).unwrap().names();
        let state = Shared::new(State::new(Arc::new(names)));
        let (ledger, _) = Ledger::open(options, Arc::new(|| 1_000), Box::new(state)).unwrap();
        for n in 0..20 {
            let draft = Draft::new("decision", [1; 16], json!({"n": n}), None);
            ledger.append_blocking(draft).unwrap();
        }
        let mut out = fs::File::create(home.file()).unwrap();
        take::write(&ledger.parts().unwrap(), &data, &mut out).unwrap();
        home
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("backup.tar")
    }

    fn other(&self) -> PathBuf {
        self.folder.path().join("other")
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn what_is_restored_is_what_was_backed_up_and_ours_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new("dev");
    let found = restore(&home.file(), &home.other()).unwrap();
    assert!(found.records >= 20);
    for name in [
        "mode",
        "dev-world.json",
        "ledger/tree",
        "ledger/00000000000000000000.seg",
    ] {
        let read = |data: PathBuf| fs::read(data.join(name)).unwrap();
        assert_eq!(read(home.data()), read(home.other()), "{name}");
        let known = fs::metadata(home.other().join(name)).unwrap();
        assert_eq!(known.permissions().mode() & 0o777, 0o600);
    }
    assert!(!home.other().join("dev-ready.json").exists());
}

#[test]
fn no_secret_outside_the_ledger_is_in_a_backup_of_another_mode_than_dev() {
    let home = Home::new("serve");
    let bytes = fs::read(home.file()).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("sentinel") && !text.contains("dev-"));
    restore(&home.file(), &home.other()).unwrap();
    assert_eq!(fs::read(home.other().join("mode")).unwrap(), b"serve");
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let home = Home::new("dev");
    fs::create_dir(home.other()).unwrap();
    fs::write(home.other().join("thesis"), "x").unwrap();
    let flaw = restore(&home.file(), &home.other()).unwrap_err();
    assert!(matches!(flaw, RestoreFlaw::NotEmpty(_)), "{flaw}");
    assert_eq!(fs::read_dir(home.other()).unwrap().count(), 1);
}

#[test]
fn a_backup_cut_short_anywhere_or_damaged_leaves_an_empty_folder() {
    let home = Home::new("dev");
    let whole = fs::read(home.file()).unwrap();
    let refused = |bytes: &[u8], what: usize| {
        fs::write(home.file(), bytes).unwrap();
        assert!(restore(&home.file(), &home.other()).is_err(), "{what}");
        assert!(is_empty(&home.other()), "{what}");
    };
    // The end of a tar file is two empty blocks; the mode's own stand before.
    for end in (0..whole.len() - 2048).step_by(1024) {
        refused(&whole[..end], end);
    }
    let record = whole.windows(5).position(|w| w == b"\"n\":7").unwrap();
    let mut damaged = whole.clone();
    damaged[record + 4] = b'8';
    refused(&damaged, record);
}

#[test]
fn an_entry_that_is_none_of_ours_is_refused() {
    let home = Home::new("dev");
    let whole = fs::read(home.file()).unwrap();
    let place = whole
        .windows(14)
        .position(|w| w == b"dev-world.json")
        .unwrap();
    let mut other = whole.clone();
    other[place..place + 14].copy_from_slice(b"../world.json\0");
    fs::write(home.file(), other).unwrap();
    assert!(restore(&home.file(), &home.other()).is_err());
    assert!(is_empty(&home.other()));
    assert!(!home.folder.path().join("world.json").exists());
}
