//! The answer of a token endpoint (RFC 6749 §5).

use super::REFRESH_TOKEN;
use super::asking::Asking;
use crate::manner::RevokeBy;
use crate::obtained::{Handle, Obtained, Present};
use crate::trouble::{Trouble, Whose};
use crate::wire::json::Members;
use crate::wire::reply::{Reply, Sort, request_id, sort};
use locum_core::scope::{Scope, ScopeName};
use locum_core::secret::Secret;
use serde_json::Value;

/// What is known about the answer.
pub(crate) struct Awaited {
    /// Granted scopes with the vendor's names for them; empty where none were
    /// sent.
    asked: Vec<(ScopeName, Vec<String>)>,
    scope: Scope,
    /// Seconds that the operator declared.
    declared_s: Option<u64>,
    present: Present,
    /// Whether the token can be revoked, and by which account at which address.
    revocable: Option<(String, Option<String>)>,
    /// The refresh token that was sent.
    sent: Option<Secret<String>>,
}

impl Awaited {
    /// `asked`: the vendor's names that were sent; `sent`: the refresh token that was.
    pub(super) fn of(asking: &Asking<'_>, asked: bool, sent: Option<Secret<String>>) -> Self {
        let prepared = asking.prepared;
        let theirs = |ours: &ScopeName| {
            let names = prepared.scopes.get(ours)?;
            let names = names.split(' ').map(str::to_owned).collect();
            Some((ours.clone(), names))
        };
        let revocable = match asking.manner.revoked {
            RevokeBy::Nowhere => false,
            RevokeBy::AtPath(_) => prepared.values.text("token_format") == Some("opaque"),
            RevokeBy::Rfc7009(parameter) => prepared.values.get(parameter).is_some(),
        };
        Self {
            asked: if asked {
                asking.order.scope.iter().filter_map(theirs).collect()
            } else {
                Vec::new()
            },
            scope: asking.order.scope.clone(),
            declared_s: prepared.declared_life_s(),
            present: prepared.profile.present.clone(),
            revocable: revocable.then(|| (prepared.base_url.clone(), asking.account.name.clone())),
            sent,
        }
    }

    /// Reads the answer.
    pub(crate) fn read(self, reply: &Reply) -> Result<Obtained, Trouble> {
        let members = Members::read(reply.body().expose());
        match sort(reply)? {
            Sort::Fine => self.obtained(members?, reply),
            Sort::Refusing => Err(refusal(
                reply.status().as_u16(),
                members,
                self.sent.is_some(),
            )),
        }
    }

    fn obtained(self, mut members: Members, reply: &Reply) -> Result<Obtained, Trouble> {
        // First, so that it is kept whatever else the answer says.
        let (rotated, flaw) = match self.rotated(&mut members) {
            Ok(rotated) => (rotated, None),
            Err(trouble) => (None, Some(trouble.detail().to_owned())),
        };
        let secret = match members.credential("access_token") {
            Ok(secret) => secret,
            Err(trouble) => return Err(trouble.keeping(rotated)),
        };
        let kept: Vec<_> = self.sent.iter().chain(&rotated).collect();
        if kept.iter().any(|kept| kept.expose() == secret.expose()) {
            let flaw = "expected an access token, found the refresh token";
            return Err(Trouble::nonsense(flaw).keeping(rotated));
        }
        let shows = |id: &str, secret: &Secret<String>| id.contains(secret.expose().as_str());
        let id = request_id(reply.headers())
            .filter(|id| !shows(id, &secret) && !kept.iter().any(|kept| shows(id, kept)));
        let rest = flaw.map_or_else(|| self.rest(&members), Err);
        let handle = self.handle(&secret);
        match rest {
            Ok((scope, expires_in)) => Ok(Obtained {
                vendor_request_id: id,
                secret,
                rotated,
                expires_in,
                scope,
                present: self.present,
                handle,
            }),
            // There is a credential, and nobody is to have it.
            Err(detail) => Err(Trouble::Nonsense {
                detail,
                leftover: handle.map(Box::new),
                rotated,
            }),
        }
    }

    /// The refresh token that takes the place of the one that was sent (RFC 6749
    /// §6). Where none was sent, one that comes along is dropped.
    fn rotated(&self, members: &mut Members) -> Result<Option<Secret<String>>, Trouble> {
        let Some(sent) = &self.sent else {
            return Ok(None);
        };
        if members.get(REFRESH_TOKEN).is_none() {
            return Ok(None);
        }
        let token = members.credential(REFRESH_TOKEN)?;
        Ok((token.expose() != sent.expose()).then_some(token))
    }

    /// What the answer says beside the token: scope and life.
    fn rest(&self, members: &Members) -> Result<(Scope, Option<u64>), String> {
        let bearer = |kind: &str| kind.eq_ignore_ascii_case("bearer");
        if !members
            .get("token_type")
            .is_none_or(|kind| kind.as_str().is_some_and(bearer))
        {
            return Err("expected `token_type` `Bearer`, found another".to_owned());
        }
        let expires_in = match members.get("expires_in") {
            None => self.declared_s,
            Some(value) => Some(seconds(value).ok_or(
                "expected `expires_in` as a whole number of seconds from 1 on, found another value",
            )?),
        };
        Ok((self.granted(members)?, expires_in))
    }

    /// What was granted, in our names: never more than was asked for.
    fn granted(&self, members: &Members) -> Result<Scope, String> {
        if self.asked.is_empty() {
            return Ok(self.scope.clone());
        }
        let Some(value) = members.get("scope") else {
            return Ok(self.scope.clone());
        };
        let text = value
            .as_str()
            .ok_or("expected `scope` as a text, found another value")?;
        let granted: Vec<_> = text.split_whitespace().collect();
        let asked = |name: &&str| {
            self.asked
                .iter()
                .any(|(_, theirs)| theirs.iter().any(|their| their == name))
        };
        if !granted.iter().all(asked) {
            return Err("expected no scope that was not asked for, found one".to_owned());
        }
        let whole = |theirs: &[String]| theirs.iter().all(|name| granted.contains(&name.as_str()));
        let ours = self.asked.iter().filter(|(_, theirs)| whole(theirs));
        let scope = Scope::of(ours.map(|(ours, _)| ours.clone()));
        if scope.is_empty() {
            return Err("expected a scope that was asked for, found none".to_owned());
        }
        Ok(scope)
    }

    fn handle(&self, secret: &Secret<String>) -> Option<Handle> {
        let (base_url, account) = self.revocable.clone()?;
        Some(Handle {
            base_url,
            account,
            discard: false,
            secret: Secret::new(secret.expose().clone()),
        })
    }
}

/// Longest life that is told, in seconds: 136 years. Longer ones are told as this,
/// so that every time that comes of it can be written.
const LIFE_MAX_S: u64 = u32::MAX as u64;

/// A whole number from 1 on, or a text of its digits.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok()?,
        _ => return None,
    };
    (seconds >= 1).then_some(seconds.min(LIFE_MAX_S))
}

/// Codes that are worth a word in the log, and of what they disapprove. A code
/// that is not here could be anything, so it is not repeated.
const CODES: &[(&str, Whose)] = &[
    ("access_denied", Whose::Person),
    ("consent_required", Whose::Person),
    ("interaction_required", Whose::Person),
    ("invalid_client", Whose::Client),
    ("invalid_grant", Whose::Person),
    ("invalid_request", Whose::Unsaid),
    ("invalid_scope", Whose::Scope),
    ("invalid_target", Whose::Scope),
    ("insufficient_scope", Whose::Scope),
    ("invalid_token", Whose::Person),
    ("unauthorized", Whose::Client),
    ("unauthorized_client", Whose::Client),
    ("unsupported_grant_type", Whose::Client),
    ("server_error", Whose::Unsaid),
    ("temporarily_unavailable", Whose::Unsaid),
];

/// A refusal has `error` (RFC 6749 §5.2), or `errorMessage` as SuccessFactors
/// says it.
fn refusal(status: u16, members: Result<Members, Trouble>, refreshing: bool) -> Trouble {
    let Ok(members) = members else {
        return Trouble::nonsense(format!(
            "expected a refusal in JSON with status {status}, found another answer"
        ));
    };
    if let Some(error) = members.text("error") {
        let known = CODES.iter().find(|(code, _)| *code == error);
        let (code, whose) = known.map_or(("an unknown code", Whose::Unsaid), |(code, whose)| {
            (*code, *whose)
        });
        let whose = match whose {
            Whose::Person if refreshing && code == "invalid_grant" => Whose::RefreshToken,
            whose => whose,
        };
        return Trouble::Refused {
            whose,
            detail: format!("status {status}, {code}"),
        };
    }
    if members.text("errorMessage").is_some() {
        return Trouble::Refused {
            whose: Whose::Unsaid,
            detail: format!("status {status}, a message without a code"),
        };
    }
    Trouble::nonsense(format!("expected `error` with status {status}, found none"))
}
