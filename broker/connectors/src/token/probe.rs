//! A token endpoint is asked with a grant that nobody signed: it tells whether it
//! takes the client, and has nothing to hand out.

use super::{
    JWT_BEARER, JWT_TYPE, Proof, REFRESH_TOKEN, SAML_BEARER, TOKEN_EXCHANGE, fields, path,
};
use crate::aid::Aid;
use crate::manner::{Auth, Grant, Manner};
use crate::prepare::{Account, Prepared};
use crate::probe::Probed as Found;
use crate::revoke::RevokedAt;
use crate::sending::Sending;
use crate::trouble::Trouble;
use crate::wire::form::Form;
use crate::wire::json::Members;
use crate::wire::reply::{Reply, Sort, sort};

/// A JWT that claims nothing, with the signature "none" and no such one:
/// `{"alg":"RS256"}`, `{}`.
const NO_JWT: &str = "eyJhbGciOiJSUzI1NiJ9.e30.bm9uZQ";
/// `<none/>` in either alphabet.
const NO_SAML: &str = "PG5vbmUvPg";

/// A refresh token that nobody was given.
const NO_REFRESH_TOKEN: &str = "none";

/// What is known about the reply.
pub(crate) struct Probed {
    /// Whether the vendor has looked at the client before it looks at the grant.
    proves_client: bool,
    /// Whether the grant is another than the target's own.
    other_grant: bool,
    /// Whether a refusal may come from the door, in no form at all.
    at_the_door: bool,
}

/// Whether the client proves itself by more than the grant.
pub(crate) fn proves_client(prepared: &Prepared, manner: &Manner) -> bool {
    match manner.auth {
        Auth::Nothing => false,
        // Workday looks at the grant first.
        Auth::Scheme(_) => false,
        Auth::Basic(_) => true,
        Auth::Chosen(_) => prepared.client_auth() != Some("none"),
    }
}

/// Writes the request.
pub(crate) fn begin(
    prepared: &Prepared,
    manner: &'static Manner,
    account: &Account,
    at: RevokedAt<'_>,
    aid: &dyn Aid,
) -> Result<(Probed, Sending), Trouble> {
    let url = format!("{}{}", prepared.base_url, path(manner.path, prepared));
    let mut form = Form::default();
    match manner.grant {
        // Its own grant would bring a token.
        Grant::Jwt(_) | Grant::Client => {
            form.put("grant_type", JWT_BEARER);
            form.put("assertion", NO_JWT);
        }
        Grant::Refresh => {
            form.put("grant_type", REFRESH_TOKEN);
            form.put(REFRESH_TOKEN, NO_REFRESH_TOKEN);
        }
        Grant::Saml(_) => {
            form.put("grant_type", SAML_BEARER);
            form.put("assertion", NO_SAML);
        }
        Grant::Exchange(_) => {
            form.put("grant_type", TOKEN_EXCHANGE);
            form.put("subject_token_type", JWT_TYPE);
            form.put("subject_token", NO_JWT);
        }
    }
    fields(prepared, manner, &mut form);
    let proof = Proof {
        prepared,
        auth: manner.auth,
        client_id: manner.client_id,
        account,
        audience: super::client_audience(prepared, manner, &url),
        now_s: at.now_s,
        jti: at.id.to_owned(),
        aid,
    };
    let proven = proof.put(&mut form)?;
    let sending = super::posted(prepared, manner, &url, (proven, form))?;
    let probed = Probed {
        proves_client: proves_client(prepared, manner),
        other_grant: matches!(manner.grant, Grant::Client),
        at_the_door: matches!(manner.auth, Auth::Basic(_)),
    };
    Ok((probed, sending))
}

impl Probed {
    /// Reads the refusal that has to come.
    pub(crate) fn read(self, reply: &Reply) -> Result<Found, Trouble> {
        let status = reply.status().as_u16();
        let members = match (sort(reply)?, Members::read(reply.body().expose())) {
            (Sort::Fine, _) => {
                return Err(Trouble::nonsense(
                    "expected a refusal of a grant that nobody signed, found status 200",
                ));
            }
            (Sort::Refusing, Ok(members)) => members,
            (Sort::Refusing, Err(_)) if self.at_the_door && status == 401 => {
                return Ok(refused("status 401, without a code"));
            }
            (Sort::Refusing, Err(_)) => {
                return Err(Trouble::nonsense(format!(
                    "expected a refusal in JSON with status {status}, found another answer"
                )));
            }
        };
        let Some(code) = members.text("error") else {
            if members.text("errorMessage").is_some() {
                return Ok(Found::Answers);
            }
            return Err(Trouble::nonsense(format!(
                "expected `error` with status {status}, found none"
            )));
        };
        if !self.proves_client {
            // What it says is said of the grant.
            return Ok(Found::Answers);
        }
        Ok(match code {
            "invalid_client" => refused("invalid_client"),
            "unauthorized" => refused("unauthorized"),
            "unauthorized_client" | "unsupported_grant_type" if self.other_grant => Found::Taken,
            "unauthorized_client" => refused("unauthorized_client"),
            "unsupported_grant_type" => refused("unsupported_grant_type"),
            "invalid_grant" | "invalid_token" | "invalid_scope" | "access_denied" => Found::Taken,
            _ => Found::Answers,
        })
    }
}

fn refused(code: &str) -> Found {
    Found::Refused {
        detail: format!(
            "expected a client that the vendor takes, found that it refuses it ({code})"
        ),
    }
}
