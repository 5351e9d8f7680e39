#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::restore::{RestoreFlaw, restore};
use super::take;
use locum_core::record::Draft;
use locum_stores::ledger::{Ledger, LedgerOptions};
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
        let options = LedgerOptions {
            segment_bytes: 1024,
            ..LedgerOptions::new(data.join("ledger"), [7; 10])
        };
        let names = locum_engine::vault::Vault::open(&[0; 32]).unwrap().names();
        let state = Shared::new(State::new(Arc::new(names)));
        let (ledger, _) = Ledger::open(options, Arc::new(|| 1_000), Box::new(state)).unwrap();
        for n in 0..20 {
            let draft = Draft::new("decision", [1; 16], json!({"n": n}), None);
            ledger.append_blocking(draft).unwrap();
        }
        let mut out = fs::File::create(home.file()).unwrap();
        take::write((&ledger.parts().unwrap(), None), &data, &mut out).unwrap();
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
fn the_journal_of_a_broker_among_others_is_in_its_backup_and_restored_with_it() {
    let home = Home::new("serve");
    let data = home.data();
    let opened = |name: &str, seed| {
        let options = LedgerOptions::new(data.join(name), seed);
        let names = locum_engine::vault::Vault::open(&[0; 32]).unwrap().names();
        let state = Shared::new(State::new(Arc::new(names)));
        let opened = Ledger::open(options, Arc::new(|| 1_000), Box::new(state));
        opened.unwrap().0
    };
    let (ledger, journal) = (opened("ledger", [7; 10]), opened("changes", [8; 10]));
    for n in 0..5 {
        let draft = Draft::new("decision", [1; 16], json!({"n": n}), None);
        journal.append_blocking(draft).unwrap();
    }
    let mut whole = Vec::new();
    let parts = (ledger.parts().unwrap(), journal.parts().unwrap());
    take::write((&parts.0, Some(&parts.1)), &data, &mut whole).unwrap();
    fs::write(home.file(), &whole).unwrap();
    restore(&home.file(), &home.other()).unwrap();
    let found = locum_stores::ledger::verify(&home.other().join("changes")).unwrap();
    assert_eq!((found.records, found.tree), (5, parts.1.tree));
    // One that lacks a record of the journal is none.
    let cut = home.folder.path().join("cut");
    let part = parts.1.files.last().unwrap().path.clone();
    let end = fs::metadata(&part).unwrap().len();
    let bytes = fs::read(&part).unwrap();
    let at = whole.windows(bytes.len()).position(|w| w == bytes).unwrap();
    whole[at + end as usize - 10] ^= 1;
    fs::write(home.file(), &whole).unwrap();
    assert!(restore(&home.file(), &cut).is_err());
    assert!(is_empty(&cut));
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

/// The backup with the bytes of one file changed, and the tar file sound: its
/// checksum covers a file's name, not what is in it.
fn changed(whole: &[u8], name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = whole.to_vec();
    let header = |block: &[u8]| block.starts_with(name.as_bytes()) && block[name.len()] == 0;
    let at = whole.chunks(512).position(header).unwrap() * 512 + 512;
    assert!(out[at..].starts_with(from));
    out[at..at + to.len()].copy_from_slice(to);
    out
}

#[test]
fn a_mode_that_was_changed_in_the_archive_is_refused() {
    for (mode, other) in [("serve", b"dev\n\n"), ("dev\n\n", b"serve")] {
        let home = Home::new(mode);
        let whole = fs::read(home.file()).unwrap();
        fs::write(home.file(), changed(&whole, "mode", mode.as_bytes(), other)).unwrap();
        let flaw = restore(&home.file(), &home.other())
            .unwrap_err()
            .to_string();
        assert!(
            flaw.contains("expected `mode` as the manifest has it"),
            "{flaw}"
        );
        assert!(is_empty(&home.other()));
    }
}

#[test]
fn a_file_of_the_dev_world_that_was_changed_is_refused() {
    let home = Home::new("dev");
    let whole = fs::read(home.file()).unwrap();
    let other = changed(&whole, "dev-world.json", b"sentinel", b"SENTINEL");
    fs::write(home.file(), other).unwrap();
    assert!(restore(&home.file(), &home.other()).is_err());
    assert!(is_empty(&home.other()));
}

/// The backup as the version before made it.
fn of_the_version_before(home: &Home, mode: &[u8]) {
    let whole = fs::read(home.file()).unwrap();
    let mut archive = tar::Archive::new(whole.as_slice());
    let mut out = tar::Builder::new(Vec::new());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        if name == "locum-backup.json" {
            let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            manifest.as_object_mut().unwrap().remove("files");
            manifest["v"] = json!(1);
            bytes = manifest.to_string().into_bytes();
        }
        if name == "mode" {
            bytes = mode.to_vec();
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        out.append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    fs::write(home.file(), out.into_inner().unwrap()).unwrap();
}

#[test]
fn a_backup_of_the_version_before_is_restored_where_its_files_fit_its_mode() {
    for mode in ["dev", "serve"] {
        let home = Home::new(mode);
        of_the_version_before(&home, mode.as_bytes());
        restore(&home.file(), &home.other()).unwrap();
        let home = Home::new(mode);
        let other: &[u8] = if mode == "dev" { b"serve" } else { b"dev" };
        of_the_version_before(&home, other);
        assert!(restore(&home.file(), &home.other()).is_err());
        assert!(is_empty(&home.other()));
    }
}
