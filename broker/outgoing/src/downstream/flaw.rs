//! Why a call to a downstream system brought no answer, and whether it may have
//! reached that system.

use crate::flaw::FetchFlaw;

/// Whether a request may have reached its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Surely not: not one byte of it left.
    No,
    /// Perhaps, in whole or in part. The target may have done what it was asked.
    Unknown,
}

/// A call without an answer. For logs and operators: it names no URL, no header,
/// and nothing of what was sent or answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct CallFlaw {
    /// Whether the request may have reached the target.
    pub sent: Sent,
    /// Why there is no answer.
    pub why: FlawKind,
    /// Seconds after which another call may fare better, where that is known.
    pub retry_after_s: Option<u64>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlawKind {
    /// The URL is none that is called.
    #[error("expected a URL {0}")]
    Url(&'static str),
    /// No entry of the list admits the host.
    #[error("expected a host that `[downstream] allow` admits, found another")]
    Barred,
    /// The host may be called, but not without TLS.
    #[error("expected a URL of scheme `https`, found `http`")]
    NeedsTls,
    /// The host has no address.
    #[error("expected a host name with an address, found one that does not resolve")]
    Unresolved,
    /// Nobody listens there, or no way leads there.
    #[error("expected a server that takes connections, found none")]
    Unreachable,
    /// It took too long.
    #[error("expected an answer in time, found none")]
    Timeout,
    /// The server's certificate is by an authority that is not trusted.
    #[error("expected a certificate by a trusted authority, found another")]
    Authority,
    /// The server's certificate is not good for another reason.
    #[error("expected a certificate that is good for the host now, found another: {0}")]
    Certificate(String),
    /// Connecting, TLS or HTTP.
    #[error("{0}")]
    Http(String),
    /// Locum cannot build the client that would call.
    #[error("expected an HTTP client, found none: {0}")]
    Client(String),
    /// The head or the body is over the limit.
    #[error("expected an answer with a {part} of at most {max} bytes, found a longer one")]
    TooLarge {
        /// `head` or `body`.
        part: &'static str,
        /// The limit, in bytes.
        max: usize,
    },
    /// The body is packed, though that was not asked for.
    #[error("expected an answer that is not packed, found an encoding")]
    Encoding,
    /// Too many calls to the target in a row failed: it is given a pause.
    #[error("expected a target that answers, found one whose last calls failed")]
    BreakerOpen,
    /// The target asked to be left alone for a while.
    #[error("expected a target that takes calls now, found one that asked for a pause")]
    LeftAlone,
    /// Too many calls to the target are under way or wait.
    #[error("expected fewer calls to the target at one time, found as many as there may be")]
    Busy,
}

impl FlawKind {
    /// A word for metrics and logs, the same for ever.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Url(_) => "url",
            Self::Barred => "barred",
            Self::NeedsTls => "needs_tls",
            Self::Unresolved => "unresolved",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Authority => "authority",
            Self::Certificate(_) => "certificate",
            Self::Http(_) => "http",
            Self::Client(_) => "client",
            Self::TooLarge { .. } => "too_large",
            Self::Encoding => "encoding",
            Self::BreakerOpen => "breaker_open",
            Self::LeftAlone => "left_alone",
            Self::Busy => "busy",
        }
    }

    /// Whether it tells of the target, rather than of Locum or of its operator's
    /// list.
    pub(super) const fn is_the_targets(&self) -> bool {
        match self {
            Self::Unresolved
            | Self::Unreachable
            | Self::Timeout
            | Self::Authority
            | Self::Certificate(_)
            | Self::Http(_)
            | Self::TooLarge { .. }
            | Self::Encoding => true,
            Self::Url(_)
            | Self::Barred
            | Self::Client(_)
            | Self::NeedsTls
            | Self::BreakerOpen
            | Self::LeftAlone
            | Self::Busy => false,
        }
    }
}

impl From<FetchFlaw> for FlawKind {
    fn from(flaw: FetchFlaw) -> Self {
        match flaw {
            FetchFlaw::Url(expected) => Self::Url(expected),
            FetchFlaw::Address(_) | FetchFlaw::Addresses => Self::Barred,
            FetchFlaw::NeedsTls => Self::NeedsTls,
            FetchFlaw::Unresolved => Self::Unresolved,
            FetchFlaw::Unreachable => Self::Unreachable,
            FetchFlaw::Timeout => Self::Timeout,
            FetchFlaw::Authority => Self::Authority,
            FetchFlaw::Certificate(flaw) => Self::Certificate(flaw),
            FetchFlaw::TooLarge { max } => Self::TooLarge { part: "body", max },
            FetchFlaw::Encoding | FetchFlaw::Gzip => Self::Encoding,
            flaw @ (FetchFlaw::Redirect(_)
            | FetchFlaw::Status(_)
            | FetchFlaw::Http(_)
            | FetchFlaw::Json(_)) => Self::Http(flaw.to_string()),
        }
    }
}

impl CallFlaw {
    /// Nothing was sent.
    pub(super) fn not_sent(why: impl Into<FlawKind>) -> Self {
        Self {
            sent: Sent::No,
            why: why.into(),
            retry_after_s: None,
        }
    }

    /// Something may have been sent.
    pub(super) fn unknown(why: impl Into<FlawKind>) -> Self {
        Self {
            sent: Sent::Unknown,
            ..Self::not_sent(why)
        }
    }

    /// Nothing was sent, and is not for so many seconds.
    pub(super) fn until(why: FlawKind, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..Self::not_sent(why)
        }
    }
}

impl From<reqwest::Error> for CallFlaw {
    /// Connecting, TLS included, comes before the first byte of a request, and
    /// so does a kept connection that turns out to be closed: the client then
    /// takes a fresh one by itself. After that nobody knows.
    fn from(error: reqwest::Error) -> Self {
        let sent = match error.is_connect() || error.is_builder() {
            true => Sent::No,
            false => Sent::Unknown,
        };
        Self {
            sent,
            ..Self::not_sent(FetchFlaw::from(error))
        }
    }
}
