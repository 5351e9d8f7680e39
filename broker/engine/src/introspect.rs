//! Introspection (RFC 7662, contract §9): active only to those the token
//! concerns, only while everything it descends from stands.

use crate::broker::Broker;
use crate::exchange::own::{self, OnRecord};
use crate::oauth::asking::Asking;
use crate::unavailable::Unavailable;
use crate::vendors;
use locum_core::standing::{FOR_EVER, Standing, actors};
use serde_json::{Value, json};

/// The claims of a token that is active to its asker; `None` where it is not,
/// whatever the cause (RFC 7662 §2.2).
///
/// # Errors
/// [`Unavailable`] when the ledger cannot be read.
pub async fn introspect(broker: &Broker, asking: &Asking) -> Result<Option<Value>, Unavailable> {
    let Some(found) = own::on_record(broker, &asking.token).await? else {
        // A vendor's credential is active to its own agent alone (contract §15).
        let client = asking.client.client.get().id();
        let held = vendors::held(broker, &asking.token).filter(|held| held.is_agents(client));
        return match held {
            Some(held) => held.shown(broker).await,
            None => Ok(None),
        };
    };
    if !concerns(broker, &found, asking) || !stands(broker, &found) {
        return Ok(None);
    }
    Ok(Some(active(&found.verified)))
}

/// The resource server of the token's audience, the agent it is passed on to,
/// its own client and its presenter.
fn concerns(broker: &Broker, found: &OnRecord, asking: &Asking) -> bool {
    let OnRecord {
        token, recalled, ..
    } = found;
    let caller = asking.client.client.get().id();
    let state = broker.records.state.read();
    let target = state.registry.target_of_server(caller);
    // The target that is on record: a resource that moves takes no token along.
    let serves = target.is_some_and(|target| recalled.target.as_ref() == Some(&target.id))
        && token.meant_for().is_none();
    serves || token.meant_for() == Some(caller) || owns(found, asking)
}

/// Its own client, or the client that presented for it.
pub(crate) fn owns(found: &OnRecord, asking: &Asking) -> bool {
    let OnRecord {
        token, recalled, ..
    } = found;
    let caller = asking.client.client.get().id();
    let presenter = recalled
        .recall
        .presenter
        .as_ref()
        .map(locum_core::ids::ClientId::as_str);
    token.client_id == caller || presenter == Some(caller)
}

/// Whether everything it descends from stands, the key that signed it included.
fn stands(broker: &Broker, found: &OnRecord) -> bool {
    let OnRecord {
        token, recalled, ..
    } = found;
    let state = broker.records.state.read();
    let key = own::key_of(broker, found.verified.kid());
    let actors = actors(&token.links, &recalled.recall.subject, None);
    let standing = broker
        .records
        .world(&state)
        .standing(&recalled.recall.lineage, &actors);
    standing == Standing::Live && !state.view.is_revoked(&key, FOR_EVER)
}

fn active(verified: &locum_core::token::Verified<locum_core::token::Claims>) -> Value {
    const MEMBERS: [&str; 16] = [
        "iss",
        "sub",
        "aud",
        "client_id",
        "exp",
        "iat",
        "jti",
        "scope",
        "authorization_details",
        "act",
        "may_act",
        "del",
        "auth_time",
        "acr",
        "amr",
        "nbf",
    ];
    let mut out = serde_json::Map::new();
    out.insert("active".into(), json!(true));
    out.insert("token_type".into(), json!("Bearer"));
    for name in MEMBERS {
        if let Some(value) = verified.get().get(name) {
            out.insert(name.into(), value.clone());
        }
    }
    Value::Object(out)
}
