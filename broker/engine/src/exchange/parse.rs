//! The parameters of an exchange, each of its type (RFC 8693 §2.1, contract §6).

use crate::oauth::form::Form;
use locum_core::decide::{Ask, GrantType, IssuedType};
use locum_core::ids::AgentId;
use locum_core::json;
use locum_core::refusal::{Code, Refusal, quoted};
use locum_core::scope::Scope;

/// Longest `purpose`, in characters (contract §6).
const PURPOSE_MAX: usize = 500;
/// Longest `task_id`, in characters (contract §6).
const TASK_ID_MAX: usize = 128;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:";
const GRANT_TOKEN: &str = "urn:locum:token-type:grant";
/// The types of a subject token, as they are sent.
const SUBJECT_TYPES: [&str; 4] = [
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:access_token",
    GRANT_TOKEN,
];
/// The types of an actor token, and of a token that is made.
const OTHER_TYPES: [&str; 2] = [
    "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:token-type:jwt",
];

/// What kind of subject token is said to be sent (contract §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubjectType {
    /// A provider's ID token.
    IdToken,
    /// A foreign access token or a workload's token.
    Jwt,
    /// A token of ours.
    AccessToken,
    /// The id of a grant.
    Grant,
}

/// What kind of actor token is said to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActorType {
    /// A workload's token.
    Jwt,
    /// An actor token of ours.
    AccessToken,
}

/// The tokens of a request. No `Debug`: they are tokens.
pub(crate) struct Tokens<'a> {
    /// The subject token and its type.
    pub(crate) subject: (&'a str, SubjectType),
    /// The actor token with its type, if sent.
    pub(crate) actor: Option<(&'a str, ActorType)>,
}

/// What to send in place of a type that is not accepted: the URN that a short name
/// is the end of, else all of them.
fn one_of(types: &[&str], found: &str) -> String {
    let meant = |urn: &&&str| !found.is_empty() && urn.rsplit(':').next() == Some(found);
    match types.iter().find(meant) {
        Some(urn) => format!("send the whole URN `{urn}`"),
        None => format!("send one of `{}`", types.join("`, `")),
    }
}

fn request(expected: &str, found: &str, next: &str) -> Refusal {
    Refusal::new(
        Code::Request,
        format!("expected {expected}, found {found}; {next}"),
    )
}

/// Subject and actor token with their types.
///
/// # Errors
/// `LCM-REQUEST` naming the parameter.
pub(crate) fn tokens(form: &Form) -> Result<Tokens<'_>, Refusal> {
    let token = form.get("subject_token").ok_or_else(|| {
        request(
            "the parameter `subject_token`",
            "none",
            "send the token of the party on whose behalf you ask",
        )
    })?;
    let kind = form.get("subject_token_type").ok_or_else(|| {
        request(
            "the parameter `subject_token_type`",
            "none",
            "send the type of the subject token",
        )
    })?;
    let kind = match (kind, kind.strip_prefix(TOKEN_TYPE)) {
        (GRANT_TOKEN, _) => SubjectType::Grant,
        (_, Some("id_token")) => SubjectType::IdToken,
        (_, Some("jwt")) => SubjectType::Jwt,
        (_, Some("access_token")) => SubjectType::AccessToken,
        _ => {
            return Err(request(
                "a `subject_token_type` that is accepted here",
                &quoted(kind),
                &one_of(&SUBJECT_TYPES, kind),
            ));
        }
    };
    Ok(Tokens {
        subject: (token, kind),
        actor: actor(form)?,
    })
}

/// The actor token (RFC 8693 §2.1: its type is required with it, and must not
/// be sent without it).
///
/// # Errors
/// `LCM-REQUEST` naming the parameter.
pub(crate) fn actor(form: &Form) -> Result<Option<(&str, ActorType)>, Refusal> {
    let kind = match (form.get("actor_token"), form.get("actor_token_type")) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(request(
                "no `actor_token_type` without `actor_token`",
                "the type alone",
                "send both or neither",
            ));
        }
        (Some(_), None) => {
            return Err(request(
                "`actor_token_type` with `actor_token`",
                "the token alone",
                "send both or neither",
            ));
        }
        (Some(token), Some(kind)) => (token, kind),
    };
    match (kind.0, kind.1.strip_prefix(TOKEN_TYPE)) {
        (token, Some("jwt")) => Ok(Some((token, ActorType::Jwt))),
        (token, Some("access_token")) => Ok(Some((token, ActorType::AccessToken))),
        _ => Err(request(
            "an `actor_token_type` that is accepted here",
            &quoted(kind.1),
            &one_of(&OTHER_TYPES, kind.1),
        )),
    }
}

/// Everything that is asked for.
///
/// # Errors
/// `LCM-REQUEST`, `LCM-GRANT-TYPE`, `LCM-SCOPE-REFUSED`, `LCM-DETAILS`.
pub(crate) fn ask(form: &Form) -> Result<Ask, Refusal> {
    let grant_type = grant_type(form)?;
    let scope = form.get("scope").map(Scope::parse).transpose();
    let scope = scope.map_err(|flaw| {
        Refusal::new(
            Code::ScopeRefused,
            format!("{flaw}, found another text; ask for scopes of the target's catalogue"),
        )
    })?;
    Ok(Ask {
        grant_type,
        scope: scope.filter(|scope| !scope.is_empty()),
        details: details(form)?,
        expires_in: expires_in(form)?,
        purpose: purpose(form)?,
        task_id: task_id(form)?,
        delegate_to: delegate_to(form)?,
        issued_type: issued_type(form)?,
    })
}

fn grant_type(form: &Form) -> Result<GrantType, Refusal> {
    match form.get("grant_type") {
        Some(TOKEN_EXCHANGE) => Ok(GrantType::TokenExchange),
        Some("client_credentials") => {
            let stray = ["subject_token", "actor_token"]
                .into_iter()
                .find(|name| form.get(name).is_some());
            match stray {
                None => Ok(GrantType::ClientCredentials),
                Some(name) => Err(request(
                    "no token with client_credentials",
                    &format!("`{name}`"),
                    "use the grant type token-exchange",
                )),
            }
        }
        Some(other) => Err(Refusal::new(
            Code::GrantType,
            format!(
                "expected `{TOKEN_EXCHANGE}` or `client_credentials`, found {}; use one of them",
                quoted(other)
            ),
        )),
        None => Err(request(
            "the parameter `grant_type`",
            "none",
            "send the grant type",
        )),
    }
}

fn details(form: &Form) -> Result<Option<serde_json::Value>, Refusal> {
    let Some(text) = form.get("authorization_details") else {
        return Ok(None);
    };
    match json::parse(text.as_bytes(), json::JsonLimits::BODY) {
        Ok(value) if value.is_array() => Ok(Some(value)),
        Ok(_) => Err(Refusal::new(
            Code::Details,
            "expected a JSON array of objects, found another value; send an array",
        )),
        Err(flaw) => Err(Refusal::new(
            Code::Details,
            format!("{flaw}; send a JSON array"),
        )),
    }
}

fn expires_in(form: &Form) -> Result<Option<u64>, Refusal> {
    let Some(text) = form.get("expires_in") else {
        return Ok(None);
    };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(seconds) if digits && seconds >= 1 => Ok(Some(seconds)),
        Ok(_) | Err(_) => Err(request(
            "`expires_in` as an integer of at least 1",
            &quoted(text),
            "send seconds",
        )),
    }
}

fn purpose(form: &Form) -> Result<Option<String>, Refusal> {
    match form.get("purpose") {
        Some(text)
            if text.chars().count() > PURPOSE_MAX
                || text.chars().any(|c| c.is_control() && c != '\n') =>
        {
            Err(request(
                "`purpose` of at most 500 characters",
                "a longer one or control characters",
                "say it shorter",
            ))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

fn task_id(form: &Form) -> Result<Option<String>, Refusal> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    match form.get("task_id") {
        Some(text) if text.len() > TASK_ID_MAX || !text.bytes().all(legal) => Err(request(
            "`task_id` of at most 128 letters, digits and `._:-`",
            &quoted(text),
            "use another task id",
        )),
        other => Ok(other.map(str::to_owned)),
    }
}

/// A name that is no agent id is nobody: the same text as for an unknown agent.
fn delegate_to(form: &Form) -> Result<Option<AgentId>, Refusal> {
    match form.get("delegate_to").map(AgentId::parse) {
        None => Ok(None),
        Some(Ok(agent)) => Ok(Some(agent)),
        Some(Err(_)) => Err(locum_core::decide::delegate_nowhere()),
    }
}

fn issued_type(form: &Form) -> Result<IssuedType, Refusal> {
    match form
        .get("requested_token_type")
        .map(|uri| (uri, uri.strip_prefix(TOKEN_TYPE)))
    {
        None | Some((_, Some("access_token"))) => Ok(IssuedType::AccessToken),
        Some((_, Some("jwt"))) => Ok(IssuedType::Jwt),
        Some((other, _)) => Err(request(
            "a `requested_token_type` that is issued here",
            &quoted(other),
            &one_of(&OTHER_TYPES, other),
        )),
    }
}
