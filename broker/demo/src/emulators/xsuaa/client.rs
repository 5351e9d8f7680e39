//! Which client asks: its secret in the form, or in a Basic header.

use super::super::super::form::DemoForm;
use super::super::oauth::{OAuthRefusal, pair};
use super::uaa::Uaa;
use axum::http::HeaderMap;

/// With it, both halves of a Basic header are form-encoded, as RFC 6749 §2.3.1
/// says; without it, UAA takes them as they are.
const ENCODED: &str = "x-cf-encoded-credentials";

impl Uaa {
    /// Lets the client in.
    ///
    /// # Errors
    /// 401 `unauthorized`, whatever is wrong.
    pub(super) fn client(
        &self,
        headers: &HeaderMap,
        form: &DemoForm,
    ) -> Result<String, OAuthRefusal> {
        let refused = || OAuthRefusal::unauthorized("unauthorized", "Bad credentials");
        let account = &self.accounts.sap_btp;
        let fits =
            |id: &str, secret: &str| account.client_secret.is(secret) && id == account.client_id;
        let fits = match pair(headers, "basic") {
            Some((id, secret)) if is_encoded(headers) => {
                fits(&decoded(&id), &decoded(secret.expose()))
            }
            Some((id, secret)) => fits(&id, secret.expose()),
            None => {
                let sent = form.get("client_id").zip(form.get("client_secret"));
                sent.is_some_and(|(id, secret)| fits(id, secret))
            }
        };
        if fits {
            Ok(account.client_id.clone())
        } else {
            Err(refused())
        }
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let value = headers.get(ENCODED).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// One form-encoded text.
fn decoded(text: &str) -> String {
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    let mut pairs = url::form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}
