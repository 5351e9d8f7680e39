//! What `GET /decisions` is asked for, and whether a record is that.

use locum_core::decide::DECISION;
use locum_core::jcs;
use locum_stores::ledger::Entry;
use serde_json::{Value, json};

/// How a decision ended, as it is asked for.
pub(super) const OUTCOMES: [&str; 3] = ["permit", "refusal", "fault"];

/// The filters; every one given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// An agent that asked, acted, or stands in the chain.
    pub(super) agent: Option<String>,
    /// On whose behalf, `<issuer id>:<sub>`.
    pub(super) person: Option<String>,
    /// A target's id.
    pub(super) target: Option<String>,
    /// One of [`OUTCOMES`].
    pub(super) outcome: Option<String>,
    /// The task that ties exchanges together.
    pub(super) task_id: Option<String>,
}

impl Query {
    /// Texts that every record asked for holds: what lacks one need not be
    /// decoded.
    pub(super) fn texts(&self) -> Vec<String> {
        let quoted = |text: &String| jcs::text(&json!(text));
        let member = |name: &str, text: &Option<String>| {
            text.as_ref()
                .map(|text| format!("\"{name}\":{}", quoted(text)))
        };
        let type_ = Some(format!("\"type\":\"{DECISION}\""));
        let all = [
            type_,
            self.agent.as_ref().map(quoted),
            self.person.as_ref().map(quoted),
            member("target", &self.target),
            member("outcome", &self.outcome),
            member("task_id", &self.task_id),
        ];
        all.into_iter().flatten().collect()
    }

    /// Whether a record is asked for. `issuer` is Locum's: a foreign actor of
    /// the same name is another.
    pub(super) fn wants(&self, entry: &Entry, issuer: &str) -> bool {
        let body = |name: &str| entry.body.get(name).and_then(Value::as_str);
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let subject = entry.side.as_ref().and_then(|side| side.get("subject"));
        entry.kind == DECISION
            && is(&self.person, subject.and_then(Value::as_str))
            && is(&self.target, body("target"))
            && is(&self.outcome, body("outcome"))
            && is(&self.task_id, body("task_id"))
            && self
                .agent
                .as_deref()
                .is_none_or(|agent| takes_part(entry, agent, issuer))
    }
}

fn takes_part(entry: &Entry, agent: &str, issuer: &str) -> bool {
    let is = |value: Option<&Value>, text: &str| value.and_then(Value::as_str) == Some(text);
    let chain = entry.body.get("chain").and_then(Value::as_array);
    let mut links = chain.into_iter().flatten();
    is(entry.body.get("client_id"), agent)
        || is(entry.body.get("actor"), agent)
        || links.any(|link| is(link.get("sub"), agent) && is(link.get("iss"), issuer))
}

#[cfg(test)]
mod tests;
