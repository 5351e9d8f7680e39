//! `/revocations`: all issued before T under a name is dead (contract §12).
//! Never answered from an `Idempotency-Key`: asked again, it runs again.

mod effect;

use super::answer::Answer;
use super::call::Call;
use super::past;
use super::problem::Problem;
use super::times;
use super::write::reason;
use locum_core::ids::{DelegationId, Jti, RevocationId};
use locum_core::lineage::{Keyed, LineageKind, What};
use locum_core::refusal::Code;
use locum_engine::keyring;
use locum_engine::revocations::affected::{Act, Affected, Stop};
use locum_stores::state::{Change, RevocationEntry, Role};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(super) use effect::{confirmed, counted, estimated, scanned, stop};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevocationWish {
    what: What,
    #[serde(default)]
    before: Option<String>,
    reason: String,
    #[serde(default)]
    dry_run: bool,
}

/// Revocations in the record.
pub(super) static RECORDED: past::PastKind<RevocationEntry> = past::PastKind {
    text: "\"change\":\"revocation\"",
    pick: |change, time_ms| match change {
        Change::Revocation { mut revocation } => {
            revocation.effective_ms = time_ms;
            Some(revocation)
        }
        _ => None,
    },
    id: |entry| entry.id.0,
    name: |entry| entry.id.to_string(),
};

/// `GET /revocations`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let blocks = call
        .api
        .broker
        .records
        .state
        .read()
        .revocation_blocks
        .clone();
    let after = |text: &str| RevocationId::parse(text).ok().map(|id| id.0);
    RECORDED.page(&call, blocks, after, show).await
}

/// `GET /revocations/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let id = RevocationId::parse(call.param("id"));
    let id = id.map_err(|_| Problem::unknown("a revocation"))?;
    let entry = RECORDED.one(&call.api.broker.records, id.0).await?;
    let entry = entry.ok_or_else(|| Problem::unknown("a revocation"))?;
    Ok(Answer::ok(show(&entry)))
}

/// `POST /revocations`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn make(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Operator)?;
    let started_ms = call.api.broker.records.clock.now_ms();
    let wish: RevocationWish = call.read()?;
    let before_ms = before(&wish, started_ms)?;
    let reason = reason(&wish.reason)?;
    if wish.dry_run {
        let stop = stop(&call, &wish.what, Act::Revoke(before_ms))?;
        let affected = scanned(&call.api, stop).await?;
        return Ok(Answer::ok(json!({
            "affected": counted(&affected, false),
            "survivors": survivors(&affected),
        })));
    }
    let made = record(&call, wish.what, before_ms, reason).await?;
    let (id, stop, (index, effective_ms)) = made;
    let confirmed = confirmed(&call.api, index, started_ms).await;
    let affected = estimated(&call.api, stop.at(effective_ms)).await;
    call.api.broker.records.clock.passed(effective_ms);
    Ok(Answer::ok(json!({
        "id": id,
        "effective_at": times::shown(effective_ms),
        "affected": counted(&affected, true),
        "confirmed": confirmed,
        "survivors": survivors(&affected),
    })))
}

/// The moment up to which what was issued is dead; `None`: now.
fn before(wish: &RevocationWish, now_ms: u64) -> Result<Option<u64>, Problem> {
    let Some(text) = &wish.before else {
        return Ok(None);
    };
    let before_ms = times::read_ms("/before", text)?;
    if before_ms > now_ms {
        return Err(Problem::at("/before", "expected a time that has passed"));
    }
    if wish.what.kind.is_final() {
        let expected = "expected none, since what is revoked of this kind is dead for ever";
        return Err(Problem::at("/before", expected));
    }
    Ok(Some(before_ms))
}

async fn record(
    call: &Call,
    what: What,
    before_ms: Option<u64>,
    reason: String,
) -> Result<(RevocationId, Stop, (u64, u64)), Problem> {
    // Looked for ahead of the right to change: it takes a while, and what is
    // recorded stays so.
    if let Some(earlier) = already(call, &what).await? {
        let stop = stop(call, &what, Act::Revoke(before_ms))?;
        // It has been in force for as long as its record is here.
        let newest = call
            .api
            .broker
            .records
            .changes
            .reader()
            .len()
            .saturating_sub(1);
        return Ok((earlier.id, stop, (newest, earlier.effective_ms)));
    }
    call.fresh()?;
    let stop = stop(call, &what, Act::Revoke(before_ms))?;
    let id = RevocationId(call.api.broker.records.mint());
    let revocation = RevocationEntry {
        id,
        what,
        before_ms,
        reason: reason.clone(),
        effective_ms: 0,
        by: call.who.name.clone(),
        key: None,
    };
    let ordered = if revocation.what.kind == LineageKind::Key {
        // A key of ours goes in the same record (contract §12).
        let changing = call.changing().await?;
        let keys = keyring::of_revocation(call.api.broker.keys(), &changing, &revocation.what);
        let keys = keys
            .await
            .map_err(|e| Problem::new(Code::Internal, e.to_string()))?;
        let mut changes = vec![Change::Revocation { revocation }];
        changes.extend(keys.changes());
        call.record(&changing, &changes, reason).await?
    } else {
        let change = Change::Revocation { revocation };
        call.record_unconditionally(change, reason, &id.to_string())
            .await?
    };
    let place = ordered.appended.place;
    Ok((id, stop, (place.index, place.time_ms)))
}

/// The revocation of a token that was revoked before, by its id or its
/// delegation's: there is nothing to add (contract §12).
async fn already(call: &Call, what: &What) -> Result<Option<RevocationEntry>, Problem> {
    if !matches!(what.kind, LineageKind::Token | LineageKind::Delegation) {
        return Ok(None);
    }
    let by_token = Jti::parse(&what.id).map(Jti::ms);
    let made_ms = by_token.or_else(|_| DelegationId::parse(&what.id).map(DelegationId::ms));
    let key = call.api.broker.records.names.key(what.kind, &what.id);
    let blocks = {
        let state = call.api.broker.records.state.read();
        let revoked = state.view.revoked_until(&key);
        revoked.map(|_| state.revocation_blocks.clone())
    };
    let (Ok(made_ms), Some(blocks)) = (made_ms, blocks) else {
        return Ok(None);
    };
    let names = call.api.broker.records.names.clone();
    let is = move |entry: &RevocationEntry| names.key(entry.what.kind, &entry.what.id) == key;
    let from_ms = made_ms.min(call.api.broker.records.clock.now_ms());
    RECORDED
        .first(&call.api.broker.records, (blocks, from_ms), is)
        .await
}

/// Where what was handed out lives on, and until when.
pub(crate) fn survivors(affected: &Affected) -> Vec<Value> {
    let each = affected.survivors.iter();
    each.map(|(target, until)| json!({ "target": target, "until": until.map(times::shown_s) }))
        .collect()
}

fn show(entry: &RevocationEntry) -> Value {
    json!({
        "id": entry.id,
        "created_at": times::shown(entry.effective_ms),
        "what": shown(&entry.what),
        "before": entry.before_ms.map(times::shown),
        "reason": entry.reason,
        "effective_at": times::shown(entry.effective_ms),
        "by": entry.by,
    })
}

/// What is named, as it was asked for: everything has no id.
pub(super) fn shown(what: &What) -> Value {
    let mut out = Map::new();
    out.insert("kind".into(), json!(what.kind));
    if !what.id.is_empty() {
        out.insert("id".into(), json!(what.id));
    }
    Value::Object(out)
}
