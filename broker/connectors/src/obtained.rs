//! A vendor's credential, how it is to be used, and what ends it.

use locum_core::json::{JsonLimits, parse};
use locum_core::scope::Scope;
use locum_core::secret::Secret;
use serde_json::{Value, json};

/// A credential as the vendor handed it out.
pub struct Obtained {
    /// The credential.
    pub secret: Secret<String>,
    /// Seconds it lives by itself: as the vendor says, else as the operator
    /// declared; `None`: unknown, or for ever.
    pub expires_in: Option<u64>,
    /// What it may do, in our names: what was asked for, or what the vendor
    /// granted of that.
    pub scope: Scope,
    /// How it is to be used.
    pub present: Present,
    /// What revokes it at the vendor, where something does.
    pub handle: Option<Handle>,
    /// The refresh token that takes the place of the one that was sent: to be
    /// kept before the credential is used, and never handed out.
    pub rotated: Option<Secret<String>>,
    /// The vendor's name for the request, printable and bounded.
    pub vendor_request_id: Option<String>,
}

/// How an agent presents a credential to the vendor (contract §15, "The credential").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Present {
    /// `Authorization: Bearer`.
    Bearer,
    /// A header of the vendor's own.
    Header {
        /// Its name.
        name: &'static str,
        /// What stands before the credential.
        prefix: &'static str,
    },
    /// A cookie, with the header that writes need beside it.
    Cookie {
        /// Its name, as the vendor set it.
        name: String,
        /// The header that guards against forged requests, and its value.
        csrf: Option<(&'static str, String)>,
    },
    /// A member of each JSON request.
    Json {
        /// Its name.
        member: &'static str,
    },
}

impl Present {
    /// `token_type` of the answer.
    #[must_use]
    pub const fn token_type(&self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Header { .. } | Self::Cookie { .. } | Self::Json { .. } => "N_A",
        }
    }

    /// `present` of the answer; `None` where `token_type` says it all.
    #[must_use]
    pub fn to_json(&self) -> Option<Value> {
        match self {
            Self::Bearer => None,
            Self::Header { name, prefix } => Some(json!({"header": name, "prefix": prefix})),
            Self::Cookie { name, csrf: None } => Some(json!({"cookie": name})),
            Self::Cookie {
                name,
                csrf: Some((header, value)),
            } => Some(json!({"cookie": name, "csrf": {"header": header, "value": value}})),
            Self::Json { member } => Some(json!({"json": member})),
        }
    }
}

/// The least that is needed to revoke a credential at the vendor. It holds the
/// credential: keep it sealed, and drop it once the credential is dead.
pub struct Handle {
    /// Where it came from: it is never sent anywhere else.
    pub(crate) base_url: String,
    /// The account that it is of, by the vendor's name for it.
    pub(crate) account: Option<String>,
    /// Whether changes that were not published have to be discarded first.
    pub(crate) discard: bool,
    /// The credential.
    pub(crate) secret: Secret<String>,
}

/// Bytes that are no [`Handle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the handle of a credential, found other bytes")]
pub struct HandleFlaw;

/// Longest stored handle, in bytes.
const HANDLE_MAX: usize = 65_536;

impl Handle {
    /// As it is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        let kept = json!({
            "v": 1, "base_url": self.base_url, "account": self.account,
            "discard": self.discard, "secret": self.secret.expose(),
        });
        Secret::new(kept.to_string().into_bytes())
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// [`HandleFlaw`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HandleFlaw> {
        let limits = JsonLimits {
            bytes: HANDLE_MAX,
            depth: 1,
        };
        let kept = parse(bytes, limits).map_err(|_| HandleFlaw)?;
        let text = |name: &str| kept.get(name).and_then(Value::as_str).map(str::to_owned);
        if kept.get("v").and_then(Value::as_u64) != Some(1) {
            return Err(HandleFlaw);
        }
        Ok(Self {
            base_url: text("base_url").ok_or(HandleFlaw)?,
            account: text("account"),
            discard: kept
                .get("discard")
                .and_then(Value::as_bool)
                .ok_or(HandleFlaw)?,
            secret: Secret::new(text("secret").ok_or(HandleFlaw)?),
        })
    }
}
