//! What was handed out is ended at the vendor.

use crate::aid::Aid;
use crate::manner::{Manner, RevokeBy};
use crate::obtained::Handle;
use crate::prepare::{Account, Prepared};
use crate::profile::How;
use crate::sending::Sending;
use crate::session::checkpoint::command;
use crate::token::Proof;
use crate::trouble::Trouble;
use crate::wire::form::Form;
use crate::wire::json::Members;
use crate::wire::{request, text};
use locum_core::secret::Secret;

/// When a credential is revoked, and under which name the revocation goes.
#[derive(Debug, Clone, Copy)]
pub struct RevokedAt<'a> {
    /// Unix seconds.
    pub now_s: u64,
    /// A name that no other request has: `jti` of a client's assertion, where
    /// the client proves itself by one.
    pub id: &'a str,
}

/// A revocation under way: what is known about the reply that it waits for.
pub struct Ending(Awaiting);

enum Awaiting {
    /// Of XSUAA: the token itself asked.
    Deleted,
    /// RFC 7009.
    Revoked,
    /// `discard` of Check Point; `logout` follows.
    Discarded(Box<Handle>),
    /// `logout` of Check Point.
    LoggedOut,
}

/// What a reply to a revocation means.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and matched where it is made"
)]
pub enum Ended {
    /// Another request follows.
    Send(Ending, Sending),
    /// The vendor confirmed it.
    Confirmed,
    /// The vendor does not know the credential any more.
    Gone,
    /// It has to be tried again; `detail` is for the log, in Locum's words.
    Again {
        /// For the log.
        detail: String,
    },
}

impl Prepared {
    /// Writes the first request that revokes a credential; `None`: the vendor
    /// cannot do that, or the credential came from another address than the
    /// target has now, where it is not sent.
    ///
    /// # Errors
    /// [`Trouble::Unable`]: nothing is to be sent now.
    pub fn revoke(
        &self,
        handle: Handle,
        at: RevokedAt<'_>,
        aid: &dyn Aid,
    ) -> Result<Option<(Ending, Sending)>, Trouble> {
        if handle.base_url != self.base_url {
            return Ok(None);
        }
        match self.row.how {
            How::Token(manner) => self.revoke_token(manner, &handle, at, aid),
            How::Panos => Ok(None),
            How::Checkpoint => {
                let name = if handle.discard { "discard" } else { "logout" };
                let sending = in_session(name, &handle)?;
                let awaiting = if handle.discard {
                    Awaiting::Discarded(Box::new(handle))
                } else {
                    Awaiting::LoggedOut
                };
                Ok(Some((Ending(awaiting), sending)))
            }
        }
    }

    fn revoke_token(
        &self,
        manner: &'static Manner,
        handle: &Handle,
        at: RevokedAt<'_>,
        aid: &dyn Aid,
    ) -> Result<Option<(Ending, Sending)>, Trouble> {
        match manner.revoked {
            RevokeBy::Nowhere => Ok(None),
            RevokeBy::AtPath(path) => {
                let token = handle.secret.expose();
                let url = text::joined(&[&self.base_url, path, &text::segment(token)]);
                let bearer = text::joined(&["Bearer ", token]);
                let request = http::Request::delete(url.expose().as_str())
                    .header("accept", "application/json")
                    .header("authorization", request::sensitive(&bearer)?);
                let sending = Sending {
                    request: request::of(request, Secret::new(Vec::new()))?,
                    identity: None,
                };
                Ok(Some((Ending(Awaiting::Deleted), sending)))
            }
            RevokeBy::Rfc7009(parameter) => {
                let Some(path) = self.values.text(parameter) else {
                    return Ok(None);
                };
                let url = format!("{}{path}", self.base_url);
                let mut form = Form::default();
                form.put("token", handle.secret.expose());
                form.put("token_type_hint", "access_token");
                let proof = Proof {
                    prepared: self,
                    auth: manner.auth,
                    client_id: manner.client_id,
                    account: self.account_of(handle)?,
                    audience: &url,
                    now_s: at.now_s,
                    jti: at.id.to_owned(),
                    aid,
                };
                let proven = proof.put(&mut form)?;
                let request = http::Request::post(&url).header("accept", "application/json");
                Ok(Some((
                    Ending(Awaiting::Revoked),
                    proven.send(request, form)?,
                )))
            }
        }
    }

    /// The account that a credential is of.
    fn account_of(&self, handle: &Handle) -> Result<&Account, Trouble> {
        self.accounts
            .iter()
            .find(|account| account.name == handle.account)
            .ok_or_else(|| Trouble::unable("the target has no account of that credential any more"))
    }
}

fn in_session(name: &str, handle: &Handle) -> Result<Sending, Trouble> {
    command(
        &handle.base_url,
        name,
        Secret::new(b"{}".to_vec()),
        Some(&handle.secret),
    )
}

impl Ending {
    /// Reads the reply, whatever its status.
    #[must_use]
    pub fn next(self, reply: http::Response<Vec<u8>>) -> Ended {
        let (parts, body) = reply.into_parts();
        let body = Secret::new(body);
        let status = parts.status.as_u16();
        match (self.0, status) {
            (Awaiting::Deleted, 200 | 204) | (Awaiting::Revoked | Awaiting::LoggedOut, 200) => {
                Ended::Confirmed
            }
            // A token that is dead cannot prove itself, and is not found.
            (Awaiting::Deleted, 401 | 404) if is_error(body.expose()) => Ended::Gone,
            (Awaiting::Discarded(handle), 200) => match in_session("logout", &handle) {
                Ok(sending) => Ended::Send(Ending(Awaiting::LoggedOut), sending),
                Err(trouble) => again(trouble.detail()),
            },
            (Awaiting::Discarded(_) | Awaiting::LoggedOut, 400 | 401 | 403 | 404)
                if is_gone(body.expose()) =>
            {
                Ended::Gone
            }
            _ => again(&format!("expected a confirmation, found status {status}")),
        }
    }
}

fn again(detail: &str) -> Ended {
    Ended::Again {
        detail: detail.to_owned(),
    }
}

/// Whether it is an error in the form of OAuth (RFC 6749 §5.2), and not the answer
/// of something in between.
fn is_error(body: &[u8]) -> bool {
    let members = Members::read(body).ok();
    members.is_some_and(|members| members.text("error").is_some())
}

/// Whether Check Point says that there is no such session.
fn is_gone(body: &[u8]) -> bool {
    let members = Members::read(body).ok();
    members.is_some_and(|members| {
        matches!(
            members.text("code"),
            Some("generic_err_wrong_session_id" | "generic_err_session_expired")
        )
    })
}
