//! `/locks`: a switch on something, until it is lifted (contract §12). Set
//! again with the same `Idempotency-Key`, it is another lock.

use super::answer::Answer;
use super::call::Call;
use super::past;
use super::problem::Problem;
use super::revocations::{confirmed, counted, estimated, scanned, shown, stop, survivors};
use super::times;
use super::write::{Plan, reason};
use crate::api::Api;
use http::StatusCode;
use locum_core::ids::LockId;
use locum_core::lineage::What;
use locum_core::refusal::Code;
use locum_engine::moment::Moment;
use locum_engine::revocations::affected::Act;
use locum_stores::state::{Change, LockEntry, Role};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockWish {
    what: What,
    reason: String,
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

/// Locks in the record.
static RECORDED: past::PastKind<LockEntry> = past::PastKind {
    text: "\"change\":\"lock\"",
    pick: |change, _| match change {
        Change::Lock { lock } => Some(lock),
        _ => None,
    },
    id: |entry| entry.id.0,
    name: |entry| entry.id.to_string(),
};

/// `GET /locks`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let blocks = call.api.broker.records.state.read().lock_blocks.clone();
    let after = |text: &str| LockId::parse(text).ok().map(|id| id.0);
    let show = |lock: &LockEntry| stands(&call.api, lock);
    RECORDED.page(&call, blocks, after, show).await
}

/// `GET /locks/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let id = LockId::parse(call.param("id"));
    let id = id.map_err(|_| Problem::unknown("a lock"))?;
    let lock = found(&call, id).await?;
    Ok(Answer::ok(stands(&call.api, &lock)))
}

/// The lock of that id. One that stands is known, however late after its id its
/// record came.
async fn found(call: &Call, id: LockId) -> Result<LockEntry, Problem> {
    let known = call.api.broker.records.state.read().locks.get(&id).cloned();
    if let Some(lock) = known {
        return Ok(lock);
    }
    let recorded = RECORDED.one(&call.api.broker.records, id.0).await?;
    recorded.ok_or_else(|| Problem::unknown("a lock"))
}

/// A lock of the record as it stands now.
fn stands(api: &Api, lock: &LockEntry) -> Value {
    let lifted = api.broker.records.state.read().lifted.contains(&lock.id);
    let lock = LockEntry {
        lifted,
        ..lock.clone()
    };
    show(&lock, api.broker.records.clock.now_ms())
}

/// `POST /locks`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn make(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Operator)?;
    let started_ms = call.api.broker.records.clock.now_ms();
    let wish: LockWish = call.read()?;
    if !wish.what.kind.can_be_locked() {
        let expected = "expected a kind that can be locked; revoke it instead";
        return Err(Problem::at("/what/kind", expected));
    }
    let expires_ms = wish
        .expires_at
        .as_deref()
        .map(|text| ends(text, started_ms));
    let expires_ms = expires_ms.transpose()?;
    let reason = reason(&wish.reason)?;
    if wish.dry_run {
        let affected = scanned(&call.api, stop(&call, &wish.what, Act::Lock)?).await?;
        return Ok(Answer::ok(json!({
            "affected": counted(&affected, false),
            "survivors": survivors(&affected),
        })));
    }
    let (id, stop, index) = {
        call.fresh()?;
        let stop = stop(&call, &wish.what, Act::Lock)?;
        let lock = LockEntry {
            id: LockId(call.api.broker.records.mint()),
            what: wish.what,
            reason: reason.clone(),
            created_at_ms: call.api.broker.records.clock.now_ms(),
            expires_ms,
            lifted: false,
            by: call.who.name.clone(),
            key: None,
        };
        let id = lock.id;
        let change = Change::Lock { lock };
        let name = id.to_string();
        let made = call.record_unconditionally(change, reason, &name).await?;
        (id, stop, made.appended.place.index)
    };
    let confirmed = confirmed(&call.api, index, started_ms).await;
    let affected = estimated(&call.api, stop).await;
    let made = json!({
        "id": id,
        "affected": counted(&affected, true),
        "confirmed": confirmed,
        "survivors": survivors(&affected),
    });
    Ok(Answer::new(StatusCode::CREATED, made))
}

fn ends(text: &str, now_ms: u64) -> Result<u64, Problem> {
    let end = times::read_ms("/expires_at", text)?;
    if end <= now_ms {
        return Err(Problem::at("/expires_at", "expected a time in the future"));
    }
    Ok(end)
}

/// `POST /locks/{id}/lift`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn lift(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Operator)?;
    let reason = call.reason(true)?;
    let id = LockId::parse(call.param("id"));
    let id = id.map_err(|_| Problem::unknown("a lock"))?;
    let recorded = found(&call, id).await?;
    let plan = |moment: &Moment<'_>| {
        if moment.state.lifted.contains(&id) {
            let detail = "expected a lock that stands, found one that was lifted";
            return Err(Problem::new(Code::State, detail));
        }
        let lock = moment.state.locks.get(&id).unwrap_or(&recorded);
        let mut lifted = lock.clone();
        lifted.lifted = true;
        let change = Change::Lift { id: lock.id };
        let shown = show(&lifted, moment.now_ms);
        Ok(Plan::new(StatusCode::OK, change, shown).because(reason))
    };
    call.write(plan).await
}

fn show(lock: &LockEntry, now_ms: u64) -> Value {
    let state = match lock.expires_ms {
        _ if lock.lifted => "lifted",
        Some(end) if end <= now_ms => "expired",
        Some(_) | None => "active",
    };
    json!({
        "id": lock.id,
        "state": state,
        "created_at": times::shown(lock.created_at_ms),
        "what": shown(&lock.what),
        "reason": lock.reason,
        "expires_at": lock.expires_ms.map(times::shown),
        "by": lock.by,
    })
}
