//! What clients can make grow, a million times each, and what it costs in
//! memory: no more than the table "What grows" of `docs/reference/limits.md`
//! says. Each kind has a process of its own, this one started again, so that
//! what one freed is not what another is given.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use locum_core::decide::marked;
use locum_core::ids::{GrantId, Jti, RequestId, RevocationId, Uuid7};
use locum_core::lineage::{LineageKind, What};
use locum_core::record::{Draft, Place};
use locum_core::testing::{NOW_S, Names, grant};
use locum_stores::Coming;
use locum_stores::claims::{Claims, Mark};
use locum_stores::ledger::{Follower, Ledger, LedgerOptions, Opened};
use locum_stores::state::{Author, Change, RevocationEntry, Shared, State, draft};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Which kind of thing a process is to count.
const KIND: &str = "LOCUM_GROWTH_KIND";
/// Things of each kind.
const THINGS: u64 = 1_000_000;
/// Of these the first ones make what is there once, such as first pages.
const FIRST: u64 = THINGS / 10;

/// What clients can cause: its name in the table, and how far apart in time,
/// in milliseconds.
const KINDS: [(&str, u64); 5] = [
    ("a token that its client revokes", 100),
    ("one token that its client revokes again and again", 100),
    ("an assertion's mark", 20),
    ("a refusal", 20),
    ("a permit", 20),
];

fn uuid(number: u64, ms: u64) -> Uuid7 {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_be_bytes());
    Uuid7::new(ms, random)
}

/// A change by a client.
fn by_client(changes: &[Change]) -> Draft {
    let author = Author {
        by: "invoice-agent".into(),
        credential: None,
        reason: "RFC 7009".into(),
        request_id: Some("req_01kb3x0000000000000000000".into()),
    };
    draft(changes, &author, [[1; 16], [2; 16]], &Names).unwrap()
}

fn revoked(jti: Jti, number: u64, ms: u64) -> Draft {
    by_client(&[Change::Revocation {
        revocation: RevocationEntry {
            id: RevocationId(uuid(number, ms)),
            what: What {
                kind: LineageKind::Token,
                id: jti.to_string(),
            },
            before_ms: None,
            reason: "revoked by its client".into(),
            effective_ms: 0,
            by: "invoice-agent".into(),
            key: None,
        },
    }])
}

/// A decision as far as it is folded.
fn decision(outcome: &str, uses: Option<GrantId>, ms: u64) -> Draft {
    let body = json!({
        "outcome": outcome, "client_id": "invoice-agent", "marks": [], "uses": uses,
        "exp": ms / 1000 + 300,
    });
    Draft::new("decision", [3; 16], body, None)
}

/// The record of one thing.
fn record(kind: &str, number: u64, ms: u64, shared: &Shared) -> Draft {
    let uses = GrantId(uuid(0, NOW_S * 1000));
    match kind {
        "a token that its client revokes" => revoked(Jti(uuid(number, ms)), number, ms),
        "one token that its client revokes again and again" => {
            revoked(Jti(uuid(0, NOW_S * 1000)), number, ms)
        }
        "an assertion's mark" => {
            let mark = uuid(number, ms).to_bytes();
            let until_s = ms / 1000 + 301;
            // As a request does before its record.
            let wanted = Mark {
                key: mark,
                request: [0; 32],
                until_s,
                issued_s: 0,
            };
            taken(shared.take(wanted, ms / 1000)).unwrap();
            let answered = (Some((mark, until_s, None)), &[][..]);
            marked(
                "invoice-agent",
                RequestId(uuid(number, ms)),
                answered,
                [4; 16],
            )
        }
        "a refusal" => decision("refusal", None, ms),
        _ => decision("permit", Some(uses), ms),
    }
}

/// What the embedded backend has at once.
fn taken<T>(mut coming: Coming<'_, T>) -> T {
    match coming
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(found) => found,
        Poll::Pending => panic!("expected a claim at once"),
    }
}

/// Bytes of memory that this process alone has.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    let mut pages = text.split(' ').map(|n| n.parse::<u64>().unwrap());
    let (resident, shared) = (pages.nth(1).unwrap(), pages.next().unwrap());
    (resident - shared) * 4_096
}

/// Folds a million of a kind and says how many bytes each took.
fn bytes_each(kind: &str, apart_ms: u64) -> u64 {
    let mut shared = Shared::new(State::new(Arc::new(Names)));
    let used = grant(
        0,
        "invoice-agent",
        json!([{"target": "sap", "scopes": ["a"]}]),
    );
    let mut fold = |number: u64, draft: &Draft| {
        let place = Place {
            tree: "growth".into(),
            index: number,
            time_ms: NOW_S * 1000 + number * apart_ms,
        };
        shared.appended(&place, draft).unwrap();
        shared.clone()
    };
    let mut state = fold(0, &by_client(&[Change::Grant { grant: used }]));
    let mut before = 0;
    for number in 1..=THINGS {
        if number == FIRST {
            before = memory();
        }
        let ms = NOW_S * 1000 + number * apart_ms;
        let draft = record(kind, number, ms, &state);
        state = fold(number, &draft);
    }
    memory().saturating_sub(before) / (THINGS - FIRST)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process that was started for one kind"
)]
fn chosen() -> Option<String> {
    std::env::var(KIND).ok()
}

/// The bytes that the table says a thing of that kind costs.
fn said(kind: &str) -> u64 {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/limits.md");
    let page = fs::read_to_string(page).unwrap();
    let row = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .find(|cells| cells.get(1) == Some(&kind))
        .unwrap_or_else(|| panic!("expected a row for `{kind}` in the table, found none"));
    row[4].replace(',', "").parse().unwrap()
}

#[test]
fn a_million_of_what_clients_cause_costs_what_the_page_says() {
    if let Some(kind) = chosen() {
        let (_, apart_ms) = KINDS.into_iter().find(|(name, _)| *name == kind).unwrap();
        // Asked for by the process that started this one.
        fs::write(chosen_file(), bytes_each(&kind, apart_ms).to_string()).unwrap();
        return;
    }
    let findings: Vec<String> = std::thread::scope(|scope| {
        let counts = KINDS.map(|(kind, _)| scope.spawn(move || finding(kind)));
        let ended = counts.into_iter().map(|count| count.join().unwrap());
        ended.flatten().collect()
    });
    assert!(findings.is_empty(), "{findings:#?}");
}

/// What a process of its own finds of a kind that the page does not say.
fn finding(kind: &str) -> Option<String> {
    let out = tempfile::NamedTempFile::new().unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .arg("a_million_of_what_clients_cause_costs_what_the_page_says")
        .arg("--exact")
        .env(KIND, kind)
        .env(OUT, out.path())
        .output()
        .unwrap();
    let text = fs::read_to_string(out.path()).unwrap();
    assert!(
        ended.status.success() && !text.is_empty(),
        "{kind}: {ended:?}"
    );
    let (found, said) = (text.parse::<u64>().unwrap(), said(kind));
    (found > said).then(|| format!("{kind}: at most {said} bytes said, {found} found"))
}

/// Where the process that was started leaves its figure.
const OUT: &str = "LOCUM_GROWTH_OUT";

#[expect(
    clippy::disallowed_methods,
    reason = "a process that was started for one kind"
)]
fn chosen_file() -> String {
    std::env::var(OUT).unwrap()
}

/// Opens the ledger of a folder.
fn open(folder: &Path) -> (Ledger, Opened) {
    let state = Shared::new(State::new(Arc::new(Names)));
    let mut options = LedgerOptions::new(folder.to_owned(), [7; 10]);
    options.segment_bytes = 4 << 20;
    let clock = Arc::new(|| NOW_S * 1000);
    Ledger::open(options, clock, Box::new(state)).unwrap()
}

#[test]
fn a_start_reads_no_more_than_what_came_after_a_snapshot() {
    const RECORDS: u64 = 100_000;
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    let folder = folder.unwrap();
    let (ledger, _) = open(folder.path());
    for number in 1..=RECORDS {
        let draft = revoked(Jti(uuid(number, NOW_S * 1000)), number, NOW_S * 1000);
        if number % 1_000 == 0 {
            ledger.append_blocking(draft).unwrap();
        } else {
            drop(ledger.append(draft));
        }
    }
    ledger.close();
    let (ledger, opened) = open(folder.path());
    ledger.close();
    assert!(opened.records >= RECORDS);
    // Two segments of records at the most, each of hundreds of bytes.
    let replayed = opened.records - opened.from_snapshot;
    let most = 2 * (4 << 20) / 400 + 2_000;
    assert!(
        replayed <= most,
        "expected at most {most} read again, found {replayed}"
    );
}
