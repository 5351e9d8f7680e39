//! The annotations of a policy (contract §13).

use crate::flaw::PolicyFlaw;
use crate::statements::Statement;
use cedar_policy::{Effect, Policy};
use locum_core::ids::AgentId;
use std::collections::BTreeSet;

/// Longest `@reason` or `@advice`, in bytes: they end in an
/// `error_description` (RFC 6749 §5.2).
const SENTENCE_MAX: usize = 200;
/// Longest lifetime any policy may name, in seconds (contract §6).
const LIFETIME_MAX: u32 = 3600;

/// What a policy's annotations say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Annotations {
    pub(crate) reason: Option<String>,
    pub(crate) advice: Option<String>,
    pub(crate) max_lifetime: Option<u32>,
    pub(crate) require_acr: BTreeSet<String>,
}

/// Reads a policy's `@id` and marks.
///
/// # Errors
/// Every annotation that is missing, unknown or ill-formed. An unknown one is
/// refused, for a limit that nobody enforces is worse than none.
pub(crate) fn read(
    policy: &Policy,
    statement: &Statement<'_>,
) -> Result<(String, Annotations), Vec<PolicyFlaw>> {
    let mut marks = Annotations::default();
    let mut flaws = Vec::new();
    for (name, value) in policy.annotations() {
        if let Err(detail) = marks.take(policy.effect(), name, value) {
            flaws.push(detail);
        }
    }
    let id = policy.annotation("id").unwrap_or_default();
    // The same form as any operator-chosen id (contract §2).
    if AgentId::parse(id).is_err() {
        flaws.push(format!(
            "expected `@id` with 1 to 63 of a-z, 0-9 and `-`, not starting with `-`, found `{id}`"
        ));
    }
    if flaws.is_empty() {
        return Ok((id.to_owned(), marks));
    }
    Err(flaws
        .into_iter()
        .map(|detail| statement.flaw(0, detail))
        .collect())
}

impl Annotations {
    fn take(&mut self, effect: Effect, name: &str, value: &str) -> Result<(), String> {
        match name {
            "id" => {}
            "reason" => self.reason = Some(sentence(name, value)?),
            "advice" => self.advice = Some(sentence(name, value)?),
            "max_lifetime" => {
                only_permit(effect, name)?;
                self.max_lifetime = Some(lifetime(value)?);
            }
            "require_acr" => {
                only_permit(effect, name)?;
                let values = sentence(name, value)?;
                self.require_acr = values.split_ascii_whitespace().map(str::to_owned).collect();
            }
            other => {
                return Err(format!(
                    "annotation `@{other}` is not supported by this version"
                ));
            }
        }
        Ok(())
    }
}

fn only_permit(effect: Effect, name: &str) -> Result<(), String> {
    match effect {
        Effect::Permit => Ok(()),
        Effect::Forbid => Err(format!(
            "expected `@{name}` on a permit only: a forbid refuses whatever it says"
        )),
    }
}

fn lifetime(value: &str) -> Result<u32, String> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let seconds = value.parse::<u32>().ok().filter(|_| digits);
    seconds
        .filter(|s| (1..=LIFETIME_MAX).contains(s))
        .ok_or_else(|| {
            format!("expected `@max_lifetime` from 1 to {LIFETIME_MAX}, found `{value}`")
        })
}

fn sentence(name: &str, value: &str) -> Result<String, String> {
    // RFC 6749 §5.2: `error_description` has neither `"` nor `\`.
    let legal = |b: u8| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\';
    let blank = value.trim().is_empty();
    if !blank && value.len() <= SENTENCE_MAX && value.bytes().all(legal) {
        return Ok(value.to_owned());
    }
    Err(format!(
        "expected `@{name}` with 1 to {SENTENCE_MAX} printable ASCII characters without `\"` and `\\`"
    ))
}
