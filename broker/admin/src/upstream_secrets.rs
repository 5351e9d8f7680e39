//! Upstream secrets: `/secrets` (contract §15). A value goes in and never comes
//! out.

use super::answer::{Answer, etag};
use super::call::Call;
use super::problem::Problem;
use super::write::{Plan, reason};
use super::{read, times};
use http::StatusCode;
use locum_core::ids::{SecretName, TargetId};
use locum_core::refusal::Code;
use locum_core::registry::UpstreamSecret;
use locum_core::registry::replace::SecretTerms;
use locum_core::secret::Secret;
use locum_engine::moment::Moment;
use locum_engine::upstream_secrets::OpenSecret;
use locum_stores::state::{Change, Role};
use locum_tokens::upstream::UpstreamValue;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Most upstream secrets on record.
const SECRETS_MAX: usize = 10_000;
/// Most bytes of all their values together, sealed.
const SEALED_MAX: usize = 32 << 20;

/// What `GET` shows beside what `PUT` takes.
const SHOWN_ONLY: [&str; 3] = ["name", "used_by", "managed_by"];

/// `PUT /secrets/{name}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    value: String,
    #[serde(default)]
    expires_at: Option<String>,
    /// Left out: as they were; null: any.
    #[serde(default, deserialize_with = "said")]
    origins: Option<Option<Vec<String>>>,
    reason: String,
}

/// What was said, be it null.
fn said<'de, D>(from: D) -> Result<Option<Option<Vec<String>>>, D::Error>
where
    D: Deserializer<'de>,
{
    Option::deserialize(from).map(Some)
}

type Users<'a> = BTreeMap<&'a str, BTreeSet<&'a TargetId>>;

/// `GET /secrets`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let files = call.api.broker.upstream.files();
    let state = call.api.broker.records.state.read();
    let users = state.registry.secret_users();
    let recorded = state.registry.secrets();
    let recorded = recorded.filter(|secret| !files.contains_key(&secret.name));
    let mut all: BTreeMap<&str, Value> = recorded
        .map(|secret| (secret.name.as_str(), shown(secret, &users)))
        .collect();
    all.extend(
        files
            .iter()
            .map(|(name, open)| (name.as_str(), of_file(name, open, &users))),
    );
    let id = |(name, _): &(&str, Value)| (*name).to_owned();
    call.page(all.into_iter(), id, |(_, shown)| shown.clone())
}

/// `GET /secrets/{name}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let name = call.param("name");
    let files = call.api.broker.upstream.files();
    let state = call.api.broker.records.state.read();
    let users = state.registry.secret_users();
    if let Some((name, open)) = files.get_key_value(name) {
        return Ok(Answer::ok(of_file(name, open, &users)));
    }
    let secret = state.registry.secret(name);
    let secret = secret.ok_or_else(|| Problem::unknown("an upstream secret"))?;
    Ok(Answer::ok(shown(secret, &users)).tagged(tag(secret)))
}

/// `PUT /secrets/{name}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn replace(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let name = SecretName::parse(call.param("name"));
    let name = name.map_err(|flaw| Problem::at("/name", flaw.to_string()))?;
    let mut members = call.replacement(false)?;
    members.retain(|member, _| !SHOWN_ONLY.contains(&member.as_str()));
    let wish: Wish = read::whole(members)?;
    let text = Secret::new(wish.value);
    let value = UpstreamValue::read(text.expose());
    let value = value.map_err(|flaw| Problem::at("/value", flaw.to_string()))?;
    let (expires_at, reason) = (wish.expires_at, reason(&wish.reason)?);
    let mut new = String::new();
    let plan = |now: &Moment<'_>| {
        let current = now.state.registry.secret(name.as_str());
        call.precondition(current.map(|known| tag(known)).as_deref())?;
        let terms = SecretTerms {
            origins: wish.origins,
            expires_s: ends_s(now, expires_at.as_deref(), &value)?,
        };
        let (change, status, shown) = put(now, &name, &terms, &value)?;
        new = tag(&change);
        let change = Change::UpstreamSecret { secret: change };
        Ok(Plan::new(status, change, shown).because(reason))
    };
    let answer = call.write(plan).await?;
    Ok(answer.tagged(new))
}

/// `DELETE /secrets/{name}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn delete(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let reason = call.reason(false)?;
    call.write(|now| {
        let secret = now.state.registry.secret(call.param("name"));
        let secret = secret.ok_or_else(|| Problem::unknown("an upstream secret"))?;
        call.precondition(Some(&tag(secret)))?;
        let users = now.state.registry.secret_users();
        if let Some(user) = users.get(secret.name.as_str()).and_then(BTreeSet::first) {
            let detail = format!(
                "expected a secret that no target names, found one that `{user}` names; have the target name another first"
            );
            return Err(Problem::new(Code::State, detail));
        }
        let name = secret.name.clone();
        let change = Change::UpstreamSecretDeleted { name };
        let shown = shown(secret, &users);
        Ok(Plan::new(StatusCode::OK, change, shown).because(reason))
    })
    .await
}

/// When it ends: as said, else as its certificate says.
fn ends_s(
    now: &Moment<'_>,
    said: Option<&str>,
    value: &UpstreamValue,
) -> Result<Option<u64>, Problem> {
    let said = said.map(|text| times::future_s("/expires_at", text, now.now_ms));
    let said = said.transpose()?;
    let Some(ends_s) = value.ends_s() else {
        return Ok(said);
    };
    if ends_s <= now.now_ms / 1_000 {
        let detail = "expected certificates that have not ended, found one that has";
        return Err(Problem::at("/value", detail));
    }
    if said.is_some_and(|said| said > ends_s) {
        let detail = "expected no later end than that of the certificate, found a later one";
        return Err(Problem::at("/expires_at", detail));
    }
    Ok(said.or(Some(ends_s)))
}

/// The secret with that value: 201 when it is new, else 200.
fn put(
    now: &Moment<'_>,
    name: &SecretName,
    terms: &SecretTerms,
    value: &UpstreamValue,
) -> Result<(UpstreamSecret, StatusCode, Value), Problem> {
    let registry = &now.state.registry;
    let sealed = now.broker.upstream.seal(name, value);
    let sealed = sealed.map_err(|flaw| Problem::new(Code::Internal, flaw.to_string()))?;
    let others = registry.secrets().filter(|secret| secret.name != *name);
    let (count, bytes) = others.fold((1, sealed.len()), |(count, bytes), secret| {
        (count + 1, bytes + secret.sealed.len())
    });
    if count > SECRETS_MAX || bytes > SEALED_MAX {
        let detail = format!(
            "expected at most {SECRETS_MAX} upstream secrets of {SEALED_MAX} bytes in all, found more; delete those that no target names"
        );
        return Err(Problem::new(Code::State, detail));
    }
    let status = match registry.secret(name.as_str()) {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let secret = UpstreamSecret::replaced(registry, name.clone(), (terms, sealed), now.now_ms);
    let secret = secret.map_err(Problem::invalid)?;
    let shown = shown(&secret, &registry.secret_users());
    Ok((secret, status, shown))
}

/// As the API shows it.
fn shown(secret: &UpstreamSecret, users: &Users<'_>) -> Value {
    let origins = (!secret.origins.is_empty()).then_some(&secret.origins);
    json!({
        "name": secret.name,
        "created_at": times::shown(secret.created_at_ms),
        "expires_at": secret.expires_s.map(times::shown_s),
        "origins": origins,
        "used_by": users.get(secret.name.as_str()).into_iter().flatten().collect::<Vec<_>>(),
    })
}

/// One of a file.
fn of_file(name: &SecretName, open: &OpenSecret, users: &Users<'_>) -> Value {
    json!({
        "name": name,
        "created_at": times::shown(open.since_ms),
        "expires_at": open.ends_s().map(times::shown_s),
        "origins": null,
        "used_by": users.get(name.as_str()).into_iter().flatten().collect::<Vec<_>>(),
        "managed_by": "file",
    })
}

/// Its entity tag: another one whenever the value is another, and the same
/// whoever names it.
fn tag(secret: &UpstreamSecret) -> String {
    etag(&json!([
        secret.name,
        secret.created_at_ms,
        secret.expires_s,
        secret.origins,
        secret.sealed,
    ]))
}
