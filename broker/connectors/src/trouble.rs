//! Why no credential came out.

use crate::obtained::Handle;
use locum_core::secret::Secret;

/// Why a course ended without a credential. `detail` is for the log, short, of
/// printable characters, and in Locum's words: no text of the vendor's and no
/// secret is in it.
pub enum Trouble {
    /// The vendor said no, in its own form: status 400, 401 or 403.
    Refused {
        /// Of what the vendor disapproves, as far as it said so.
        whose: Whose,
        /// For the log.
        detail: String,
    },
    /// The reply is not one that may be relied on. What may have been handed
    /// out is unknown.
    Nonsense {
        /// For the log.
        detail: String,
        /// What has to be revoked at the vendor, where the reply held a
        /// credential that must not be handed out.
        leftover: Option<Box<Handle>>,
        /// The refresh token that takes the place of the one that was sent: to be
        /// kept, though no credential came out.
        rotated: Option<Secret<String>>,
    },
    /// Nothing is kept that says who the person is at the vendor: nothing was
    /// sent, and trying again helps nothing.
    Stranger {
        /// For the log.
        detail: String,
    },
    /// The request could not be written: nothing was sent.
    Unable {
        /// For the log.
        detail: String,
    },
}

/// Of what a vendor disapproves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Of the client: its id, its secret, or what it may ask for.
    Client,
    /// Of the person, or of the assertion about them.
    Person,
    /// Of the person's refresh token: it ended, was revoked, or was used before.
    RefreshToken,
    /// Of the scopes.
    Scope,
    /// It did not say.
    Unsaid,
}

impl Whose {
    /// As in a sentence: "the vendor refuses …".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "the client",
            Self::Person => "the person or the assertion about them",
            Self::RefreshToken => {
                "the person's refresh token, which has to be put again as an upstream secret"
            }
            Self::Scope => "the scopes",
            Self::Unsaid => "the request",
        }
    }
}

impl Trouble {
    /// For the log.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Refused { detail, .. }
            | Self::Nonsense { detail, .. }
            | Self::Stranger { detail }
            | Self::Unable { detail } => detail,
        }
    }

    /// The request could not be written.
    pub(crate) fn unable(detail: impl Into<String>) -> Self {
        Self::Unable {
            detail: detail.into(),
        }
    }

    /// The same trouble, and a refresh token that has to be kept.
    pub(crate) fn keeping(self, token: Option<Secret<String>>) -> Self {
        match self {
            Self::Nonsense {
                detail, leftover, ..
            } => Self::Nonsense {
                detail,
                leftover,
                rotated: token,
            },
            other => other,
        }
    }

    /// The reply cannot be relied on, and holds nothing to revoke.
    pub(crate) fn nonsense(detail: impl Into<String>) -> Self {
        Self::Nonsense {
            detail: detail.into(),
            leftover: None,
            rotated: None,
        }
    }
}

impl std::fmt::Debug for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Refused { .. } => "Refused",
            Self::Nonsense { .. } => "Nonsense",
            Self::Stranger { .. } => "Stranger",
            Self::Unable { .. } => "Unable",
        };
        f.debug_tuple(name).field(&self.detail()).finish()
    }
}
