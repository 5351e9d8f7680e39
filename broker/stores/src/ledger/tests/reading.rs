use super::*;

/// 300 records at times 0, 10, 20, …, pairs at the same time, in segments.
fn world() -> (World, Ledger) {
    let mut world = World::new();
    world.segment_bytes = 20_000;
    let ledger = world.open();
    for n in 0..300 {
        world.clock.store(n / 2 * 20, SeqCst);
        ledger.append_blocking(draft(n)).unwrap();
    }
    (world, ledger)
}

fn check_all(reader: &Reader) {
    let body = |entry: io::Result<Entry>| entry.unwrap().body["n"].as_u64().unwrap();
    for n in [0, 1, 63, 64, 65, 127, 128, 298, 299] {
        assert_eq!(reader.get(n).unwrap().unwrap().place.index, n);
        let forward: Vec<_> = reader.iter_from(n).map(body).collect();
        assert_eq!(forward, (n..300).collect::<Vec<_>>());
        let back: Vec<_> = reader.iter_back(n).map(body).collect();
        assert_eq!(back, (0..=n).rev().collect::<Vec<_>>());
    }
    assert_eq!(reader.get(300).unwrap(), None);
    assert_eq!(reader.iter_from(300).count(), 0);
    assert_eq!(reader.iter_back(u64::MAX).count(), 300);
    for time in (0..3_100u64).step_by(10) {
        let expected = (time.div_ceil(20) * 2).min(300);
        assert_eq!(reader.find_time(time).unwrap(), expected, "time {time}");
    }
}

#[test]
fn records_are_found_by_index_and_time_from_both_ends() {
    let (world, ledger) = world();
    assert!(segment::list(&world.dir()).unwrap().len() > 2);
    check_all(&ledger.reader());
    let bytes = ledger.stats().bytes;
    drop(ledger);
    let ledger = world.open();
    assert_eq!(ledger.stats().bytes, bytes);
    check_all(&ledger.reader());
}

#[test]
fn an_empty_ledger_reads_as_empty() {
    let reader = World::new().open().reader();
    assert!(reader.is_empty());
    assert_eq!(reader.get(0).unwrap(), None);
    assert_eq!(reader.iter_from(0).count(), 0);
    assert_eq!(reader.iter_back(u64::MAX).count(), 0);
    assert_eq!(reader.find_time(0).unwrap(), 0);
}

#[test]
fn a_reader_beside_the_writer_sees_every_record_once_and_in_order() {
    let mut world = World::new();
    world.segment_bytes = 10_000;
    let ledger = world.open();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..500 {
                ledger.append_blocking(draft(n)).unwrap();
            }
        });
        let mut records = ledger.reader().iter_from(0);
        let mut next = 0;
        while next < 500 {
            let Some(entry) = records.next() else {
                std::thread::yield_now();
                continue;
            };
            assert_eq!(entry.unwrap().body["n"], next);
            next += 1;
        }
    });
}

#[test]
fn what_is_not_yet_durable_is_not_read() {
    let world = World::new();
    let ledger = world.open();
    ledger.append_blocking(draft(0)).unwrap();
    world.disk.0.shut();
    let _waiting = ledger.append(draft(1));
    world.disk.0.wait_until_a_sync_waits();
    assert_eq!(bodies(&ledger), [0]);
    world.disk.0.release();
    ledger.close();
    assert_eq!(bodies(&ledger), [0, 1]);
}

#[test]
fn damage_below_a_reader_is_an_error_and_its_last_item() {
    let (world, ledger) = world();
    let mut bytes = std::fs::read(world.segment(0)).unwrap();
    bytes[60] ^= 1;
    std::fs::write(world.segment(0), bytes).unwrap();
    let reader = ledger.reader();
    assert!(reader.get(0).is_err());
    assert!(reader.get(200).is_ok());
    assert_eq!(reader.iter_from(0).filter(Result::is_err).count(), 1);
    assert_eq!(reader.iter_back(70).filter(Result::is_err).count(), 1);
}

#[test]
fn a_search_finds_what_holds_every_text_in_either_direction() {
    let (_world, ledger) = world();
    let reader = ledger.reader();
    let found = |search: Search| -> Vec<u64> { search.map(|e| e.unwrap().place.index).collect() };
    let texts = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let every: Vec<u64> = (0..300).collect();
    assert_eq!(found(reader.search(0..u64::MAX, texts(&[]))), every);
    let back: Vec<u64> = every.iter().rev().copied().collect();
    assert_eq!(found(reader.search_back(0..u64::MAX, texts(&[]))), back);
    for range in [0..0, 5..6, 60..70, 63..65, 128..300, 299..900] {
        let within: Vec<u64> = range.clone().filter(|n| *n < 300).collect();
        assert_eq!(found(reader.search(range.clone(), texts(&[]))), within);
        let within: Vec<u64> = within.into_iter().rev().collect();
        assert_eq!(found(reader.search_back(range, texts(&[]))), within);
    }
    assert_eq!(found(reader.search(0..300, texts(&["\"n\":77"]))), [77]);
    assert_eq!(
        found(reader.search_back(0..300, texts(&["\"n\":77"]))),
        [77]
    );
    assert_eq!(
        found(reader.search(0..300, texts(&["\"n\":77", "no such"]))),
        [0; 0]
    );
    assert_eq!(found(reader.search(78..300, texts(&["\"n\":77"]))), [0; 0]);
}
