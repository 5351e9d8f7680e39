//! Whether a vendor answers as its profile says, and takes Locum's accounts.
//! Nobody gave a permit for it, so it is asked in a way that brings no credential.

use crate::aid::Aid;
use crate::prepare::{Account, Prepared};
use crate::profile::How;
use crate::revoke::RevokedAt;
use crate::sending::Sending;
use crate::session::{checkpoint, panos};
use crate::token::probe as token;
use crate::trouble::Trouble;
use locum_core::ids::SecretName;
use locum_core::secret::Secret;

/// A question under way: what is known about the reply that it waits for.
pub struct Probe(Awaiting);

enum Awaiting {
    Token(token::Probed),
    Panos,
    Checkpoint,
}

/// What a reply shows. Its texts are Locum's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// The vendor answers in its own form, and takes the account.
    Taken,
    /// It answers in its own form. Whether it takes the account shows when a
    /// credential is asked for.
    Answers,
    /// It answers in its own form, and refuses the account.
    Refused {
        /// Why, as far as it said so.
        detail: String,
    },
    /// Such a vendor does not answer so.
    Other {
        /// What was expected and found.
        detail: String,
    },
}

impl Prepared {
    /// How many questions there are: one for each account that proves itself by
    /// what the vendor looks at before all else, or one in all.
    #[must_use]
    pub fn probes(&self) -> usize {
        let each = match self.row.how {
            How::Token(manner) => token::proves_client(self, manner),
            How::Panos => true,
            How::Checkpoint => false,
        };
        if each { self.accounts.len() } else { 1 }
    }

    /// The account of a question: its name at the vendor, and its secret.
    #[must_use]
    pub fn probed(&self, place: usize) -> (Option<&str>, Option<&SecretName>) {
        let account = self.accounts.get(place);
        let name = account.and_then(|account| account.name.as_deref());
        (name, account.and_then(|account| account.secret.as_ref()))
    }

    /// Writes a question.
    ///
    /// # Errors
    /// [`Trouble::Unable`]: nothing is to be sent.
    pub fn probe(
        &self,
        place: usize,
        at: RevokedAt<'_>,
        aid: &dyn Aid,
    ) -> Result<(Probe, Sending), Trouble> {
        let account = self.accounts.get(place);
        let account: &Account = account.ok_or_else(|| Trouble::unable("no such account"))?;
        Ok(match self.row.how {
            How::Token(manner) => {
                let (probed, sending) = token::begin(self, manner, account, at, aid)?;
                (Probe(Awaiting::Token(probed)), sending)
            }
            How::Panos => (Probe(Awaiting::Panos), panos::version(self, account, aid)?),
            How::Checkpoint => {
                let nobody = Secret::new(b"{}".to_vec());
                let sending = checkpoint::command(&self.base_url, "login", nobody, None)?;
                (Probe(Awaiting::Checkpoint), sending)
            }
        })
    }
}

impl Probe {
    /// Reads the reply, whatever its status.
    #[must_use]
    pub fn read(self, reply: http::Response<Vec<u8>>) -> Probed {
        let (parts, body) = reply.into_parts();
        let reply = http::Response::from_parts(parts, Secret::new(body));
        let read = match self.0 {
            Awaiting::Token(probed) => probed.read(&reply),
            Awaiting::Panos => panos::greeted(&reply),
            Awaiting::Checkpoint => checkpoint::greeted(&reply),
        };
        read.unwrap_or_else(|trouble| Probed::Other {
            detail: trouble.detail().to_owned(),
        })
    }
}
