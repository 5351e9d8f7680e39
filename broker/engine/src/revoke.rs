//! Revocation by a client (RFC 7009, contract §9): the token's own client or presenter
//! kills it and everything that descends from it.

use crate::broker::Broker;
use crate::exchange::own;
use crate::introspect::owns;
use crate::oauth::asking::Asking;
use crate::oauth::refused::{self, Asked};
use crate::recall::Recalled;
use crate::unavailable::Unavailable;
use crate::vendors;
use locum_core::ids::RevocationId;
use locum_core::lineage::{LineageKind, What};
use locum_core::refusal::{Code, Refusal};
use locum_stores::state::{Author, Change, RevocationEntry};

/// How a revocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// Dead, or unknown: one answer (RFC 7009 §2.2).
    Done,
    /// It belongs to another client: the refusal is on record.
    NotYours,
}

/// Kills a token and everything that descends from it, if it is the asker's.
///
/// # Errors
/// [`Unavailable`] when the ledger cannot be read or written.
pub async fn revoke(broker: &Broker, asking: &Asking) -> Result<RevokeOutcome, Unavailable> {
    let token = bare(&asking.token);
    let caller = asking.client.client.get().id();
    let (jti, owned, dead) = match own::on_record(broker, token).await? {
        Some(found) => {
            let dead = is_dead(broker, &found.recalled);
            (found.token.jti, owns(&found, asking), dead)
        }
        // What a vendor handed out is known by its keyed hash (contract §15).
        None => match vendors::held(broker, token) {
            Some(held) => (held.jti, held.is_of(caller), held.is_dead(broker)),
            None => return Ok(RevokeOutcome::Done),
        },
    };
    if !owned {
        return not_yours(broker, asking).await;
    }
    if dead {
        return Ok(RevokeOutcome::Done);
    }
    let by = asking.client.client.get().id().to_owned();
    let revocation = RevocationEntry {
        id: RevocationId(broker.records.mint()),
        what: What {
            kind: LineageKind::Token,
            id: jti.to_string(),
        },
        before_ms: None,
        reason: "revoked by its client".into(),
        effective_ms: 0,
        by: by.clone(),
        key: None,
    };
    let author = Author {
        by,
        credential: None,
        reason: "RFC 7009".into(),
        request_id: Some(asking.id.to_string()),
    };
    broker
        .records
        .record(&[Change::Revocation { revocation }], &author)
        .await?;
    Ok(RevokeOutcome::Done)
}

/// The token without what often comes along with it: white space around it, and the
/// scheme of an `Authorization` header (RFC 6750 §2.1). Who revokes means it.
fn bare(sent: &str) -> &str {
    let text = sent.trim();
    match text.split_once(char::is_whitespace) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        Some(_) | None => text,
    }
}

/// The refusal is on record before it is sent (contract §10, "On record").
async fn not_yours(broker: &Broker, asking: &Asking) -> Result<RevokeOutcome, Unavailable> {
    let asked = Asked {
        id: asking.id,
        trace: asking.trace.as_ref(),
        client: &asking.client,
        // It is on record already.
        mark: None,
        waiter: &asking.waiter,
    };
    let detail = "expected a token of this client, found one of another";
    let refusal = Refusal::new(Code::ActorMismatch, detail);
    refused::record(broker, &asked, ("presenter", refusal), false).await?;
    Ok(RevokeOutcome::NotYours)
}

/// Whether it is dead for ever already: then there is nothing to add.
fn is_dead(broker: &Broker, recalled: &Recalled) -> bool {
    let state = broker.records.state.read();
    broker
        .records
        .world(&state)
        .is_dead(&recalled.recall.lineage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_along_with_a_token_is_cut_off() {
        for sent in [
            "a.b.c",
            " a.b.c",
            "a.b.c\r\n",
            "Bearer a.b.c",
            "bearer\t a.b.c \n",
        ] {
            assert_eq!(bare(sent), "a.b.c", "{sent:?}");
        }
        for (sent, token) in [
            ("Bearer", "Bearer"),
            ("Basic a.b.c", "Basic a.b.c"),
            (" ", ""),
        ] {
            assert_eq!(bare(sent), token, "{sent:?}");
        }
    }
}
