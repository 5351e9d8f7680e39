//! A course: a request goes out, its reply comes in.

use crate::aid::Aid;
use crate::manner::{Grant, VAULT};
use crate::obtained::Obtained;
use crate::order::Order;
use crate::prepare::{Account, Prepared};
use crate::profile::How;
use crate::sending::Sending;
use crate::session::{checkpoint, panos};
use crate::token;
use crate::trouble::Trouble;
use locum_core::ids::SecretName;
use locum_core::secret::Secret;

/// What follows a reply.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and matched where it is made"
)]
pub enum Step {
    /// Another request.
    Send(Box<Course>, Sending),
    /// The credential.
    Done(Box<Obtained>),
}

/// A course under way: what is known about the reply that it waits for.
pub struct Course(Awaiting);

/// Which reply it waits for.
enum Awaiting {
    /// A token endpoint's.
    Token(token::Awaited),
    /// A key of PAN-OS.
    Panos(panos::Awaited),
    /// A session of Check Point.
    Checkpoint(checkpoint::Awaited),
}

impl Course {
    /// Reads the reply, whatever its status.
    ///
    /// # Errors
    /// [`Trouble`] where no credential came out.
    pub fn next(self, reply: http::Response<Vec<u8>>) -> Result<Step, Trouble> {
        let (parts, body) = reply.into_parts();
        let reply = http::Response::from_parts(parts, Secret::new(body));
        let obtained = match self.0 {
            Awaiting::Token(awaited) => awaited.read(&reply),
            Awaiting::Panos(awaited) => awaited.read(&reply),
            Awaiting::Checkpoint(awaited) => awaited.read(&reply),
        }?;
        Ok(Step::Done(Box::new(obtained)))
    }
}

impl Prepared {
    /// Writes the first request.
    ///
    /// # Errors
    /// [`Trouble::Unable`]: nothing is to be sent.
    pub fn begin(&self, order: &Order<'_>, aid: &dyn Aid) -> Result<(Course, Sending), Trouble> {
        if order.scope.is_empty() {
            return Err(Trouble::unable("a permit without scopes"));
        }
        let account = self.account(order)?;
        Ok(match self.row.how {
            How::Token(manner) => {
                let (awaited, sending) = token::begin(self, manner, account, order, aid)?;
                (Course(Awaiting::Token(awaited)), sending)
            }
            How::Panos => {
                let (awaited, sending) = panos::begin(self, account, order, aid)?;
                (Course(Awaiting::Panos(awaited)), sending)
            }
            How::Checkpoint => {
                let (awaited, sending) = checkpoint::begin(self, account, order, aid)?;
                (Course(Awaiting::Checkpoint(awaited)), sending)
            }
        })
    }

    /// The secret that holds the person's refresh token, where the order sends one:
    /// it must not be sent by two at once, and what the vendor gives in its place has
    /// to be kept under this name.
    ///
    /// # Errors
    /// [`Trouble::Stranger`]: none is kept for whom the order is.
    pub fn kept(&self, order: &Order<'_>) -> Result<Option<SecretName>, Trouble> {
        let refreshes = match self.row.how {
            How::Token(manner) => matches!(manner.grant, Grant::Refresh),
            How::Panos | How::Checkpoint => false,
        };
        if !refreshes {
            return Ok(None);
        }
        let mut kept = self.values.members(VAULT);
        let found = kept.find(|(ours, _)| *ours == order.who.ours);
        let name = found.and_then(|(_, name)| SecretName::parse(name).ok());
        // A log does not say who a person is.
        name.map(Some).ok_or_else(|| Trouble::Stranger {
            detail: "expected an entry of `vault` for whom the agent acts, found none".to_owned(),
        })
    }

    /// The account that the order names. What was granted has to be within what
    /// it may do.
    fn account(&self, order: &Order<'_>) -> Result<&Account, Trouble> {
        let account = match (self.by_principal, order.account) {
            (false, _) => self.accounts.first(),
            (true, Some(place)) => self.accounts.get(place),
            (true, None) => None,
        };
        account
            .filter(|account| order.scope.is_within(&account.scope))
            .ok_or_else(|| Trouble::unable("no account that may do what was granted"))
    }
}
