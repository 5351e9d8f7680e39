//! How a client proves itself at a token or revocation endpoint.

use super::jwt::{LIFE_S, TYP};
use crate::aid::{Aid, KeyOf};
use crate::manner::{Auth, BasicStyle, ClientIdIn};
use crate::prepare::{Account, Prepared};
use crate::sending::Sending;
use crate::trouble::Trouble;
use crate::wire::form::{Form, encoded};
use crate::wire::{request, text};
use http::request::Builder;
use locum_core::ids::SecretName;
use locum_core::secret::Secret;
use serde_json::json;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Tells UAA that what stands in `Authorization: Basic` is form-encoded.
const ENCODED_CREDENTIALS: &str = "x-cf-encoded-credentials";

/// What a client's proof is made of.
pub(crate) struct Proof<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) auth: Auth,
    pub(crate) client_id: ClientIdIn,
    pub(crate) account: &'a Account,
    /// `aud` of a client's assertion.
    pub(crate) audience: &'a str,
    /// Unix seconds.
    pub(crate) now_s: u64,
    /// `jti` of a client's assertion.
    pub(crate) jti: String,
    pub(crate) aid: &'a dyn Aid,
}

/// What of the proof is not in the form.
#[derive(Default)]
pub(crate) struct Proven {
    authorization: Option<Secret<String>>,
    encoded: bool,
    identity: Option<SecretName>,
}

impl Proof<'_> {
    /// Puts into the form what belongs there.
    pub(crate) fn put(&self, form: &mut Form) -> Result<Proven, Trouble> {
        let client = self.account.name.as_deref().unwrap_or_default();
        let mut proven = Proven::default();
        let by_basic = match self.auth {
            Auth::Nothing => false,
            Auth::Scheme(word) => {
                proven.authorization = Some(self.in_header(word, BasicStyle::Plain)?);
                true
            }
            Auth::Basic(style) => {
                (proven.authorization, proven.encoded) = self.basic(style)?;
                true
            }
            Auth::Chosen(style) => match self.prepared.client_auth() {
                Some("basic") => {
                    (proven.authorization, proven.encoded) = self.basic(style)?;
                    true
                }
                Some("mtls") => {
                    proven.identity = Some(self.name()?.clone());
                    false
                }
                Some("jwt") => {
                    form.put("client_assertion_type", ASSERTION_TYPE);
                    form.put_secret("client_assertion", self.assertion(client)?);
                    false
                }
                Some("none") => false,
                _ => {
                    form.put_secret("client_secret", self.secret()?);
                    false
                }
            },
        };
        let named = match self.client_id {
            ClientIdIn::Form => true,
            ClientIdIn::FormUnlessBasic => !by_basic,
            ClientIdIn::Nowhere => false,
        };
        if named {
            form.put("client_id", client);
        }
        Ok(proven)
    }

    fn basic(&self, style: BasicStyle) -> Result<(Option<Secret<String>>, bool), Trouble> {
        let encode = match style {
            BasicStyle::Plain => false,
            BasicStyle::FormEncoded => true,
            BasicStyle::Uaa => {
                let odd = |text: &str| !text.is_ascii() || text.contains(['+', '%']);
                let client = self.account.name.as_deref().unwrap_or_default();
                odd(client) || client.contains(':') || odd(self.secret()?.expose())
            }
        };
        let style = if encode {
            BasicStyle::FormEncoded
        } else {
            BasicStyle::Plain
        };
        let header = self.in_header("Basic", style)?;
        // Whoever follows RFC 6749 decodes without being told.
        Ok((
            Some(header),
            encode && matches!(self.auth, Auth::Chosen(BasicStyle::Uaa)),
        ))
    }

    fn in_header(&self, word: &str, style: BasicStyle) -> Result<Secret<String>, Trouble> {
        let client = self.account.name.as_deref().unwrap_or_default();
        let secret = self.secret()?;
        let pair = match style {
            BasicStyle::FormEncoded => {
                let secret = encoded(secret.expose());
                text::joined(&[&encoded(client).expose()[..], ":", secret.expose()])
            }
            BasicStyle::Plain | BasicStyle::Uaa => text::joined(&[client, ":", secret.expose()]),
        };
        let pair = text::base64(pair.expose().as_bytes());
        Ok(text::joined(&[word, " ", pair.expose()]))
    }

    fn assertion(&self, client: &str) -> Result<Secret<String>, Trouble> {
        let claims = json!({
            "iss": client, "sub": client, "aud": self.audience, "jti": self.jti,
            "iat": self.now_s, "exp": self.now_s.saturating_add(LIFE_S),
        });
        let key = self.prepared.secrets.get("signing");
        self.aid
            .sign_jwt(key.map_or(KeyOf::Ours, KeyOf::Named), TYP, &claims)
    }

    fn name(&self) -> Result<&SecretName, Trouble> {
        let name = self.account.secret.as_ref();
        name.ok_or_else(|| Trouble::unable("an account without a secret"))
    }

    fn secret(&self) -> Result<Secret<String>, Trouble> {
        text::of_secret(self.aid, self.name()?)
    }
}

impl Proven {
    /// The request, with what was not put into the form.
    pub(crate) fn send(self, request: Builder, form: Form) -> Result<Sending, Trouble> {
        let mut request = request.header("content-type", "application/x-www-form-urlencoded");
        if self.encoded {
            request = request.header(ENCODED_CREDENTIALS, "true");
        }
        if let Some(value) = &self.authorization {
            request = request.header("authorization", request::sensitive(value)?);
        }
        Ok(Sending {
            request: request::of(request, form.encode())?,
            identity: self.identity,
        })
    }
}
