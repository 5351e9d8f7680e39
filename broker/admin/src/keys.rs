//! `/keys`: Locum's signing keys, seen, rotated, retired (contract §12).

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::times;
use super::write::{Plan, reason};
use crate::api::Api;
use http::StatusCode;
use locum_core::ids::RevocationId;
use locum_core::lineage::{LineageKind, What};
use locum_core::refusal::Code;
use locum_core::token::Alg;
use locum_engine::broker::Broker;
use locum_engine::keyring::{self, NotTurned, Planning, Series, Turn};
use locum_engine::moment::Moment;
use locum_engine::records::Changing;
use locum_engine::unavailable::Unavailable;
use locum_stores::state::{Change, KeyUse, RevocationEntry, Role, SigningKeyEntry};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    alg: Alg,
    #[serde(default, rename = "use")]
    key_use: KeyUse,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retire {
    reason: String,
}

/// `GET /keys`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let mut keys: Vec<&SigningKeyEntry> = state.signing_keys.iter().collect();
    keys.sort_by(|a, b| a.kid.cmp(&b.kid));
    call.page(keys.into_iter(), |key| key.kid.clone(), |key| show(key))
}

/// `POST /keys/rotate`.
///
/// The next key of that use becomes active, another is published. Old ones whose
/// last token or receipt has expired go along, of Locum's own accord.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn rotate(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let wish: Rotate = call.read()?;
    let reason = reason(&wish.reason)?;
    let series = Series {
        key_use: wish.key_use,
        alg: wish.alg,
    };
    if !Series::all().any(|one| one == series) {
        let alg = Series::RECEIPTS.alg;
        let detail = format!("expected `{alg}`, which receipts are signed with, found another");
        return Err(Problem::at("/alg", detail));
    }
    let turn = async |changing: Changing| {
        let rotation = move |planning: &Planning| keyring::rotation(planning, series);
        let turn = keyring::planned(call.api.broker.keys(), &changing, rotation).await;
        turn.map_err(not_turned)
    };
    let plan = |_: &Moment<'_>, turn: Turn| Ok(plan(&turn, Vec::new(), reason));
    let answer = call.write_after(turn, plan).await?;
    if let Err(error) = expire(&call.api).await {
        tracing::warn!(%error, "old signing keys were not retired; tried again later");
    }
    Ok(answer)
}

async fn expire(api: &Api) -> Result<(), Unavailable> {
    let records = &api.broker.records;
    let changing = records.changing().await?;
    api.broker.keyring.retire_expired(records, &changing).await
}

/// `POST /keys/{kid}/retire`.
///
/// Out of `/jwks`, or `/receipts/jwks`, at once; what it signed is dead, and no
/// receipt of it can be checked any more.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn retire(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let wish: Retire = call.read()?;
    let reason = reason(&wish.reason)?;
    let kid = call.param("kid").to_owned();
    let turn = async |changing: Changing| {
        let kid = kid.clone();
        let retirement = move |planning: &Planning| keyring::retirement(planning, &kid);
        let turn = keyring::planned(call.api.broker.keys(), &changing, retirement).await;
        turn.map_err(faulty)
    };
    let plan = |moment: &Moment<'_>, turn: Option<Turn>| {
        if !moment.state.signing_keys.iter().any(|key| key.kid == kid) {
            return Err(Problem::unknown("a signing key"));
        }
        let Some(turn) = turn else {
            let detail = "expected a key in use, found one that was retired";
            return Err(Problem::new(Code::State, detail));
        };
        let revocation = dead(moment.broker, &kid, &reason, &call.who.name);
        Ok(plan(&turn, vec![Change::Revocation { revocation }], reason))
    };
    call.write_after(turn, plan).await
}

/// What a retired key signed is dead for ever.
fn dead(broker: &Broker, kid: &str, reason: &str, by: &str) -> RevocationEntry {
    RevocationEntry {
        id: RevocationId(broker.records.mint()),
        what: What {
            kind: LineageKind::Key,
            id: format!("locum:{kid}"),
        },
        before_ms: None,
        reason: reason.to_owned(),
        effective_ms: 0,
        by: by.to_owned(),
        key: None,
    }
}

fn plan(turn: &Turn, more: Vec<Change>, reason: String) -> Plan {
    let shown: Vec<_> = turn.keys().iter().map(show).collect();
    let mut changes = turn.changes();
    changes.extend(more);
    Plan {
        changes,
        status: StatusCode::OK,
        shown: json!({ "items": shown }),
        secret: None,
        reason,
    }
}

fn not_turned(error: NotTurned) -> Problem {
    match error {
        NotTurned::Full { .. } => Problem::new(Code::State, error.to_string()),
        NotTurned::Unavailable(error) => faulty(error),
    }
}

fn faulty(error: Unavailable) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}

fn show(key: &SigningKeyEntry) -> Value {
    json!({
        "kid": key.kid,
        "alg": key.alg,
        "use": key.key_use.as_str(),
        "state": key.state(),
        "created_at": times::shown(key.created_at_ms),
        "activates_at": key.activated_ms.map(times::shown),
    })
}
