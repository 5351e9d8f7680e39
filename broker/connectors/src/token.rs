//! A token endpoint is asked: the OAuth kinds, each in the manner of its
//! profile.

use crate::aid::Aid;
use crate::manner::{Field, From, Grant, Manner};
use crate::order::Order;
use crate::prepare::{Account, Prepared};
use crate::sending::Sending;
use crate::trouble::Trouble;
use crate::wire::form::Form;
use crate::wire::text;
use locum_core::secret::Secret;

mod answer;
mod asking;
mod auth;
mod jwt;
pub(crate) mod probe;
mod saml;

use asking::Asking;

pub(crate) use answer::{Awaited, seconds};
pub(crate) use auth::Proof;
use auth::Proven;

/// Names of the grants.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SAML_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const CLIENT_CREDENTIALS: &str = "client_credentials";
const REFRESH_TOKEN: &str = "refresh_token";
/// RFC 8693 §3.
const JWT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Writes the token request.
pub(crate) fn begin(
    prepared: &Prepared,
    manner: &'static Manner,
    account: &Account,
    order: &Order<'_>,
    aid: &dyn Aid,
) -> Result<(Awaited, Sending), Trouble> {
    let asking = Asking {
        url: format!("{}{}", prepared.base_url, path(manner.path, prepared)),
        prepared,
        manner,
        account,
        order,
        aid,
    };
    let mut form = Form::default();
    let kept = asking.refresh_token()?;
    let carries_assertion = asking.grant(&mut form, kept.as_ref())?;
    fields(prepared, manner, &mut form);
    let asked = asking.scopes(&mut form)?;
    let proof = Proof {
        prepared,
        auth: manner.auth,
        client_id: manner.client_id,
        account,
        audience: client_audience(prepared, manner, &asking.url),
        now_s: order.now_s,
        jti: if carries_assertion {
            format!("{}.client", order.delegation)
        } else {
            order.delegation.clone()
        },
        aid,
    };
    let proven = proof.put(&mut form)?;
    let sending = posted(prepared, manner, &asking.url, (proven, form))?;
    Ok((Awaited::of(&asking, asked, kept), sending))
}

/// The request, with the profile's headers.
fn posted(
    prepared: &Prepared,
    manner: &Manner,
    url: &str,
    (proven, form): (Proven, Form),
) -> Result<Sending, Trouble> {
    let mut request = http::Request::post(url).header("accept", "application/json");
    for (header, parameter) in manner.headers {
        if let Some(value) = prepared.values.text(parameter) {
            request = request.header(*header, value);
        }
    }
    proven.send(request, form)
}

/// A path with its parameters, each one segment, in place.
fn path(path: &'static str, prepared: &Prepared) -> String {
    let mut out = path.to_owned();
    if path == "{token_path}" {
        return prepared.values.text("token_path").unwrap_or("/").to_owned();
    }
    for name in ["alias", "tenant"] {
        if let Some(value) = prepared.values.text(name) {
            out = out.replace(&format!("{{{name}}}"), &text::segment(value));
        }
    }
    out
}

impl Asking<'_> {
    /// The refresh token that is kept for the person, where the grant sends one.
    fn refresh_token(&self) -> Result<Option<Secret<String>>, Trouble> {
        let name = self.prepared.kept(self.order)?;
        name.map(|name| text::of_secret(self.aid, &name))
            .transpose()
    }

    /// The grant's own members; whether an assertion is among them. `kept`: the
    /// refresh token.
    fn grant(&self, form: &mut Form, kept: Option<&Secret<String>>) -> Result<bool, Trouble> {
        match self.manner.grant {
            Grant::Jwt(manner) => {
                form.put("grant_type", JWT_BEARER);
                form.put_secret("assertion", jwt::assertion(self, manner)?);
            }
            Grant::Saml(manner) => {
                form.put("grant_type", SAML_BEARER);
                form.put_secret("assertion", saml::assertion(self, manner)?);
            }
            Grant::Exchange(manner) => {
                form.put("grant_type", TOKEN_EXCHANGE);
                form.put("subject_token_type", JWT_TYPE);
                form.put_secret("subject_token", jwt::assertion(self, manner)?);
            }
            Grant::Client => {
                form.put("grant_type", CLIENT_CREDENTIALS);
                return Ok(false);
            }
            Grant::Refresh => {
                form.put("grant_type", REFRESH_TOKEN);
                form.put_some(REFRESH_TOKEN, kept.map(|kept| kept.expose().as_str()));
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks for the granted scopes by the vendor's names; whether any are sent.
    fn scopes(&self, form: &mut Form) -> Result<bool, Trouble> {
        let Some(member) = self.manner.scopes else {
            return Ok(false);
        };
        if self.prepared.values.get("scopes").is_none() {
            return Ok(false);
        }
        let mut names: Vec<&str> = Vec::new();
        for ours in self.order.scope.iter() {
            let theirs = self.prepared.scopes.get(ours);
            let theirs = theirs.ok_or_else(|| {
                Trouble::unable("a granted scope that the target maps to no scope of the vendor")
            })?;
            for name in theirs.split(' ') {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        form.put(member, &names.join(" "));
        Ok(true)
    }
}

/// Members of the form beside those of grant and client.
fn fields(prepared: &Prepared, manner: &Manner, form: &mut Form) {
    let values = &prepared.values;
    for Field(name, from) in manner.fields {
        match from {
            From::Fixed(text) => form.put(name, text),
            From::Parameter(parameter) => form.put_some(name, values.text(parameter)),
            From::Either(parameter, other) => {
                form.put_some(name, values.text(parameter).or_else(|| values.text(other)));
            }
            From::Inside { parameter, member } => {
                if let Some(value) = values.get(parameter) {
                    form.put(name, &serde_json::json!({*member: value}).to_string());
                }
            }
            From::Each(parameter) => {
                for text in values.texts(parameter) {
                    form.put(name, text);
                }
            }
            From::All(parameter) => {
                for (name, text) in values.members(parameter) {
                    form.put_named(name, text);
                }
            }
        }
    }
}

/// For whom the client's own assertion is.
fn client_audience<'a>(prepared: &'a Prepared, manner: &Manner, url: &'a str) -> &'a str {
    match manner.grant {
        // There `audience` is of the SAML assertion.
        Grant::Saml(_) => url,
        Grant::Jwt(_) | Grant::Exchange(_) | Grant::Client | Grant::Refresh => {
            prepared.values.text("audience").unwrap_or(url)
        }
    }
}
