//! PAN-OS and Panorama: `type=keygen` of the XML API.

use crate::aid::Aid;
use crate::obtained::{Obtained, Present};
use crate::order::Order;
use crate::prepare::{Account, Prepared};
use crate::probe::Probed;
use crate::sending::Sending;
use crate::trouble::{Trouble, Whose};
use crate::wire::form::Form;
use crate::wire::reply::{Reply, Sort, is_credential, request_id, sort};
use crate::wire::{request, text, xml};
use locum_core::scope::Scope;
use locum_core::secret::Secret;

/// Where the XML API is.
const PATH: &str = "/api/";

/// Writes the request for a key.
pub(crate) fn begin(
    prepared: &Prepared,
    account: &Account,
    order: &Order<'_>,
    aid: &dyn Aid,
) -> Result<(Awaited, Sending), Trouble> {
    let (Some(user), Some(secret)) = (&account.name, &account.secret) else {
        return Err(Trouble::unable("an account without a name or a secret"));
    };
    let mut form = Form::default();
    form.put("type", "keygen");
    form.put("user", user);
    form.put_secret("password", text::of_secret(aid, secret)?);
    let request = http::Request::post(format!("{}{PATH}", prepared.base_url))
        .header("accept", "application/xml")
        .header("content-type", "application/x-www-form-urlencoded");
    let sending = Sending {
        request: request::of(request, form.encode())?,
        identity: None,
    };
    let awaited = Awaited {
        scope: order.scope.clone(),
        declared_s: prepared.declared_life_s(),
        present: prepared.profile.present.clone(),
    };
    Ok((awaited, sending))
}

/// Writes the question for the version, by name and password: it makes no key.
pub(crate) fn version(
    prepared: &Prepared,
    account: &Account,
    aid: &dyn Aid,
) -> Result<Sending, Trouble> {
    let (Some(user), Some(secret)) = (&account.name, &account.secret) else {
        return Err(Trouble::unable("an account without a name or a secret"));
    };
    let password = text::of_secret(aid, secret)?;
    let pair = text::joined(&[user, ":", password.expose()]);
    let pair = text::base64(pair.expose().as_bytes());
    let basic = text::joined(&["Basic ", pair.expose()]);
    let mut form = Form::default();
    form.put("type", "version");
    let request = http::Request::post(format!("{}{PATH}", prepared.base_url))
        .header("accept", "application/xml")
        .header("authorization", request::sensitive(&basic)?)
        .header("content-type", "application/x-www-form-urlencoded");
    Ok(Sending {
        request: request::of(request, form.encode())?,
        identity: None,
    })
}

/// Reads the answer to it. An administrator who may not read the version is one all
/// the same.
pub(crate) fn greeted(reply: &Reply) -> Result<Probed, Trouble> {
    let sort = sort(reply)?;
    let root = xml::read(reply.body().expose())?;
    let status = root.attribute("status").filter(|_| root.name == "response");
    match (sort, status) {
        (Sort::Fine, Some("success")) => Ok(Probed::Taken),
        (Sort::Fine, Some("error")) => Ok(Probed::Answers),
        (Sort::Refusing, Some("error")) => Ok(Probed::Refused {
            detail: format!(
                "expected an administrator whom the device takes, found that it refuses this one (status {})",
                reply.status().as_u16()
            ),
        }),
        _ => Err(Trouble::nonsense(format!(
            "expected `response` of the XML API, found another answer with status {}",
            reply.status().as_u16()
        ))),
    }
}

/// What is known about the answer.
pub(crate) struct Awaited {
    scope: Scope,
    declared_s: Option<u64>,
    present: Present,
}

impl Awaited {
    /// `<response status="success"><result><key>…</key></result></response>`.
    pub(crate) fn read(self, reply: &Reply) -> Result<Obtained, Trouble> {
        let sort = sort(reply)?;
        let mut root = xml::read(reply.body().expose())?;
        if root.name != "response" {
            return Err(Trouble::nonsense(
                "expected `response`, found another element",
            ));
        }
        let status = root.attribute("status").map(str::to_owned);
        match (sort, status.as_deref()) {
            (Sort::Fine, Some("success")) => {}
            (Sort::Refusing, Some("error")) => {
                return Err(Trouble::Refused {
                    whose: Whose::Client,
                    detail: format!("status {}, an error", reply.status().as_u16()),
                });
            }
            _ => {
                return Err(Trouble::nonsense(format!(
                    "expected `success` with status 200, found another with status {}",
                    reply.status().as_u16()
                )));
            }
        }
        let key = root
            .take_child("result")
            .and_then(|mut result| result.take_child("key"))
            .filter(|key| key.has_no_children())
            .map(|key| Secret::new(key.text))
            .filter(|key| is_credential(key.expose()))
            .ok_or_else(|| {
                Trouble::nonsense(
                    "expected one `key` of 1 to 16,384 printable ASCII characters without space",
                )
            })?;
        Ok(Obtained {
            vendor_request_id: request_id(reply.headers())
                .filter(|id| !id.contains(key.expose().as_str())),
            secret: key,
            expires_in: self.declared_s.filter(|life_s| *life_s > 0),
            scope: self.scope,
            present: self.present,
            handle: None,
            rotated: None,
        })
    }
}
