//! What is wrong with an agent's declaration by itself.

use super::agent::{AgentSpec, AuthMethod, CeilingEntry, LIFETIME_MAX};
use super::bounds::RESERVED_IDS;
use super::problem::{FieldProblem, Problems};
use serde_json::Value;

/// Greatest `max_depth`.
const DEPTH_MAX: u32 = 16;

impl AgentSpec {
    /// What is wrong with the object by itself.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut out = Problems::default();
        let reserved = RESERVED_IDS.contains(&self.id.as_str());
        out.require(!reserved, "/id", "expected an id that is not reserved");
        out.text("/name", &self.name);
        out.text("/owner/id", &self.owner.id);
        out.require(!self.owner.id.is_empty(), "/owner/id", "expected an owner");
        out.require(
            (1..=DEPTH_MAX).contains(&self.max_depth),
            "/max_depth",
            "expected 1 to 16",
        );
        out.list("/presenters", self.presenters.len());
        out.list("/subject_issuers", self.subject_issuers.len());
        out.list("/ceiling", self.ceiling.len());
        AuthMethod::check(&self.auth, &mut out);
        if let Some(workload) = &self.workload {
            let sub = workload
                .claims
                .get("sub")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let exact = !sub.is_empty() && !sub.contains('*');
            out.require(
                exact,
                "/workload/claims/sub",
                "expected an exact `sub` without wildcards",
            );
        }
        for (place, entry) in self.ceiling.iter().enumerate() {
            let twice = self
                .ceiling
                .iter()
                .take(place)
                .any(|e| e.target == entry.target);
            entry.check(&format!("/ceiling/{place}"), twice, &mut out);
        }
        out.0
    }
}

impl CeilingEntry {
    fn check(&self, at: &str, twice: bool, out: &mut Problems) {
        out.require(!twice, &format!("{at}/target"), "expected each target once");
        out.require(
            self.default.is_within(&self.scopes),
            &format!("{at}/default"),
            "expected a subset of `scopes`",
        );
        out.require(
            self.alone.is_within(&self.scopes),
            &format!("{at}/alone"),
            "expected a subset of `scopes`",
        );
        out.require(
            self.scopes.iter().count() <= crate::scope::SCOPES_MAX,
            &format!("{at}/scopes"),
            "expected at most 64 scopes",
        );
        let lifetime = self.max_lifetime.unwrap_or(1);
        out.require(
            (1..=LIFETIME_MAX).contains(&lifetime),
            &format!("{at}/max_lifetime"),
            "expected 1 to 3600 seconds",
        );
    }
}
