//! How long a ledger takes to open:
//! `cargo run --release -p locum-stores --example opening -- FOLDER [RECORDS] [fill]`.
//!
//! Fills the folder with decisions of the usual size up to that many (a
//! million by default), then opens it twice, as a start would and with its
//! snapshots away, and says what both took. With `fill` it only fills, also
//! the ledger of a broker that was stopped, so that a start of it can be timed.
#![expect(
    clippy::disallowed_methods,
    reason = "measures, decides nothing; needs its arguments and the time"
)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::jcs::hex;
use locum_core::lineage::{Key, Keyed};
use locum_core::record::{Appended, Draft, leaf_hash};
use locum_stores::ledger::{AppendError, Ledger, LedgerOptions, Opened};
use locum_stores::state::{Shared, State};
use serde_json::{Value, json};
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Threads that append.
const WRITERS: u64 = 2;
/// Records of which a thread waits for the last alone: they are written in
/// order, so it speaks for all.
const BATCH: u64 = 1_000;

type Flaw = Box<dyn std::error::Error>;

struct Names;

impl Keyed for Names {
    fn hash(&self, _: &str, _: &str) -> Key {
        [0; 16]
    }
}

fn main() -> Result<(), Flaw> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("expected a folder, found none")?);
    let wanted = arguments.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let (ledger, _, _) = open(&folder)?;
    fill(&ledger, wanted);
    ledger.close();
    if arguments.next().is_some_and(|word| word == "fill") {
        return Ok(());
    }
    report("as a start", &folder)?;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "snap") {
            std::fs::remove_file(path)?;
        }
    }
    report("without snapshots", &folder)
}

fn report(how: &str, folder: &Path) -> Result<(), Flaw> {
    let begun = Instant::now();
    let (ledger, opened, state) = open(folder)?;
    let took = begun.elapsed();
    let text = format!(
        "{how}: {} records ({} replayed), {} MiB, {} marks: open in {:.3} s\n",
        opened.records,
        opened.records - opened.from_snapshot,
        ledger.stats().bytes >> 20,
        state.read().marks.len(),
        took.as_secs_f64()
    );
    ledger.close();
    Ok(stdout().write_all(text.as_bytes())?)
}

fn open(folder: &Path) -> Result<(Ledger, Opened, Shared), Flaw> {
    let state = Shared::new(State::new(Arc::new(Names)));
    let options = LedgerOptions::new(folder.to_owned(), [7; 10]);
    let (ledger, opened) = Ledger::open(options, Arc::new(now_ms), Box::new(state.clone()))?;
    Ok((ledger, opened, state))
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_millis());
    u64::try_from(now).unwrap_or_default()
}

fn fill(ledger: &Ledger, wanted: u64) {
    let have = ledger.stats().records;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut from = have + writer * BATCH;
                while from < wanted && batch(ledger, from, (from + BATCH).min(wanted)).is_ok() {
                    from += WRITERS * BATCH;
                }
            });
        }
    });
}

fn batch(ledger: &Ledger, from: u64, to: u64) -> Result<Appended, AppendError> {
    for number in from..to.saturating_sub(1) {
        // Queued by the call itself; nobody waits for it.
        drop(ledger.append(decision(number)));
    }
    ledger.append_blocking(decision(to.saturating_sub(1)))
}

/// A permit of the usual size: every second one of an agent that proves itself
/// by an assertion and leaves a mark.
fn decision(number: u64) -> Draft {
    let hash = leaf_hash(&number.to_le_bytes());
    let hex = hex(&hash);
    let short = URL_SAFE_NO_PAD.encode(hash.get(..16).unwrap_or_default());
    let short = short.as_str();
    let check = |name: &str| json!({"name": name, "result": "passed"});
    let checks: Vec<Value> =
        "locks revocation agent presenter may_act target scope details policy basis lifetime size"
            .split(' ')
            .map(check)
            .collect();
    let marks = if number.is_multiple_of(2) {
        json!([[short, now_ms() / 1000 + 300, null]])
    } else {
        json!([])
    };
    let digest = format!("sha256:{hex}");
    let body = json!({
        "request_id": format!("req_{short}"), "client_id": "invoice-agent",
        "client_auth": "private_key_jwt", "requested": {
            "audience": "urn:demo:sap", "scope": "invoice.read", "grant_type": "token-exchange"},
        "checks": checks, "failed": null, "bundle": digest, "marks": marks,
        "personal": {"ip": short, "purpose": short}, "outcome": "permit", "code": null,
        "subject": {"kind": "person", "commitment": hex}, "subject_issuer": "demo",
        "chain": [{"iss": "http://127.0.0.1:8420", "sub": "invoice-agent"}],
        "actor": "invoice-agent", "actor_from": "client", "presenter": "invoice-agent",
        "id": format!("dlg_{short}"), "jti": short, "target": "sap", "basis": "policy",
        "grant": null, "uses": null, "parent": null, "up": [], "ver": [format!("ver_{short}")],
        "aud": "urn:demo:sap", "exp": 1_795_400_300u64, "policies": ["demo.cedar#0"],
        "granted": {"scope": "invoice.read", "lifetime_s": 300},
        "lineage": [short, short, short, short, short],
        "inputs": {"agent": digest, "target": digest, "subject_issuer": digest},
        "sign_in": {"auth_time": 1_795_400_000u64, "acr": null, "amr": ["pwd"]},
    });
    let side = json!({"salt": short, "subject": "demo:ada", "groups": ["demo:finance"],
        "ip": "127.0.0.1", "purpose": "pay what is due"});
    Draft::new("decision", [7; 16], body, Some(side))
}
