//! Client secrets of agents and clients, and the keys beside them.

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::write::{Moment, Plan};
use http::StatusCode;
use locum_core::refusal::Code;
use locum_core::registry::{AuthMethod, Problems, Status};
use locum_core::token::Alg;
use locum_engine::vault::LIVE_MAX;
use locum_stores::state::{Change, Role, SecretHash};
use locum_tokens::keys::KeySet;
use locum_tokens::secrets::generate;
use serde::Deserialize;
use serde_json::json;

/// Longest overlap of two secrets, in seconds.
pub(crate) const OVERLAP_MAX: u64 = 86_400;

/// `POST …/secrets`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewal {
    #[serde(default)]
    overlap_seconds: u64,
}

/// `POST /agents/{id}/secrets`.
pub(crate) async fn of_agent(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let renewal = renewal(&call)?;
    call.write(|now| {
        let agent = now.state.registry.agent(call.param("id"));
        let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
        if agent.status == Status::Retired {
            let detail = "expected an agent that is not retired, found a retired one";
            return Err(Problem::new(Code::State, detail));
        }
        renew(now, agent.id().as_str(), &agent.spec.auth, &renewal)
    })
    .await
}

/// `POST /clients/{id}/secrets`.
pub(crate) async fn of_client(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let renewal = renewal(&call)?;
    call.write(|now| {
        let client = now.state.registry.client(call.param("id"));
        let client = client.ok_or_else(|| Problem::unknown("a client"))?;
        renew(now, client.spec.id.as_str(), &client.spec.auth, &renewal)
    })
    .await
}

fn renewal(call: &Call) -> Result<Renewal, Problem> {
    let renewal: Renewal = call.read()?;
    if renewal.overlap_seconds > OVERLAP_MAX {
        return Err(Problem::at(
            "/overlap_seconds",
            format!("expected 0 to {OVERLAP_MAX} seconds"),
        ));
    }
    Ok(renewal)
}

/// A new secret; those before it end after the overlap, at once without one.
fn renew(
    now: &Moment<'_>,
    client: &str,
    auth: &[AuthMethod],
    renewal: &Renewal,
) -> Result<Plan, Problem> {
    if !takes(auth) {
        let detail = "expected a client whose `auth` has `client_secret`, found another";
        return Err(Problem::new(Code::State, detail));
    }
    let known = now.state.secrets.get(client);
    let known = known.map(Vec::as_slice).unwrap_or_default();
    let mut hashes = overlapping(known, now.now_ms / 1000, renewal.overlap_seconds);
    if hashes.len() >= LIVE_MAX {
        let detail = format!("expected fewer than {LIVE_MAX} secrets that live, found as many");
        return Err(Problem::new(Code::State, detail));
    }
    let secret = generate(now.app.broker.records.random.bytes());
    hashes.push(now.app.broker.records.vault.hash(&secret, None));
    let change = Change::Secrets {
        client: client.to_owned(),
        hashes,
    };
    let mut plan = Plan::new(StatusCode::CREATED, change, json!({}));
    plan.secret = Some(("client_secret", secret));
    Ok(plan)
}

/// The secrets that live on for a while, none longer than it would have.
pub(super) fn overlapping(known: &[SecretHash], now_s: u64, overlap_s: u64) -> Vec<SecretHash> {
    let end = now_s.saturating_add(overlap_s);
    known
        .iter()
        .map(|hash| SecretHash {
            hash: hash.hash.clone(),
            until_s: Some(hash.until_s.map_or(end, |until| until.min(end))),
        })
        .filter(|hash| hash.until_s.is_some_and(|until| until > now_s))
        .collect()
}

/// The first secret of a new client whose methods have one.
pub(super) fn first(
    now: &Moment<'_>,
    client: &str,
    auth: &[AuthMethod],
) -> Option<(Change, String)> {
    if !takes(auth) {
        return None;
    }
    let secret = generate(now.app.broker.records.random.bytes());
    let change = Change::Secrets {
        client: client.to_owned(),
        hashes: vec![now.app.broker.records.vault.hash(&secret, None)],
    };
    Some((change, secret))
}

/// Whether a client's methods have a secret.
pub(super) fn takes(auth: &[AuthMethod]) -> bool {
    auth.iter()
        .any(|method| matches!(method, AuthMethod::ClientSecret {}))
}

/// Checks the keys of a client's methods: public ones that can all be used.
pub(super) fn check(auth: &[AuthMethod], out: &mut Problems) {
    for (place, method) in auth.iter().enumerate() {
        let AuthMethod::PrivateKeyJwt { jwks } = method else {
            continue;
        };
        let flaw = match KeySet::from_jwks(jwks, &Alg::ALL) {
            Err(flaw) => Some(flaw),
            Ok(keys) => keys.refused().first().copied(),
        };
        if let Some(flaw) = flaw {
            out.add(format!("/auth/{place}/jwks"), flaw.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_secrets_end_after_the_overlap_and_never_later_than_before() {
        let hash = |until_s| SecretHash {
            hash: "h".into(),
            until_s,
        };
        let known = [hash(None), hash(Some(90)), hash(Some(105)), hash(Some(999))];
        let ends = |overlap| {
            let left = overlapping(&known, 100, overlap);
            left.into_iter().map(|h| h.until_s).collect::<Vec<_>>()
        };
        assert_eq!(ends(0), []);
        assert_eq!(ends(50), [Some(150), Some(105), Some(150)]);
    }

    #[test]
    fn rfc7523_keys_of_a_client_are_public() {
        let keys = |key: serde_json::Value| {
            let mut out = Problems::default();
            let jwks = json!({ "keys": [key] });
            check(&[AuthMethod::PrivateKeyJwt { jwks }], &mut out);
            out.0
        };
        let private = json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"});
        assert_eq!(keys(private).len(), 1);
        assert_eq!(keys(json!("x")).len(), 1);
    }
}
