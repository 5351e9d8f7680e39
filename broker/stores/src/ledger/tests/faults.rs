use super::*;
use std::fs;

/// Refused while the faults last, recovered by the next append afterwards,
/// and nothing of what was refused is ever seen.
fn recovers(world: &World, ledger: &Ledger, faults: &[&AtomicBool]) {
    let before = ledger.stats().records;
    for fault in faults {
        fault.store(true, SeqCst);
    }
    for _ in 0..3 {
        let refused = ledger.append_blocking(draft(666));
        assert!(matches!(refused, Err(AppendError::Unavailable(_))));
        assert!(!ledger.stats().available);
    }
    assert_eq!(ledger.stats().records, before);
    assert_eq!(bodies(ledger).len() as u64, before);
    for fault in faults {
        fault.store(false, SeqCst);
    }
    let appended = ledger.append_blocking(draft(before)).unwrap();
    assert_eq!(appended.place.index, before);
    assert!(ledger.stats().available);
    assert_eq!(bodies(ledger), (0..=before).collect::<Vec<_>>());
    assert_eq!(world.seen(), bodies(ledger));
}

fn reopened(world: &World, ledger: &Ledger) {
    let found = bodies(ledger);
    ledger.close();
    let (ledger, opened) = world.try_open().unwrap();
    assert_eq!(opened.repaired_bytes, 0);
    assert_eq!(bodies(&ledger), found);
}

#[test]
fn a_failed_commit_is_refused_never_seen_and_recovered_from() {
    let world = World::new();
    let ledger = world.open();
    let bad = &world.disk.0;
    for faults in [
        vec![&bad.write],
        vec![&bad.short],
        vec![&bad.sync],
        vec![&bad.write, &bad.truncate],
        vec![&bad.short, &bad.truncate],
        vec![&bad.sync, &bad.truncate],
        vec![&bad.write, &bad.sync, &bad.truncate],
    ] {
        recovers(&world, &ledger, &faults);
    }
    reopened(&world, &ledger);
}

#[test]
fn a_failed_roll_is_refused_and_finished_later() {
    let mut world = World::new();
    world.segment_bytes = 1;
    let ledger = world.open();
    ledger.append_blocking(draft(0)).unwrap();
    let bad = &world.disk.0;
    for faults in [vec![&bad.create], vec![&bad.short], vec![&bad.sync]] {
        recovers(&world, &ledger, &faults);
    }
    assert_eq!(segment::list(&world.dir()).unwrap(), [0, 1, 2, 3]);
    reopened(&world, &ledger);
}

#[test]
fn a_roll_that_failed_is_finished_even_when_the_next_commit_would_fit() {
    let mut world = World::new();
    world.segment_bytes = 2_000;
    let ledger = world.open();
    ledger.append_blocking(draft(0)).unwrap();
    world.disk.0.create.store(true, SeqCst);
    let large = Draft::new("x", [0; 16], json!("x".repeat(3_000)), None);
    assert!(ledger.append_blocking(large).is_err());
    world.disk.0.create.store(false, SeqCst);
    ledger.append_blocking(draft(1)).unwrap();
    assert_eq!(segment::list(&world.dir()).unwrap(), [0, 1]);
    reopened(&world, &ledger);
}

#[test]
fn everybody_in_a_failed_commit_is_refused() {
    let world = World::new();
    let ledger = world.open();
    world.disk.0.shut();
    let first = ledger.append(draft(0));
    world.disk.0.wait_until_a_sync_waits();
    let rest: Vec<_> = (1..=20).map(|n| ledger.append(draft(n))).collect();
    world.disk.0.sync.store(true, SeqCst);
    world.disk.0.release();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for answer in [first].into_iter().chain(rest) {
            assert!(matches!(answer.await, Err(AppendError::Unavailable(_))));
        }
    });
    assert_eq!(ledger.stats().records, 0);
    world.disk.0.sync.store(false, SeqCst);
    ledger.append_blocking(draft(5)).unwrap();
    reopened(&world, &ledger);
}

#[test]
fn a_folder_that_vanished_is_a_fault_until_it_is_back() {
    let world = World::new();
    let ledger = world.open();
    ledger.append_blocking(draft(0)).unwrap();
    let away = world.folder.path().join("away");
    fs::rename(world.dir(), &away).unwrap();
    for _ in 0..2 {
        assert!(ledger.append_blocking(draft(9)).is_err());
        assert!(!world.dir().exists());
    }
    fs::rename(&away, world.dir()).unwrap();
    ledger.append_blocking(draft(1)).unwrap();
    assert_eq!(bodies(&ledger), [0, 1]);
    reopened(&world, &ledger);
}

#[test]
fn another_file_in_the_segments_place_is_a_fault() {
    let mut world = World::new();
    world.segment_bytes = 1;
    let ledger = world.open();
    ledger.append_blocking(draft(0)).unwrap();
    // A copy of the whole folder: same names, same bytes, other files.
    let away = world.folder.path().join("away");
    fs::rename(world.dir(), &away).unwrap();
    fs::create_dir(world.dir()).unwrap();
    fs::copy(away.join("tree"), world.dir().join("tree")).unwrap();
    let first = segment::path(&away, 0);
    fs::copy(&first, world.segment(0)).unwrap();
    let before = fs::read(&first).unwrap();
    for _ in 0..2 {
        assert!(ledger.append_blocking(draft(9)).is_err());
    }
    assert_eq!(segment::list(&world.dir()).unwrap(), [0]);
    assert_eq!(fs::read(world.segment(0)).unwrap(), before);
    assert_eq!(fs::read(&first).unwrap(), before);
}

#[test]
fn a_newest_commit_that_reads_back_otherwise_stays_a_fault() {
    let world = World::new();
    let ledger = world.open();
    ledger.append_blocking(draft(0)).unwrap();
    world.disk.0.write.store(true, SeqCst);
    assert!(ledger.append_blocking(draft(1)).is_err());
    world.disk.0.write.store(false, SeqCst);
    let good = fs::read(world.segment(0)).unwrap();
    let mut bytes = good.clone();
    *bytes.last_mut().unwrap() ^= 1;
    use std::os::unix::fs::FileExt;
    let file = disk::RealDisk.open(&world.segment(0)).unwrap();
    file.write_all_at(&bytes, 0).unwrap();
    assert!(ledger.append_blocking(draft(1)).is_err());
    file.set_len(good.len() as u64 - 1).unwrap();
    assert!(ledger.append_blocking(draft(1)).is_err());
    file.write_all_at(&good, 0).unwrap();
    ledger.append_blocking(draft(1)).unwrap();
    reopened(&world, &ledger);
}

#[test]
fn a_ledger_that_cannot_be_made_durable_does_not_open() {
    let world = World::with_records(1);
    world.disk.0.sync.store(true, SeqCst);
    assert!(matches!(world.try_open(), Err(OpenError::Io { .. })));
    world.disk.0.sync.store(false, SeqCst);
    assert_eq!(bodies(&world.open()), [0]);
}
