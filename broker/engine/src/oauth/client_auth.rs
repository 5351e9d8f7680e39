//! Client authentication (contract §11): exactly one method a request, one
//! text for every failure.

use super::basic::{self, Authorization};
use super::form::Form;
use super::proven::Proven;
use crate::broker::Broker;
use crate::unavailable::unavailable;
use crate::vault::Secrets;
use http::HeaderMap;
use locum_core::lineage::{Key, Keyed, Lineage, LineageKind};
use locum_core::proof::{Authenticated, Caller, SecretCheck};
use locum_core::refusal::{Code, Refusal};
use locum_core::registry::Status;
use locum_core::secret::Secret;
use locum_core::token::{
    Alg, Audiences, Claims, Demands, Expectation, IssuerRule, TokenKind, TypRule, Unverified,
    Verified, verify,
};
use locum_stores::claims::{Mark, NotClaimed};
use locum_stores::state::State;
use sha2::{Digest, Sha256};

/// `client_assertion_type` (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far ahead an assertion may expire, in seconds (contract §11).
const ASSERTION_AHEAD_S: u64 = 3_600;

/// One text for every cause.
pub fn rejected() -> Refusal {
    Refusal::new(
        Code::ClientAuth,
        "expected valid client credentials by one registered method, found none; check client_id, the method and its secret or key",
    )
}

enum Presented {
    Secret(String, Secret<String>),
    Assertion(Unverified),
}

/// Authenticates the client, or tells that the request holds no credentials at
/// all (`None`): then a workload token may be the only proof.
///
/// # Errors
/// `LCM-CLIENT-AUTH`.
pub async fn authenticate(
    broker: &Broker,
    headers: &HeaderMap,
    form: &Form,
    body: &[u8],
) -> Result<Option<Proven>, Refusal> {
    let Some(presented) = presented(broker, headers, form)? else {
        return Ok(None);
    };
    let proven = match presented {
        Presented::Secret(id, secret) => by_secret(broker, &id, &secret)?,
        Presented::Assertion(assertion) => {
            by_assertion(broker, assertion, request_hash(headers, body)).await?
        }
    };
    let id = form.get("client_id");
    if id.is_some_and(|id| id != proven.client.get().id()) {
        return Err(rejected());
    }
    Ok(Some(proven))
}

fn presented(
    broker: &Broker,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Option<Presented>, Refusal> {
    let header = basic::read(headers);
    let secret = form.get("client_secret");
    let assertion = form.get("client_assertion");
    match (header, secret, assertion, form.get("client_assertion_type")) {
        (Authorization::Absent, None, None, None) => Ok(None),
        (Authorization::Basic(id, secret), None, None, None) => {
            Ok(Some(Presented::Secret(id, secret)))
        }
        (Authorization::Absent, Some(secret), None, None) => {
            let id = form.get("client_id").ok_or_else(rejected)?;
            Ok(Some(Presented::Secret(
                id.to_owned(),
                Secret::new(secret.to_owned()),
            )))
        }
        (Authorization::Absent, None, Some(assertion), Some(JWT_BEARER)) => {
            let unverified =
                Unverified::parse(assertion, broker.bounds.token_bytes).map_err(|_| rejected())?;
            Ok(Some(Presented::Assertion(unverified)))
        }
        _ => Err(rejected()),
    }
}

/// The registered client of an id. A retired agent is nobody.
fn caller(state: &State, id: &str) -> Option<Caller> {
    if let Some(agent) = state.registry.agent(id) {
        return (agent.status != Status::Retired).then(|| Caller::Agent(agent.clone()));
    }
    state
        .registry
        .client(id)
        .map(|client| Caller::Client(client.clone()))
}

fn by_secret(broker: &Broker, id: &str, secret: &Secret<String>) -> Result<Proven, Refusal> {
    let state = broker.records.state.read();
    let now_ms = broker.records.clock.now_ms();
    let check = Secrets {
        vault: &broker.records.vault,
        state: &state,
        now_s: now_ms / 1_000,
    };
    let client = with_secret((caller(&state, id), id), secret, &check, now_ms);
    Ok(Proven {
        client: client.ok_or_else(rejected)?,
        mark: None,
        seen: None,
    })
}

/// Checks the secret also where nobody has the id: whether somebody does must
/// not show in the time it takes.
fn with_secret(
    (caller, id): (Option<Caller>, &str),
    secret: &Secret<String>,
    check: &impl SecretCheck,
    now_ms: u64,
) -> Option<Authenticated<Caller>> {
    match caller {
        Some(caller) => Authenticated::by_secret(caller, secret, check, now_ms),
        None => {
            check.matches(id, secret);
            None
        }
    }
}

async fn by_assertion(
    broker: &Broker,
    assertion: Unverified,
    request: [u8; 32],
) -> Result<Proven, Refusal> {
    let id = assertion
        .issuer_unverified()
        .ok_or_else(rejected)?
        .to_owned();
    // An unknown client's assertion is checked like any other, and so is that
    // of one which registered no keys.
    let caller = caller(&broker.records.state.read(), &id);
    let keys = caller
        .as_ref()
        .and_then(|caller| broker.client_keys.of(caller));
    let check = broker.client_keys.even(keys.as_deref());
    let ours = [broker.issuer.to_string()];
    let expectation = Expectation {
        kind: TokenKind::ClientAssertion,
        issuer: IssuerRule::Claim(&id),
        demands: Demands::default(),
        audiences: Audiences::Sole(&ours),
        algs: &Alg::ALL,
        typ: TypRule::CLIENT_ASSERTION,
        skew_s: broker.bounds.clock_skew_s,
        max_age_s: broker.bounds.assertion_max_age_s,
        iat_required: true,
        jti_required: true,
        exp_max_ahead_s: Some(ASSERTION_AHEAD_S),
    };
    let now_ms = broker.records.clock.now_ms();
    let verified =
        verify(assertion, &expectation, now_ms / 1_000, &check).map_err(|_| rejected())?;
    let caller = caller.ok_or_else(rejected)?;
    let client = Authenticated::by_assertion(caller, &verified, now_ms).ok_or_else(rejected)?;
    stands(broker, &client)?;
    let mark = take_mark(broker, &client, &verified, request).await?;
    Ok(Proven {
        client,
        mark: Some(mark),
        seen: None,
    })
}

/// Revoking an agent, owner, client or all refuses assertions with `iat` at or
/// before that moment (contract §12).
fn stands(broker: &Broker, client: &Authenticated<Caller>) -> Result<(), Refusal> {
    let mut names = Lineage::default();
    for key in names_of(broker, client.get()) {
        names.add(key, client.since_ms());
    }
    let state = broker.records.state.read();
    if broker.records.world(&state).is_dead(&names) {
        return Err(rejected());
    }
    Ok(())
}

/// What names a caller: itself, as an agent, and by the owner that it has now,
/// whose name may be erased.
pub fn names_of(broker: &Broker, caller: &Caller) -> Vec<Key> {
    let mut out = vec![broker.records.names.key(LineageKind::Client, caller.id())];
    if let Some(agent) = caller.agent() {
        out.push(broker.records.names.key(LineageKind::Agent, caller.id()));
        out.push(agent.owner_key(&broker.records.names));
    }
    out
}

/// Takes the single-use mark of an assertion. It counts as long as the
/// assertion could be accepted at all.
async fn take_mark(
    broker: &Broker,
    client: &Authenticated<Caller>,
    assertion: &Verified<Claims>,
    request: [u8; 32],
) -> Result<Mark, Refusal> {
    let claims = assertion.get();
    let jti = claims.jti.as_deref().ok_or_else(rejected)?;
    let mark = Mark {
        key: broker.records.vault.mark(client.get().id(), jti),
        request,
        // The mark lasts as long as the assertion may: the greatest age of an
        // assertion may be raised meanwhile.
        until_s: claims.exp.saturating_add(1),
        issued_s: claims.iat.unwrap_or_default(),
    };
    let now_s = broker.records.clock.now_s();
    let taken = broker.records.claims.take(mark, now_s).await;
    taken.map_err(|flaw| match flaw {
        NotClaimed::Taken | NotClaimed::Full => rejected(),
        // Never 401: a client that is told so gives up (contract §16).
        NotClaimed::Unknown(reason) => unavailable().because(reason),
    })?;
    Ok(mark)
}

fn request_hash(headers: &HeaderMap, body: &[u8]) -> [u8; 32] {
    let authorization = headers
        .get(http::header::AUTHORIZATION)
        .map(http::HeaderValue::as_bytes);
    Sha256::new()
        .chain_update(authorization.unwrap_or_default())
        .chain_update([0])
        .chain_update(body)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use locum_core::registry::{Agent, AgentSpec};
    use std::cell::Cell;

    /// Counts the secrets that are hashed.
    struct Hashing(Cell<usize>);

    impl SecretCheck for Hashing {
        fn matches(&self, _: &str, _: &Secret<String>) -> bool {
            self.0.set(self.0.get() + 1);
            false
        }
    }

    #[test]
    fn a_wrong_secret_is_hashed_once_whether_its_client_is_known_or_not() {
        let secret = Secret::new("s3cret".to_owned());
        let spec = serde_json::json!({ "id": "a", "owner": { "kind": "team", "id": "t" } });
        let spec: AgentSpec = serde_json::from_value(spec).unwrap();
        let known = Caller::Agent(std::sync::Arc::new(Agent::new(spec, 1)));
        for caller in [Some(known), None] {
            let check = Hashing(Cell::new(0));
            assert!(with_secret((caller, "a"), &secret, &check, 0).is_none());
            assert_eq!(check.0.get(), 1);
        }
    }
}
