//! Check Point management: `login` of the web API.

use crate::aid::Aid;
use crate::obtained::{Handle, Obtained, Present};
use crate::order::Order;
use crate::prepare::{Account, Prepared};
use crate::probe::Probed;
use crate::profiles::checkpoint::TIMEOUT_MIN_S;
use crate::sending::Sending;
use crate::token::seconds;
use crate::trouble::{Trouble, Whose};
use crate::wire::json::Members;
use crate::wire::reply::{Reply, Sort, request_id, sort};
use crate::wire::{request, text};
use locum_core::scope::Scope;
use locum_core::secret::Secret;
use serde_json::json;

/// Longest idle time of a session, in seconds.
const TIMEOUT_MAX_S: u32 = 3_600;

/// Writes the login. The session says which delegation it is of before it
/// exists, so that one that nobody heard of again can be found.
pub(crate) fn begin(
    prepared: &Prepared,
    account: &Account,
    order: &Order<'_>,
    aid: &dyn Aid,
) -> Result<(Awaited, Sending), Trouble> {
    let name = account.secret.as_ref();
    let name = name.ok_or_else(|| Trouble::unable("an account without a secret"))?;
    let secret = text::of_secret(aid, name)?;
    let read_only = own_or(prepared, account, |values| values.flag("read_only")) == Some(true);
    let timeout_s = order.lifetime_s.clamp(TIMEOUT_MIN_S, TIMEOUT_MAX_S);
    // In the order of the members' names; no secret is copied into a tree.
    let mut members = Vec::new();
    if account.name.is_none() {
        members.push(("api-key", quoted(secret.expose())));
    }
    if let Some(domain) = own_or(prepared, account, |values| values.text("domain")) {
        members.push(("domain", quoted(domain)));
    }
    if account.name.is_some() {
        members.push(("password", quoted(secret.expose())));
    }
    members.push(("read-only", Secret::new(read_only.to_string())));
    members.push(("session-description", quoted(&order.delegation)));
    members.push(("session-name", quoted(&format!("locum {}", order.agent))));
    members.push(("session-timeout", Secret::new(timeout_s.to_string())));
    if let Some(user) = &account.name {
        members.push(("user", quoted(user)));
    }
    let sending = command(&prepared.base_url, "login", object(&members), None)?;
    let awaited = Awaited {
        scope: order.scope.clone(),
        timeout_s: timeout_s.into(),
        read_only,
        present: prepared.profile.present.clone(),
        base_url: prepared.base_url.clone(),
    };
    Ok((awaited, sending))
}

/// A member of the account's own, else the target's.
fn own_or<'a, T>(
    prepared: &'a Prepared,
    account: &'a Account,
    get: impl Fn(&'a crate::values::Values) -> Option<T>,
) -> Option<T> {
    get(&account.own).or_else(|| get(&prepared.values))
}

fn quoted(text: &str) -> Secret<String> {
    Secret::new(json!(text).to_string())
}

fn object(members: &[(&str, Secret<String>)]) -> Secret<Vec<u8>> {
    let size = members
        .iter()
        .map(|(name, value)| name.len() + value.expose().len() + 4);
    let mut out = String::with_capacity(2 + size.sum::<usize>());
    for (place, (name, value)) in members.iter().enumerate() {
        out.push(if place == 0 { '{' } else { ',' });
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        out.push_str(value.expose());
    }
    out.push('}');
    Secret::new(out.into_bytes())
}

/// A command of the web API, in that session.
pub(crate) fn command(
    base_url: &str,
    command: &str,
    body: Secret<Vec<u8>>,
    session: Option<&Secret<String>>,
) -> Result<Sending, Trouble> {
    let mut request = http::Request::post(format!("{base_url}/web_api/{command}"))
        .header("accept", "application/json")
        .header("content-type", "application/json");
    if let Some(session) = session {
        request = request.header("x-chkp-sid", request::sensitive(session)?);
    }
    Ok(Sending {
        request: request::of(request, body)?,
        identity: None,
    })
}

/// What is known about the answer.
pub(crate) struct Awaited {
    scope: Scope,
    timeout_s: u64,
    read_only: bool,
    present: Present,
    base_url: String,
}

impl Awaited {
    /// `{"sid","session-timeout","read-only",…}`.
    pub(crate) fn read(self, reply: &Reply) -> Result<Obtained, Trouble> {
        let members = Members::read(reply.body().expose());
        match sort(reply)? {
            Sort::Fine => self.obtained(members?, reply),
            Sort::Refusing => Err(refusal(reply.status().as_u16(), members)),
        }
    }

    fn obtained(self, mut members: Members, reply: &Reply) -> Result<Obtained, Trouble> {
        let secret = members.credential("sid")?;
        let handle = Handle {
            base_url: self.base_url.clone(),
            account: None,
            discard: !self.read_only,
            secret: Secret::new(secret.expose().clone()),
        };
        match self.timeout_s(&members) {
            Ok(timeout_s) => Ok(Obtained {
                vendor_request_id: request_id(reply.headers())
                    .filter(|id| !id.contains(secret.expose().as_str())),
                secret,
                expires_in: Some(timeout_s),
                scope: self.scope,
                present: self.present,
                handle: Some(handle),
                rotated: None,
            }),
            Err(detail) => Err(Trouble::Nonsense {
                detail: detail.to_owned(),
                leftover: Some(Box::new(handle)),
                rotated: None,
            }),
        }
    }

    fn timeout_s(&self, members: &Members) -> Result<u64, &'static str> {
        if self.read_only && members.get("read-only").is_some_and(|is| *is != true) {
            return Err("expected a session that may only read, found another");
        }
        match members.get("session-timeout") {
            None => Ok(self.timeout_s),
            Some(value) => seconds(value).ok_or(
                "expected `session-timeout` as a whole number of seconds from 1 on, found another value",
            ),
        }
    }
}

/// Reads the refusal of a login without a name.
pub(crate) fn greeted(reply: &Reply) -> Result<Probed, Trouble> {
    match sort(reply)? {
        Sort::Fine => Err(Trouble::nonsense(
            "expected a refusal of a login without a name, found status 200",
        )),
        Sort::Refusing => {
            let members = Members::read(reply.body().expose());
            match refusal(reply.status().as_u16(), members) {
                Trouble::Refused { .. } => Ok(Probed::Answers),
                other => Err(other),
            }
        }
    }
}

/// A refusal has `code` and `message`.
fn refusal(status: u16, members: Result<Members, Trouble>) -> Trouble {
    match members {
        Ok(members) if members.text("code").is_some() && members.text("message").is_some() => {
            Trouble::Refused {
                whose: Whose::Client,
                detail: format!("status {status}, an error"),
            }
        }
        _ => Trouble::nonsense(format!(
            "expected `code` and `message` with status {status}, found another answer"
        )),
    }
}
