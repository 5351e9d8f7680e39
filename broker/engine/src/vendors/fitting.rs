//! What a step of a trial says, and what mends it.

use super::settings::CA_FILE;
use crate::upstream_secrets::{NoSecret, OpenSecret};
use locum_connectors::{SecretForm, SecretUse};
use locum_core::ids::SecretName;
use locum_outgoing::{CallFlaw, ClientIdentity, FlawKind, Sent};
use std::sync::Arc;

/// How one step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitResult {
    /// It fits.
    Passed,
    /// It does not: no exchange succeeds.
    Failed,
    /// Nobody can tell before an exchange.
    NotSeen,
}

impl FitResult {
    /// As in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotSeen => "not_seen",
        }
    }
}

/// One step. No secret is in it, and nothing that a vendor said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitStep {
    /// `profile`, `signing_key`, `secret`, `address`, `connection`, `answer`,
    /// `account` or `credential`.
    pub name: &'static str,
    /// Which one: a secret's name, an account's, a member of the target.
    pub about: Option<String>,
    /// How it ended.
    pub result: FitResult,
    /// What was expected and found.
    pub detail: String,
    /// The key of the configuration, or the member of the target, that mends it.
    pub setting: Option<String>,
    /// What to do.
    pub next: Option<String>,
}

impl FitStep {
    pub(super) fn passed(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            about: None,
            result: FitResult::Passed,
            detail: detail.into(),
            setting: None,
            next: None,
        }
    }

    pub(super) fn failed(
        name: &'static str,
        detail: impl Into<String>,
        (setting, next): (&str, impl Into<String>),
    ) -> Self {
        Self {
            result: FitResult::Failed,
            setting: Some(setting.to_owned()),
            next: Some(next.into()),
            ..Self::passed(name, detail)
        }
    }

    pub(super) fn not_seen(name: &'static str, detail: &str) -> Self {
        Self {
            result: FitResult::NotSeen,
            ..Self::passed(name, detail)
        }
    }

    pub(super) fn about(self, about: Option<&str>) -> Self {
        Self {
            about: about.map(str::to_owned),
            ..self
        }
    }
}

/// How far a question came.
pub(super) enum Reached<'a> {
    /// To the vendor, which answered in its own form.
    Yes,
    /// To something that answers otherwise.
    Other(String),
    /// No further than that.
    No(&'a CallFlaw),
}

const BASE_URL: &str = "/connector/base_url";
const ALLOW: &str = "downstream.allow";

/// A secret: there, open, of the right form and not over.
pub(super) fn secret(
    used: &SecretUse,
    opened: Result<Arc<OpenSecret>, NoSecret>,
    now_s: u64,
) -> FitStep {
    let name = used.name.as_str();
    let again = format!("put it in again: `locum secrets set {name}`");
    let failed =
        |detail: String, next: String| FitStep::failed("secret", detail, (&used.pointer, next));
    let step = match opened {
        Err(flaw @ NoSecret::Elsewhere) => failed(
            flaw.to_string(),
            format!("free it or bind it to this origin: `locum secrets set {name} --origin …`"),
        ),
        Err(flaw) => failed(flaw.to_string(), again),
        Ok(open) => match flaw(used.form, &open) {
            Some(flaw) => failed(flaw.to_owned(), again),
            None if open.ends_s().is_some_and(|end_s| end_s <= now_s) => failed(
                "expected a secret that has not ended, found one that has".to_owned(),
                format!("rotate it at the vendor, then `locum secrets set {name}`"),
            ),
            None => FitStep::passed("secret", form(used.form)),
        },
    };
    step.about(Some(name))
}

/// What is not as the form wants it.
fn flaw(form: SecretForm, open: &OpenSecret) -> Option<&'static str> {
    match form {
        SecretForm::Text => open.value.pem().map(|_| "expected a text, found PEM"),
        SecretForm::Identity => ClientIdentity::from_pem(open.value.text()).err(),
        SecretForm::SigningKey => {
            let certificate = open.value.pem().and_then(|pem| pem.certificate());
            match (open.sign_rsa_sha256(b"locum"), certificate) {
                (Err(_), _) => Some("expected PEM of an RSA key, found something else"),
                (Ok(_), None) => Some("expected a certificate beside the key, found none"),
                (Ok(_), Some(_)) => None,
            }
        }
    }
}

const fn form(form: SecretForm) -> &'static str {
    match form {
        SecretForm::Text => "it opens, and is a text",
        SecretForm::Identity => "it opens, and is a certificate with its key",
        SecretForm::SigningKey => "it opens, and is an RSA key with its certificate",
    }
}

/// The account was refused.
pub(super) fn refused(detail: String, secret: Option<&SecretName>) -> FitStep {
    let next = match secret {
        Some(name) => format!(
            "look at the account at the vendor; where its secret is another now, `locum secrets set {name}`"
        ),
        None => "look at the account at the vendor".to_owned(),
    };
    FitStep::failed("account", detail, ("/connector/parameters", next))
}

/// The way, as far as it was gone.
pub(super) fn reached(how: Reached<'_>) -> Vec<FitStep> {
    let address = || {
        let detail = "`[downstream] allow` admits it, and it resolves";
        FitStep::passed("address", detail)
    };
    let connection = || FitStep::passed("connection", "the server takes it");
    match how {
        Reached::Yes => vec![
            address(),
            connection(),
            FitStep::passed("answer", "the vendor answers in its own form"),
        ],
        Reached::Other(detail) => {
            let next = "look at `base_url`, at the parameters that make the path, and at the vendor's own state";
            vec![
                address(),
                connection(),
                FitStep::failed("answer", detail, (BASE_URL, next)),
            ]
        }
        Reached::No(flaw) => match stopped(flaw) {
            (Stage::Address, mending) => vec![failed("address", &flaw.why, mending)],
            (Stage::Connection, mending) => {
                vec![address(), failed("connection", &flaw.why, mending)]
            }
            (Stage::Answer, mending) => {
                vec![
                    address(),
                    connection(),
                    failed("answer", &flaw.why, mending),
                ]
            }
            (Stage::Unasked, mending) => vec![failed("answer", &flaw.why, mending)],
        },
    }
}

enum Stage {
    Address,
    Connection,
    Answer,
    /// Nothing was sent, for what happened before.
    Unasked,
}

fn failed(name: &'static str, why: &FlawKind, mending: (&str, &str)) -> FitStep {
    // What a library says of these repeats what the server sent.
    let detail = match why {
        FlawKind::Certificate(_) => {
            "expected a certificate that is good for the host now, found another".to_owned()
        }
        FlawKind::Http(_) => "expected a server that speaks TLS and HTTP, found another".to_owned(),
        FlawKind::Client(_) => "expected an HTTP client of Locum's own, found none".to_owned(),
        other => other.to_string(),
    };
    FitStep::failed(name, detail, mending)
}

/// How far it came, and what mends it.
const fn stopped(flaw: &CallFlaw) -> (Stage, (&'static str, &'static str)) {
    let mending = mending(&flaw.why);
    let stage = match (&flaw.why, flaw.sent) {
        (FlawKind::Barred | FlawKind::Url(_) | FlawKind::NeedsTls | FlawKind::Unresolved, _) => {
            Stage::Address
        }
        (FlawKind::BreakerOpen | FlawKind::LeftAlone | FlawKind::Busy, _) => Stage::Unasked,
        (_, Sent::Unknown) => Stage::Answer,
        (_, Sent::No) => Stage::Connection,
    };
    (stage, mending)
}

/// The key or the member, and what to do with it.
const fn mending(why: &FlawKind) -> (&'static str, &'static str) {
    match why {
        FlawKind::Barred => (
            ALLOW,
            "list the host, or its network, in `[downstream] allow`, and restart",
        ),
        FlawKind::Url(_) | FlawKind::NeedsTls => (BASE_URL, "declare an https URL"),
        FlawKind::Unresolved => (
            BASE_URL,
            "look at the host of `base_url`, and at this machine's resolver",
        ),
        FlawKind::Unreachable => (
            BASE_URL,
            "look at host and port of `base_url`, and at the way there",
        ),
        FlawKind::Authority => (
            CA_FILE,
            "put the authority's certificate into the file of `[downstream] ca_file`, and reload",
        ),
        FlawKind::Certificate(_) => (
            BASE_URL,
            "declare the name that the certificate is for; look at its end",
        ),
        FlawKind::Http(_) => (
            BASE_URL,
            "look at the port of `base_url`; where the vendor wants a client certificate, at `client_auth`",
        ),
        FlawKind::Timeout => (
            BASE_URL,
            "look at the way to the vendor, and at the vendor's own state",
        ),
        FlawKind::Client(_) => (CA_FILE, "look at the file of `[downstream] ca_file`"),
        FlawKind::TooLarge { .. } | FlawKind::Encoding => (
            BASE_URL,
            "look at `base_url`: another server may answer there",
        ),
        FlawKind::BreakerOpen | FlawKind::LeftAlone | FlawKind::Busy => (
            BASE_URL,
            "test again in a while: calls to the vendor stand still",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(why: FlawKind, sent: Sent) -> (Vec<&'static str>, Option<String>, String) {
        let flaw = CallFlaw {
            sent,
            why,
            retry_after_s: None,
        };
        let steps = reached(Reached::No(&flaw));
        let failed = steps.iter().find(|step| step.result == FitResult::Failed);
        let detail = failed.map(|step| step.detail.clone());
        let setting = failed.and_then(|step| step.setting.clone());
        let names = steps.iter().map(|step| step.name).collect();
        (names, setting, detail.unwrap_or_default())
    }

    #[test]
    fn how_far_a_question_came_and_what_mends_it() {
        let of = |why, sent| {
            let (names, setting, _) = told(why, sent);
            (names, setting.unwrap_or_default())
        };
        let (address, connection) = (["address"], ["address", "connection"]);
        let answer = ["address", "connection", "answer"];
        for (why, sent, steps, setting) in [
            (FlawKind::Barred, Sent::No, &address[..], "downstream.allow"),
            (FlawKind::Unresolved, Sent::No, &address, BASE_URL),
            (FlawKind::NeedsTls, Sent::No, &address, BASE_URL),
            (FlawKind::Unreachable, Sent::No, &connection, BASE_URL),
            (
                FlawKind::Authority,
                Sent::No,
                &connection,
                "downstream.ca_file",
            ),
            (FlawKind::Timeout, Sent::No, &connection, BASE_URL),
            (FlawKind::Timeout, Sent::Unknown, &answer, BASE_URL),
            (FlawKind::Encoding, Sent::Unknown, &answer, BASE_URL),
            (FlawKind::BreakerOpen, Sent::No, &["answer"], BASE_URL),
        ] {
            let word = why.name();
            let expected = (steps.to_vec(), setting.to_owned());
            assert_eq!(of(why, sent), expected, "{word}");
        }
    }

    #[test]
    fn what_a_server_showed_is_not_repeated() {
        for why in [
            FlawKind::Certificate("valid for canary.example".into()),
            FlawKind::Http("canary".into()),
        ] {
            let (_, _, detail) = told(why, Sent::No);
            assert!(!detail.contains("canary") && !detail.is_empty(), "{detail}");
        }
    }
}
