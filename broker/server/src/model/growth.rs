//! What operators can make grow, 20,000 times each through the API, and what it
//! costs in memory: no more than the table "What grows" of
//! `docs/reference/limits.md` says. Each kind has a process of its own, this one
//! started again. How long others' exchanges take before and after, and what a
//! start reads again, is written beside it; only the latter is asserted, since
//! it does not depend on the machine.

use super::scene::Scene;
use crate::tests::broker::shown;
use locum_ambient::Stopwatch;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::{fs, io};

/// Which kind of thing a process is to count, and where its figures go.
const KIND: &str = "LOCUM_GROWTH_KIND";
const OUT: &str = "LOCUM_GROWTH_OUT";
/// Things of each kind; the first tenth makes what is there once.
const THINGS: u64 = if cfg!(debug_assertions) {
    1_000
} else {
    20_000
};
/// Processes at a time.
const AT_ONCE: usize = 2;
/// Exchanges that are timed.
const TIMED: usize = 400;
/// Several snapshots in a run, and at most one among the exchanges that are timed.
const SEGMENT_BYTES: u64 = 2 * 1024 * 1024;
/// Most records that a start reads again: those of two segments.
const READ_AGAIN_MOST: u64 = 2 * SEGMENT_BYTES / 300;
/// What is freed goes back to the system at once, and no page is a huge one, so
/// that the process shows what things cost and not what its allocator keeps.
const ALLOCATOR: [(&str, &str); 2] = [("MIMALLOC_PURGE_DELAY", "0"), ("MIMALLOC_ALLOW_THP", "0")];

/// One of them.
type Make = fn(&mut Scene, u64);

/// What operators can cause, as the table names it, and how far apart in time,
/// in milliseconds.
const KINDS: [(&str, u64, Make); 8] = [
    ("a revocation", 60_000, revocation),
    ("a lock that was lifted", 60_000, lock),
    ("a grant that is over", 61_000, grant),
    ("a version of an agent", 60_000, version),
    ("an agent's owner", 60_000, owner),
    ("a credential that was revoked", 60_000, credential),
    ("a rotation of the keys", 600_000, rotation),
    ("an answer under an `Idempotency-Key`", 10_000, answer),
];

fn revocation(scene: &mut Scene, number: u64) {
    let what = json!({"kind": "person", "id": format!("corp:person-{number}")});
    let body = json!({"what": what, "reason": "growth"});
    scene.broker.must("POST", "/revocations", &body);
}

fn lock(scene: &mut Scene, number: u64) {
    let what = json!({"kind": "person", "id": format!("corp:person-{number}")});
    let body = json!({"what": what, "reason": "growth"});
    let made = scene.broker.must("POST", "/locks", &body);
    let path = format!("/locks/{}/lift", made["id"].as_str().unwrap());
    scene
        .broker
        .must("POST", &path, &json!({"reason": "growth"}));
}

fn grant(scene: &mut Scene, _: u64) {
    let expires_ms = scene.broker.now_ms() + 60_000;
    let body = json!({
        "person": "corp:ada", "agent": scene.history.agents[0].id,
        "expires_at": shown(expires_ms), "targets": [{"target": "t0", "scopes": ["read"]}],
        "reason": "growth",
    });
    scene.broker.must("POST", "/grants", &body);
}

fn version(scene: &mut Scene, _: u64) {
    let id = scene.history.agents[0].id.clone();
    scene.version(&id, 31_536_000);
}

fn owner(scene: &mut Scene, number: u64) {
    let id = scene.history.agents[0].id.clone();
    let (status, answer) = scene.put_agent(&id, |spec| {
        spec["owner"]["id"] = json!(format!("team-{number}"));
    });
    assert_eq!(status, 200, "{answer}");
}

fn credential(scene: &mut Scene, number: u64) {
    let body = json!({"role": "auditor", "name": format!("auditor {number}")});
    let made = scene.broker.must("POST", "/credentials", &body);
    let path = format!("/credentials/{}/revoke", made["id"].as_str().unwrap());
    scene
        .broker
        .must("POST", &path, &json!({"reason": "growth"}));
}

fn rotation(scene: &mut Scene, _: u64) {
    let body = json!({"alg": "ES256", "reason": "growth"});
    scene.broker.must("POST", "/keys/rotate", &body);
}

fn answer(scene: &mut Scene, number: u64) {
    let id = &scene.history.agents[0].id;
    let deed = if number.is_multiple_of(2) {
        "resume"
    } else {
        "suspend"
    };
    let path = format!("/agents/{id}/{deed}");
    let once = ("idempotency-key", format!("growth {number}"));
    let body = json!({"reason": "growth"});
    let (status, answer) = scene.broker.admin_with("POST", &path, &body, &[once]);
    assert_eq!(status, 200, "{answer}");
}

/// What a process found.
fn counted(kind: &str) -> Value {
    let (_, apart_ms, make) = KINDS
        .into_iter()
        .find(|(name, _, _)| *name == kind)
        .unwrap();
    let mut scene = Scene::new(SEGMENT_BYTES);
    let before = Exchanges::timed(&mut scene);
    let (mut first, mut last) = (0, 0);
    for number in 1..=THINGS {
        scene.broker.pass(apart_ms);
        make(&mut scene, number);
        if number == THINGS / 10 {
            scene.broker.end_after(|| first = memory());
            scene.broker.begin();
        }
    }
    let after = Exchanges::timed(&mut scene);
    let records = scene.broker.app().broker.records.ledger.stats().records;
    scene.broker.end_after(|| last = memory());
    let each = last.saturating_sub(first) / (THINGS - THINGS / 10);
    let newest = newest_snapshot(&scene.broker.ledger());
    let watch = Stopwatch::start();
    scene.broker.begin();
    json!({
        "bytes_each": each, "before": before, "after": after,
        "records": records, "read_again": records.saturating_sub(newest),
        "start_ms": watch.elapsed().as_millis() as u64,
    })
}

/// For how many records the newest snapshot of a folder stands.
pub(super) fn newest_snapshot(ledger: &Path) -> u64 {
    let names = fs::read_dir(ledger)
        .unwrap()
        .map(|file| file.unwrap().file_name());
    let stems =
        names.filter_map(|name| Some(name.to_str()?.strip_suffix(".snap")?.parse().unwrap()));
    stems.max().unwrap_or_default()
}

/// How long exchanges took, in microseconds.
#[derive(Debug, serde::Serialize)]
pub(super) struct Exchanges {
    p50_us: u64,
    p99_us: u64,
    slowest_us: u64,
}

impl Exchanges {
    /// Those of an agent for itself, one after the other.
    pub(super) fn timed(scene: &mut Scene) -> Self {
        let agent = scene.history.agents[1].clone();
        let mut form = super::acting::by_secret(&agent.id, &agent.secret);
        form.push(("grant_type", "client_credentials".into()));
        form.push(("audience", "t1".into()));
        form.push(("scope", "read".into()));
        let mut took: Vec<u64> = (0..TIMED)
            .map(|_| {
                let watch = Stopwatch::start();
                let (status, answer) = scene.broker.form("/token", &form);
                assert_eq!(status, 200, "{answer}");
                watch.elapsed().as_micros() as u64
            })
            .collect();
        took.sort_unstable();
        Self {
            p50_us: took[TIMED / 2],
            p99_us: took[TIMED * 99 / 100],
            slowest_us: took[TIMED - 1],
        }
    }
}

/// Bytes of memory that this process alone has.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    let mut pages = text.split(' ').map(|n| n.parse::<u64>().unwrap());
    let (resident, shared) = (pages.nth(1).unwrap(), pages.next().unwrap());
    (resident - shared) * 4_096
}

/// The bytes that the table says a thing of that kind costs.
fn bytes_said(kind: &str) -> u64 {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/limits.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let mut cells = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let row = cells.find(|cells| cells.get(1) == Some(&kind));
    let row = row.unwrap_or_else(|| panic!("expected a row for `{kind}`, found none"));
    row[4].replace(',', "").parse().unwrap()
}

/// What each kind's process found, a few processes at a time.
fn apart(test: &str) -> Vec<(&'static str, Result<String, String>)> {
    let next = Mutex::new(KINDS.into_iter());
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((kind, _, _)) = next.lock().unwrap().next() else {
                        return;
                    };
                    let counted = in_a_process(test, kind);
                    found.lock().unwrap().push((kind, counted));
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// What the process of a kind found, or said when it ended.
fn in_a_process(test: &str, kind: &str) -> Result<String, String> {
    let out = tempfile::NamedTempFile::new().unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact"])
        .envs(ALLOCATOR)
        .env(KIND, kind)
        .env(OUT, out.path())
        .output()
        .unwrap();
    let text = fs::read_to_string(out.path()).unwrap();
    if ended.status.success() && !text.is_empty() {
        return Ok(text);
    }
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    Err(said.lines().take(4).collect::<Vec<_>>().join(" "))
}

#[test]
fn twenty_thousand_of_what_operators_cause_cost_what_the_page_says() {
    if let Some(kind) = super::said(KIND) {
        fs::write(super::said(OUT).unwrap(), counted(&kind).to_string()).unwrap();
        return;
    }
    let name = std::thread::current().name().unwrap().to_owned();
    let mut findings = Vec::new();
    for (kind, counted) in apart(&name) {
        let text = match counted {
            Ok(text) => text,
            Err(said) => {
                findings.push(format!("{kind}: {said}"));
                continue;
            }
        };
        writeln!(io::stdout(), "{kind}: {text}").unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        let (each, said) = (found["bytes_each"].as_u64().unwrap(), bytes_said(kind));
        // Few things in a debug build: what is there once shows more.
        if each > said && !cfg!(debug_assertions) {
            findings.push(format!("{kind}: at most {said} bytes said, {each} found"));
        }
        let again = found["read_again"].as_u64().unwrap();
        if again > READ_AGAIN_MOST {
            findings.push(format!(
                "{kind}: at most {READ_AGAIN_MOST} records read again, {again} found"
            ));
        }
    }
    assert!(findings.is_empty(), "{findings:#?}");
}
