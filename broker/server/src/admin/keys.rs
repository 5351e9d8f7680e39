//! `/keys`: Locum's signing keys, seen, rotated, retired (contract §12).

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::times;
use super::write::{Moment, Plan, reason};
use crate::app::{App, Unavailable};
use crate::keyring;
use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use locum_core::ids::RevocationId;
use locum_core::lineage::{Kind, What};
use locum_core::refusal::Code;
use locum_core::token::Alg;
use locum_stores::state::{Change, KeyState, RevocationEntry, Role, SigningKeyEntry};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/keys", get(list))
        .route("/keys/rotate", post(rotate))
        .route("/keys/{kid}/retire", post(retire))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    alg: Alg,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retire {
    reason: String,
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.app.state.read();
    let mut keys: Vec<&SigningKeyEntry> = state.signing_keys.iter().collect();
    keys.sort_by(|a, b| a.kid.cmp(&b.kid));
    call.page(keys.into_iter(), |key| key.kid.clone(), |key| show(key))
}

/// The next key becomes active, another is published.
async fn rotate(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let wish: Rotate = call.read()?;
    let reason = reason(&wish.reason)?;
    let plan = |moment: &Moment<'_>| {
        let changes = keyring::rotation(
            moment.app,
            &moment.state.signing_keys,
            wish.alg,
            moment.now_ms,
        );
        planned(changes.map_err(faulty)?, reason)
    };
    call.write(plan).await
}

/// Out of `/jwks` at once; what it signed is dead.
async fn retire(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let wish: Retire = call.read()?;
    let reason = reason(&wish.reason)?;
    let plan = |moment: &Moment<'_>| {
        let kid = call.param("kid");
        let entries = &moment.state.signing_keys;
        let key = entries.iter().find(|key| key.kid == kid);
        let mut key = key
            .cloned()
            .ok_or_else(|| Problem::unknown("a signing key"))?;
        let was = key.state();
        if was == KeyState::Retired {
            let detail = "expected a key in use, found one that was retired";
            return Err(Problem::new(Code::State, detail));
        }
        key.retired_ms = Some(moment.now_ms);
        let others: Vec<_> = entries
            .iter()
            .filter(|other| other.kid != kid)
            .cloned()
            .collect();
        let mut changes = match was {
            KeyState::Active => {
                keyring::rotation(moment.app, &others, key.alg, moment.now_ms).map_err(faulty)?
            }
            KeyState::Next => {
                let next = keyring::generate(moment.app, key.alg, None).map_err(faulty)?;
                vec![Change::SigningKey { key: next }]
            }
            KeyState::Old | KeyState::Retired => Vec::new(),
        };
        changes.push(Change::Revocation {
            revocation: dead(moment.app, &key, &reason, &call.who.name),
        });
        changes.push(Change::SigningKey { key });
        planned(changes, reason)
    };
    call.write(plan).await
}

/// What a retired key signed is dead for ever.
fn dead(app: &App, key: &SigningKeyEntry, reason: &str, by: &str) -> RevocationEntry {
    RevocationEntry {
        id: RevocationId(app.mint()),
        what: What {
            kind: Kind::Key,
            id: format!("locum:{}", key.kid),
        },
        before_ms: None,
        reason: reason.to_owned(),
        effective_ms: 0,
        by: by.to_owned(),
        key: None,
    }
}

fn planned(changes: Vec<Change>, reason: String) -> Result<Plan, Problem> {
    let shown = changes.iter().filter_map(|change| {
        let Change::SigningKey { key } = change else {
            return None;
        };
        Some(show(key))
    });
    let shown = json!({ "items": shown.collect::<Vec<_>>() });
    Ok(Plan {
        changes,
        status: StatusCode::OK,
        shown,
        secret: None,
        reason,
        then: Box::new(|app| app.keyring.reload(app)),
    })
}

fn faulty(error: Unavailable) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}

fn show(key: &SigningKeyEntry) -> Value {
    json!({
        "kid": key.kid,
        "alg": key.alg,
        "use": "sig",
        "state": key.state(),
        "created_at": times::shown(key.created_at_ms),
        "activates_at": key.activated_ms.map(times::shown),
    })
}
