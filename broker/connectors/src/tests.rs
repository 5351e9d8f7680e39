//! Requests as they go out, answers as they come in, and what is refused
//! before either.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod answers;
mod golden_oauth;
mod golden_sap;
mod golden_sessions;
mod hostile;
mod narrowing;
mod prepared;
mod probing;
mod profiles;
mod recorded;
mod refreshing;
mod revocation;

use crate::aid::{Aid, Certificate, KeyOf};
use crate::prepare::{Prepared, prepare};
use crate::testing::{OrderOf, order};
use crate::trouble::Trouble;
use crate::{Course, Sending, Step};
use locum_core::ids::SecretName;
use locum_core::party::{ExternalId, Subject};
use locum_core::registry::{Connector, Downstream, FieldProblem};
use locum_core::scope::Scope;
use locum_core::secret::Secret;
use serde_json::{Value, json};
use std::sync::Arc;

const NOW_S: u64 = 1_795_400_000;
const ISSUER: &str = "https://locum.example";
const DELEGATION: &str = "dlg_01kaz1xq4800000000000000ab";

/// Shows what it was asked for: a signature is the text that was signed.
struct Showing;

impl Aid for Showing {
    fn secret(&self, name: &SecretName) -> Result<Arc<Secret<Vec<u8>>>, Trouble> {
        let value = match name.as_str() {
            "gone" => return Err(Trouble::unable("no secret of that name")),
            "odd" => "a+b %:ü\n".to_owned(),
            "binary" => return Ok(Arc::new(Secret::new(vec![0xff, 0xfe]))),
            name => format!("value-of-{name}"),
        };
        Ok(Arc::new(Secret::new(value.into_bytes())))
    }

    fn sign_jwt(
        &self,
        key: KeyOf<'_>,
        typ: &str,
        claims: &Value,
    ) -> Result<Secret<String>, Trouble> {
        let key = match key {
            KeyOf::Ours => "ours",
            KeyOf::Named(name) => name.as_str(),
        };
        // The order of members is another in another build.
        let claims = locum_core::jcs::text(claims);
        Ok(Secret::new(format!("{typ} by {key}: {claims}")))
    }

    fn sign_rsa_sha256(&self, key: &SecretName, _: &[u8]) -> Result<Vec<u8>, Trouble> {
        Ok(format!("signed by {key}").into_bytes())
    }

    fn certificate(&self, _: &SecretName) -> Result<Certificate, Trouble> {
        Ok(Certificate {
            der: b"certificate".to_vec(),
            common_name: Some("LOCUM-CN".to_owned()),
        })
    }
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn downstream(connector: Value) -> Downstream {
    let connector: Connector = serde_json::from_value(connector).unwrap();
    connector.downstream().unwrap().clone()
}

fn checked(connector: Value, catalogue: &str) -> Result<Prepared, Vec<FieldProblem>> {
    prepare(&downstream(connector), &scope(catalogue), false)
}

fn ready(connector: Value, catalogue: &str) -> Prepared {
    checked(connector, catalogue).unwrap_or_else(|flaws| panic!("{flaws:?}"))
}

fn ada() -> Subject {
    Subject::Person(ExternalId::parse("demo:ada").unwrap())
}

/// An order of `ada` through `invoice-agent`, for 300 s.
fn ordered(granted: &str, account: Option<usize>) -> OrderOf<'static> {
    OrderOf {
        issuer: ISSUER,
        now_s: NOW_S,
        lifetime_s: 300,
        scope: scope(granted),
        delegation: DELEGATION,
        agent: "invoice-agent",
        subject: ada(),
        act: Some(json!({"iss": ISSUER, "sub": "invoice-agent", "sub_profile": "ai_agent"})),
        account,
    }
}

fn begun(prepared: &Prepared, of: OrderOf<'_>) -> (Course, Sending) {
    prepared.begin(&order(of), &Showing).unwrap()
}

/// A request as text: the line, the headers by name, the members of the form,
/// or the body.
fn shown(sending: &Sending) -> String {
    let request = &sending.request;
    let mut lines = vec![format!("{} {}", request.method(), request.uri())];
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let secret = if value.is_sensitive() {
                " (secret)"
            } else {
                ""
            };
            format!("{name}: {}{secret}", value.to_str().unwrap())
        })
        .collect();
    headers.sort();
    lines.append(&mut headers);
    if let Some(identity) = &sending.identity {
        lines.push(format!("TLS identity: {identity}"));
    }
    let body = request.body().expose();
    let form = request.headers().get("content-type");
    if form.is_some_and(|kind| kind == "application/x-www-form-urlencoded") {
        let members = url::form_urlencoded::parse(body);
        lines.extend(members.map(|(name, value)| format!("  {name}={value}")));
    } else if !body.is_empty() {
        lines.push(format!("  {}", std::str::from_utf8(body).unwrap()));
    }
    lines.join("\n")
}

/// The same, of a fresh order.
fn sent(prepared: &Prepared, of: OrderOf<'_>) -> String {
    shown(&begun(prepared, of).1)
}

fn reply(status: u16, body: &str) -> http::Response<Vec<u8>> {
    http::Response::builder()
        .status(status)
        .body(body.as_bytes().to_vec())
        .unwrap()
}

/// What the answer to a fresh order leads to.
fn answered(
    prepared: &Prepared,
    of: OrderOf<'_>,
    reply: http::Response<Vec<u8>>,
) -> Result<crate::Obtained, Trouble> {
    match begun(prepared, of).0.next(reply)? {
        Step::Done(obtained) => Ok(*obtained),
        Step::Send(..) => panic!("expected no other request"),
    }
}
