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
/// The types of a subject token, as they are sent (contract §5).
const SUBJECT_TYPES: [(&str, SubjectType); 4] = [
    (
        "urn:ietf:params:oauth:token-type:id_token",
        SubjectType::IdToken,
    ),
    ("urn:ietf:params:oauth:token-type:jwt", SubjectType::Jwt),
    (
        "urn:ietf:params:oauth:token-type:access_token",
        SubjectType::AccessToken,
    ),
    ("urn:locum:token-type:grant", SubjectType::Grant),
];
/// The types of an actor token, as they are sent.
const ACTOR_TYPES: [(&str, ActorType); 2] = [
    (
        "urn:ietf:params:oauth:token-type:access_token",
        ActorType::AccessToken,
    ),
    ("urn:ietf:params:oauth:token-type:jwt", ActorType::Jwt),
];
/// The types of a token that is made, as they are asked for.
const ISSUED_TYPES: [(&str, IssuedType); 2] = [
    (IssuedType::AccessToken.uri(), IssuedType::AccessToken),
    (IssuedType::Jwt.uri(), IssuedType::Jwt),
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

/// What the type that was sent stands for.
///
/// # Errors
/// `LCM-REQUEST` with what to send in its place: the URN that a short name is the end
/// of, else all of them.
fn of_type<T: Copy>(types: &[(&str, T)], expected: &str, found: &str) -> Result<T, Refusal> {
    if let Some((_, kind)) = types.iter().find(|(urn, _)| *urn == found) {
        return Ok(*kind);
    }
    let urns: Vec<&str> = types.iter().map(|(urn, _)| *urn).collect();
    let meant = |urn: &&&str| !found.is_empty() && urn.rsplit(':').next() == Some(found);
    let next = match urns.iter().find(meant) {
        Some(urn) => format!("send the whole URN `{urn}`"),
        None => format!("send one of `{}`", urns.join("`, `")),
    };
    Err(request(expected, &quoted(found), &next))
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
    let expected = "a `subject_token_type` that is accepted here";
    let kind = of_type(&SUBJECT_TYPES, expected, kind)?;
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
    let (token, kind) = match (form.get("actor_token"), form.get("actor_token_type")) {
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
    let expected = "an `actor_token_type` that is accepted here";
    Ok(Some((token, of_type(&ACTOR_TYPES, expected, kind)?)))
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
    let expected = "a `requested_token_type` that is issued here";
    let asked = form.get("requested_token_type");
    let asked = asked.map(|uri| of_type(&ISSUED_TYPES, expected, uri));
    Ok(asked.transpose()?.unwrap_or_default())
}
