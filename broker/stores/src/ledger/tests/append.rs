use super::*;
use locum_core::record::{RECORD_MAX, leaf_hash};

#[test]
fn what_was_appended_is_there_after_a_restart() {
    let world = World::new();
    let (ledger, opened) = world.try_open().unwrap();
    assert_eq!((opened.records, opened.repaired_bytes), (0, 0));
    for n in 0..10 {
        assert_eq!(ledger.append_blocking(with_side(n)).unwrap().place.index, n);
    }
    assert_eq!(world.seen(), (0..10).collect::<Vec<_>>());
    ledger.close();
    let (ledger, again) = world.try_open().unwrap();
    assert_eq!((again.records, again.last_time_ms), (10, 1_000));
    assert_eq!(again.tree, opened.tree);
    assert_eq!(world.seen(), (0..10).collect::<Vec<_>>());
    let entry = ledger.reader().get(4).unwrap().unwrap();
    assert_eq!(entry.kind, "decision");
    assert_eq!(entry.side, Some(json!({"name": "Ada"})));
    assert_eq!(ledger.append_blocking(draft(10)).unwrap().place.index, 10);
}

#[test]
fn the_leaf_hash_is_that_of_the_drafts_bytes_at_its_place() {
    let world = World::new();
    let draft = Arc::new(with_side(1));
    let appended = world.open().append_blocking(draft.clone()).unwrap();
    let bytes = draft.encode(&appended.place).unwrap();
    assert_eq!(appended.leaf_hash, leaf_hash(&bytes));
}

#[test]
fn the_tree_is_named_once_in_base32() {
    let world = World::with_records(0);
    assert_eq!(
        identity::Tree::from_seed([0xff; 10]).as_str(),
        "7777777777777777"
    );
    let (_ledger, opened) = world.try_open().unwrap();
    // RFC 4648 §6 of ten bytes 0x07.
    assert_eq!(opened.tree, "a4dqobyha4dqobyh");
}

#[test]
fn what_collects_during_a_sync_is_one_commit() {
    let world = World::new();
    let ledger = world.open();
    world.disk.0.shut();
    let first = ledger.append(draft(0));
    world.disk.0.wait_until_a_sync_waits();
    let rest: Vec<_> = (1..=100).map(|n| ledger.append(draft(n))).collect();
    world.disk.0.release();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        assert_eq!(first.await.unwrap().place.index, 0);
        for (n, answer) in (1..).zip(rest) {
            assert_eq!(answer.await.unwrap().place.index, n);
        }
    });
    let stats = ledger.stats();
    assert_eq!((stats.records, stats.commits), (101, 2));
    assert_eq!(stats.fsync_counts.iter().sum::<u64>(), 2);
    assert_eq!(stats.last_index, Some(100));
}

#[test]
fn concurrent_appends_leave_no_gap_and_lose_nothing() {
    let mut world = World::new();
    world.segment_bytes = 5_000;
    let ledger = world.open();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let ledger = ledger.clone();
            scope.spawn(move || {
                for n in 0..50 {
                    ledger.append_blocking(draft(writer * 50 + n)).unwrap();
                }
            });
        }
    });
    drop(ledger);
    let (ledger, opened) = world.try_open().unwrap();
    assert_eq!(opened.records, 400);
    let mut found = bodies(&ledger);
    found.sort_unstable();
    assert_eq!(found, (0..400).collect::<Vec<_>>());
    assert!(segment::list(&world.dir()).unwrap().len() > 10);
}

#[test]
fn time_never_goes_back_not_even_over_a_restart() {
    let world = World::new();
    let ledger = world.open();
    let mut times = Vec::new();
    for now in [5_000, 3_000, 6_000] {
        world.clock.store(now, SeqCst);
        times.push(ledger.append_blocking(draft(0)).unwrap().place.time_ms);
    }
    drop(ledger);
    world.clock.store(10, SeqCst);
    times.push(
        world
            .open()
            .append_blocking(draft(0))
            .unwrap()
            .place
            .time_ms,
    );
    assert_eq!(times, [5_000, 5_000, 6_000, 6_000]);
}

#[test]
fn what_is_too_large_or_too_deep_is_refused_and_takes_no_index() {
    let world = World::new();
    let ledger = world.open();
    let text = |len: usize| json!("x".repeat(len));
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    for (body, side) in [
        (text(RECORD_MAX - 20), None),
        (text(RECORD_MAX), None),
        (json!({}), Some(text(SIDE_MAX))),
    ] {
        let refused = ledger.append_blocking(Draft::new("x", [0; 16], body, side));
        assert!(matches!(refused, Err(AppendError::TooLarge { .. })));
    }
    let refused = ledger.append_blocking(Draft::new("x", [0; 16], deep, None));
    assert_eq!(refused, Err(AppendError::TooDeep { found: 200 }));
    assert_eq!(ledger.append_blocking(draft(0)).unwrap().place.index, 0);
    ledger.close();
    assert_eq!(bodies(&world.open()), [0]);
}

#[test]
fn the_largest_records_of_all_fit_and_are_read_back() {
    let world = World::new();
    let ledger = world.open();
    let largest = || {
        let body = json!({"n": 1, "text": "x".repeat(RECORD_MAX - 200)});
        Draft::new("x", [0; 16], body, Some(json!("y".repeat(SIDE_MAX - 2))))
    };
    world.disk.0.shut();
    let waiting: Vec<_> = (0..40).map(|_| ledger.append(largest())).collect();
    world.disk.0.release();
    ledger.close();
    drop(waiting);
    assert_eq!(world.try_open().unwrap().1.records, 40);
}

#[test]
fn one_more_than_may_wait_is_unavailable() {
    let mut world = World::new();
    world.queue = 2;
    let ledger = world.open();
    world.disk.0.shut();
    let _writing = ledger.append(draft(0));
    world.disk.0.wait_until_a_sync_waits();
    let _waiting = [ledger.append(draft(1)), ledger.append(draft(2))];
    let refused = ledger.append_blocking(draft(3));
    assert!(matches!(refused, Err(AppendError::Unavailable(_))));
    world.disk.0.release();
    ledger.close();
    assert_eq!(ledger.stats().records, 3);
}

#[test]
fn closing_writes_what_waits_and_takes_no_more() {
    let world = World::new();
    let ledger = world.open();
    let waiting: Vec<_> = (0..5).map(|n| ledger.append(draft(n))).collect();
    ledger.close();
    assert_eq!(ledger.append_blocking(draft(9)), Err(AppendError::Closed));
    assert_eq!(bodies(&ledger), [0, 1, 2, 3, 4]);
    drop(waiting);
    world.open();
}

#[test]
fn a_record_the_follower_refuses_closes_the_ledger_for_writing() {
    let world = World::new();
    let ledger = world.open();
    let refused = || Draft::new("x", [0; 16], json!("refuse"), None);
    assert!(ledger.append_blocking(draft(0)).is_ok());
    let unavailable = AppendError::Unavailable("cannot be followed".into());
    assert_eq!(ledger.append_blocking(refused()), Err(unavailable.clone()));
    assert_eq!(ledger.append_blocking(draft(1)), Err(unavailable));
    assert!(!ledger.stats().available);
    ledger.close();
    let again = world.try_open().err().unwrap();
    assert!(matches!(again, OpenError::Follower { index: 1, .. }));
}

#[test]
fn a_folder_has_one_ledger_at_a_time() {
    let world = World::new();
    let ledger = world.open();
    assert!(matches!(world.try_open(), Err(OpenError::InUse { .. })));
    drop(ledger);
    assert!(world.try_open().is_ok());
}

#[test]
fn on_a_real_disk_a_copy_taken_at_any_moment_holds_all_that_was_answered() {
    let world = World::new();
    let open = |dir| {
        let memory = Box::new(Memory(world.seen.clone()));
        Ledger::open(LedgerOptions::new(dir, [1; 10]), Arc::new(|| 1), memory).unwrap()
    };
    let (ledger, opened) = open(world.dir());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|n| drop(ledger.append_blocking(with_side(n)))));
        }
        for round in 0..10 {
            let copy = world.folder.path().join(format!("copy{round}"));
            std::fs::create_dir(&copy).unwrap();
            let answered = ledger.stats().records;
            for name in ["tree", "00000000000000000000.seg"] {
                std::fs::copy(world.dir().join(name), copy.join(name)).unwrap();
            }
            let (_copied, found) = open(copy);
            assert!(found.records >= answered);
            assert_eq!(found.tree, opened.tree);
        }
    });
    assert_eq!(ledger.stats().records, 400);
}

#[test]
fn when_the_writer_dies_nobody_waits_in_vain() {
    struct Fatal;
    impl Follower for Fatal {
        fn replay(&mut self, _: &Entry) -> Result<(), String> {
            Ok(())
        }
        fn appended(&mut self, _: &Place, _: &Draft) -> Result<(), String> {
            panic!("a follower's bug")
        }
    }
    let world = World::new();
    let options = LedgerOptions::new(world.dir(), [1; 10]);
    let (ledger, _) = Ledger::open(options, Arc::new(|| 1), Box::new(Fatal)).unwrap();
    for n in 0..3 {
        assert_eq!(ledger.append_blocking(draft(n)), Err(AppendError::Closed));
    }
    assert!(!ledger.stats().available);
}
