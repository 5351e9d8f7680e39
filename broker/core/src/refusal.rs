//! The three words for "no" as codes: one reason, one variant, one mapping to
//! OAuth error, status and page (contract §10). `docs/errors.md` is generated
//! from here.

mod code;
mod mapping;
mod page;
mod sentence;

pub use code::Code;
pub use mapping::Mapping;
pub use page::page;
pub use sentence::{QUOTE_MAX, printable, quoted};

use serde_json::Value;

/// Which sign-in of the person would do (RFC 9470 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInWanted {
    /// One with one of these `acr` values, space-delimited: `acr_values`.
    Stronger(String),
    /// One that is at most so many seconds old: `max_age`.
    Younger(u32),
}

/// A "no" with its reasons. `description` is the safe sentence for the caller;
/// `detail` goes to the ledger and the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// Printable ASCII without `"` and `\`; ends with the next step.
    pub description: String,
    /// For the ledger and the log only; never a token or secret.
    pub detail: Option<String>,
    /// What would pass, e.g. `{"scope":"invoice.read"}`.
    pub would_pass: Option<Box<Value>>,
    /// For `LCM-STEP-UP`: which sign-in would do.
    pub sign_in: Option<Box<SignInWanted>>,
    /// For a code that is retryable: seconds until trying again may help.
    pub retry_after_s: u64,
    /// `@id`s of the policies that determined the refusal.
    pub policies: Vec<String>,
}

impl Refusal {
    /// A refusal with its sentence, made printable.
    #[must_use]
    pub fn new(code: Code, description: impl AsRef<str>) -> Self {
        Self {
            code,
            description: printable(description.as_ref()),
            detail: None,
            would_pass: None,
            sign_in: None,
            retry_after_s: 1,
            policies: Vec::new(),
        }
    }

    /// Adds what only the ledger and the log may see.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says when trying again may help, seconds from now.
    #[must_use]
    pub const fn again_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = seconds;
        self
    }

    /// Adds what would pass.
    #[must_use]
    pub fn passing(mut self, would_pass: Value) -> Self {
        self.would_pass = Some(Box::new(would_pass));
        self
    }
}
