//! As many vendors' credentials as may be out at one time, and what remembering
//! them costs in memory. The one test here has a process of its own, so that
//! nothing but they make it grow.
#![allow(clippy::unwrap_used, reason = "tests")]

use locum_core::decide::OUTCOME;
use locum_core::ids::{Jti, Uuid7};
use locum_core::record::{Draft, Place, key_text};
use locum_core::testing::{NOW_S, Names};
use locum_stores::ledger::Follower;
use locum_stores::state::{HANDED_MAX, Shared, State};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::{fs, io};

/// Most bytes of memory that all of them may take together.
const MOST: u64 = 64_000_000;
/// What one descends from: a person, and four agents one after the other, each
/// with version, owner, client and token.
const ANCESTORS: u64 = 25;
/// As long as the id of an agent, a client or a target may be.
const LONG: &str = "an-id-of-sixty-three-characters-0123456789-0123456789-012345678";

fn key(number: u64, place: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key[8..].copy_from_slice(&place.to_be_bytes());
    key
}

/// The permit of one, and that it was obtained.
fn records(number: u64) -> [Draft; 2] {
    let ms = NOW_S * 1000 + number;
    let jti = Jti(Uuid7::new(ms, [0; 10]));
    let lineage: Vec<_> = (0..ANCESTORS)
        .map(|place| key_text::of(&key(number, place)))
        .collect();
    let permit = json!({
        "outcome": "permit", "client_id": LONG, "marks": [], "uses": null, "jti": jti,
        "target": LONG, "actor": LONG, "presenter": LONG, "exp": NOW_S + 600,
        "lineage": lineage, "since": vec![ms; ANCESTORS as usize],
        "awaits": {"account": null, "agents": [LONG, LONG, LONG, LONG], "unsafe": []},
    });
    let outcome = json!({
        "of": jti, "state": "obtained", "expires_at": NOW_S + 6_000, "revocable": true,
        "fingerprint": key_text::of(&key(number, ANCESTORS)),
    });
    [
        Draft::new("decision", [3; 16], permit, None),
        Draft::new(OUTCOME, [3; 16], outcome, None),
    ]
}

/// Bytes of memory that this process alone has.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    let mut pages = text.split(' ').map(|n| n.parse::<u64>().unwrap());
    let (resident, shared) = (pages.nth(1).unwrap(), pages.next().unwrap());
    (resident - shared) * 4_096
}

#[test]
fn as_many_credentials_as_may_be_out_cost_64_mb() {
    let mut shared = Shared::new(State::new(Arc::new(Names)));
    let mut hand_out = |number: u64| {
        for (place, draft) in records(number).iter().enumerate() {
            let place = Place {
                tree: "growth".into(),
                index: number * 2 + place as u64,
                time_ms: NOW_S * 1000 + number,
            };
            shared.appended(&place, draft).unwrap();
        }
    };
    // What is there once.
    hand_out(0);
    let before = memory();
    (1..HANDED_MAX as u64).for_each(&mut hand_out);
    let took = memory().saturating_sub(before);
    assert_eq!(shared.read().handed.live().count(), HANDED_MAX);
    let each = took / HANDED_MAX as u64;
    writeln!(
        io::stdout(),
        "{HANDED_MAX} credentials: {took} bytes, {each} each"
    )
    .unwrap();
    assert!(took <= MOST, "expected at most {MOST} bytes, found {took}");
}
