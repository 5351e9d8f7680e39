use super::*;
use std::fs;

/// Adds up the `n` of every record, and keeps the sum in snapshots.
#[derive(Clone, Default)]
struct Sum(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    sum: u64,
    replayed: u64,
    restored: bool,
}

impl Sum {
    fn add(&self, body: &Value) {
        self.0.lock().unwrap().sum += body["n"].as_u64().unwrap_or_default();
    }
}

impl Follower for Sum {
    fn replay(&mut self, entry: &Entry) -> Result<(), String> {
        self.0.lock().unwrap().replayed += 1;
        self.add(&entry.body);
        Ok(())
    }

    fn appended(&mut self, _: &Place, draft: &Draft) -> Result<(), String> {
        self.add(draft.value());
        Ok(())
    }

    fn copy(&self) -> Option<Save> {
        let sum = self.0.lock().unwrap().sum;
        Some(Box::new(move || Ok(sum.to_le_bytes().to_vec())))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let mut told = self.0.lock().unwrap();
        let bytes = state.try_into().map_err(|_| "expected eight bytes")?;
        told.sum = u64::from_le_bytes(bytes);
        told.restored = true;
        Ok(())
    }
}

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn try_open(&self) -> Result<(Ledger, Opened, Sum), OpenError> {
        let sum = Sum::default();
        let options = LedgerOptions {
            segment_bytes: 4096,
            ..LedgerOptions::new(self.dir().to_owned(), [7; 10])
        };
        let (ledger, opened) = Ledger::open_on(
            options,
            Arc::new(|| 1_000),
            (Box::new(sum.clone()), None),
            Box::new(BadDisk::default()),
        )?;
        Ok((ledger, opened, sum))
    }

    fn open(&self) -> (Ledger, Opened, Sum) {
        self.try_open().unwrap()
    }

    /// A ledger of 200 records over several segments, closed again, with two
    /// snapshots: on a slow disk it takes more records, which add nothing.
    fn filled() -> Self {
        let home = Self::new();
        let mut count = 200;
        while home.snapshots().len() < 2 {
            let (ledger, _, _) = home.open();
            for n in 0..count {
                ledger.append_blocking(with_side(n)).unwrap();
            }
            ledger.close();
            count = 1;
        }
        home
    }

    fn snapshots(&self) -> Vec<u64> {
        snapshot::list(self.dir()).unwrap()
    }
}

/// What all 200 add up to.
const SUM: u64 = 199 * 200 / 2;

fn told(sum: &Sum) -> (u64, bool) {
    let told = sum.0.lock().unwrap();
    (told.sum, told.restored)
}

#[test]
fn a_start_goes_on_from_the_newest_snapshot_and_reads_only_what_came_after() {
    let home = Home::filled();
    let known = home.snapshots();
    assert!(known.len() <= 3, "older ones are removed");
    let (ledger, opened, sum) = home.open();
    assert_eq!(told(&sum), (SUM, true));
    assert_eq!(opened.from_snapshot, known[0]);
    assert_eq!(sum.0.lock().unwrap().replayed, opened.records - known[0]);
    let sums: u64 = (0..opened.records)
        .map(|n| ledger.reader().get(n).unwrap().unwrap())
        .map(|entry| entry.body["n"].as_u64().unwrap_or_default())
        .sum();
    assert_eq!(sums, SUM, "every record is found through the map");
    let next = ledger.append_blocking(draft(1)).unwrap();
    assert_eq!(next.place.index, opened.records);
}

#[test]
fn a_snapshot_is_readable_by_us_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::filled();
    for records in home.snapshots() {
        let known = fs::metadata(snapshot::path(home.dir(), records)).unwrap();
        assert_eq!(known.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_damaged_snapshot_is_passed_over_for_an_older_one_or_for_all_records() {
    let home = Home::filled();
    let (newest, older) = (home.snapshots()[0], home.snapshots()[1]);
    let spoil = |records| {
        let path = snapshot::path(home.dir(), records);
        let mut bytes = fs::read(&path).unwrap();
        bytes.push(0);
        fs::write(path, bytes).unwrap();
    };
    spoil(newest);
    let (ledger, opened, sum) = home.open();
    assert_eq!((told(&sum), opened.from_snapshot), ((SUM, true), older));
    ledger.close();
    for records in home.snapshots() {
        spoil(records);
    }
    let (_, opened, sum) = home.open();
    assert_eq!((told(&sum), opened.from_snapshot), ((SUM, false), 0));
}

#[test]
fn a_snapshot_cut_at_any_byte_does_not_hold() {
    let home = Home::filled();
    for older in home.snapshots().drain(1..) {
        fs::remove_file(snapshot::path(home.dir(), older)).unwrap();
    }
    let path = snapshot::path(home.dir(), home.snapshots()[0]);
    let whole = fs::read(&path).unwrap();
    for end in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..end]).unwrap();
        let segments = segment::list(home.dir()).unwrap();
        let tree = identity::read(home.dir()).unwrap().unwrap();
        let mut sum = Sum::default();
        let found = snapshot::resume(home.dir(), &tree, &segments, &mut sum).unwrap();
        assert!(found.is_none() && !told(&sum).1, "{end}");
    }
}

#[test]
fn a_snapshot_that_no_record_vouches_for_does_not_hold() {
    let home = Home::new();
    let (ledger, _, _) = home.open();
    ledger.append_blocking(draft(5)).unwrap();
    let contents = ledger.contents();
    ledger.close();
    let tree = identity::read(home.dir()).unwrap().unwrap();
    drop(snapshot::write(home.dir(), &tree, &contents, &9_u64.to_le_bytes()).unwrap());
    assert_eq!(home.snapshots(), [1]);
    let (_, _, sum) = home.open();
    assert_eq!(told(&sum), (5, false));
}

#[test]
fn a_segment_shorter_than_its_snapshot_knows_is_damage_as_ever() {
    let home = Home::filled();
    let first = segment::path(home.dir(), 0);
    let len = fs::metadata(&first).unwrap().len();
    File::options()
        .write(true)
        .open(&first)
        .unwrap()
        .set_len(len - 10)
        .unwrap();
    assert!(matches!(home.try_open(), Err(OpenError::Damaged { .. })));
}

#[test]
fn a_missing_segment_that_a_snapshot_stands_for_is_damage_as_ever() {
    let home = Home::filled();
    let second = segment::list(home.dir()).unwrap()[1];
    fs::remove_file(segment::path(home.dir(), second)).unwrap();
    assert!(matches!(home.try_open(), Err(OpenError::Damaged { .. })));
}

#[test]
fn the_parts_of_a_ledger_copied_while_it_grows_are_a_whole_ledger() {
    let home = Home::filled();
    let (ledger, _, _) = home.open();
    let parts = ledger.parts().unwrap();
    for n in 0..100 {
        ledger.append_blocking(with_side(n)).unwrap();
    }
    let other = Home::new();
    for part in &parts.files {
        assert!(is_part(&part.name), "{}", part.name);
        let Ok(bytes) = fs::read(&part.path) else {
            assert!(part.spare, "{}", part.name);
            continue;
        };
        let len = usize::try_from(part.bytes).unwrap();
        fs::write(other.dir().join(&part.name), &bytes[..len]).unwrap();
    }
    let verified = verify(other.dir()).unwrap();
    assert_eq!(
        (verified.records, verified.repaired_bytes),
        (parts.records, 0)
    );
    assert_eq!(verified.tree, parts.tree);
    let (_, opened, sum) = other.open();
    assert_eq!(opened.records, parts.records);
    assert_eq!(told(&sum).0, SUM);
}

#[test]
fn verifying_finds_damage_that_a_start_with_a_snapshot_does_not_read() {
    let home = Home::filled();
    let path = segment::path(home.dir(), 0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (ledger, _, _) = home.open();
    assert!(ledger.reader().get(0).is_err(), "reading it finds it too");
    ledger.close();
    assert!(matches!(verify(home.dir()), Err(OpenError::Damaged { .. })));
}

#[test]
fn only_a_ledgers_files_are_its_parts() {
    assert!(is_part("tree") && is_part("00000000000000000000.seg"));
    assert!(is_part("00000000000000000007.snap"));
    for other in [
        "../tree",
        "tree.new",
        "snap.new",
        "0.seg",
        "",
        "+0000000000000000000.seg",
    ] {
        assert!(!is_part(other), "{other}");
    }
}
