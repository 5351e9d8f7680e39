use super::*;

fn key(number: u32) -> Key {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(number.to_be_bytes()) {
        *to = from;
    }
    key
}

#[test]
fn a_key_counts_at_least_until_its_time_and_is_gone_two_minutes_later() {
    let mut set = Expiring::default();
    set.insert(key(1), 90_000);
    set.sweep(90_000);
    assert!(set.contains(&key(1)));
    set.sweep(90_000 + 2 * MINUTE_MS);
    assert!(!set.contains(&key(1)) && set.is_empty());
}

#[test]
fn a_key_that_comes_again_counts_until_the_later_time() {
    let mut set = Expiring::default();
    set.insert(key(1), MINUTE_MS);
    set.insert(key(1), 10 * MINUTE_MS);
    set.insert(key(1), 5 * MINUTE_MS);
    set.sweep(9 * MINUTE_MS);
    assert!(set.contains(&key(1)));
    assert_eq!(set.keys().counting(9 * MINUTE_MS).count(), 1);
    set.sweep(20 * MINUTE_MS);
    assert!(set.is_empty());
}

#[test]
fn a_sweep_drops_a_bounded_number_and_the_next_goes_on() {
    let mut set = Expiring::default();
    let many = 2 * u32::try_from(SWEPT_AT_ONCE).unwrap_or_default() + 1;
    (0..many).for_each(|number| set.insert(key(number), 0));
    set.sweep(10 * MINUTE_MS);
    assert_eq!(set.len(), SWEPT_AT_ONCE + 1);
    set.sweep(10 * MINUTE_MS);
    set.sweep(10 * MINUTE_MS);
    assert!(set.is_empty());
    let room = set.keys.tables.iter().map(|table| table.capacity());
    assert!(room.sum::<usize>() <= ROOMY * SWEPT_AT_ONCE);
}

#[test]
fn a_copy_stays_as_it_is_and_shares_what_does_not_change() {
    let mut set = Expiring::default();
    (0..10_000).for_each(|number| set.insert(key(number), MINUTE_MS));
    let copy = set.keys();
    set.insert(key(10_000), MINUTE_MS);
    let shared = |(a, b): &(&Arc<_>, &Arc<_>)| Arc::ptr_eq(a, b);
    let both = copy.tables.iter().zip(&set.keys.tables);
    assert_eq!(both.filter(shared).count(), TABLES - 1);
    set.sweep(10 * MINUTE_MS);
    assert_eq!(copy.counting(MINUTE_MS).count(), 10_000);
}

#[test]
fn a_sweep_beside_a_copy_copies_few_tables_and_the_next_goes_on() {
    let mut set = Expiring::default();
    (0..10_000).for_each(|number| set.insert(key(number), 0));
    let copy = set.keys();
    set.sweep(10 * MINUTE_MS);
    let shared = |(a, b): &(&Arc<_>, &Arc<_>)| Arc::ptr_eq(a, b);
    let both = copy.tables.iter().zip(&set.keys.tables);
    assert_eq!(both.filter(shared).count(), TABLES - COPIED_AT_ONCE);
    assert!((0..10_000).any(|number| !set.contains(&key(number))));
    assert_eq!(copy.counting(0).count(), 10_000);
    drop(copy);
    (0..20).for_each(|_| set.sweep(10 * MINUTE_MS));
    assert!(set.is_empty());
}
