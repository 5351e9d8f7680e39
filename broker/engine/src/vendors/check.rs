//! A target's connector is checked against its profile, by the API and for files
//! alike.

use locum_connectors::{Prepared, prepare};
use locum_core::registry::replace::target::ConnectorCheck;
use locum_core::registry::{FieldProblem, TargetSpec};
use locum_core::scope::Scope;

/// Checks connectors against the profiles there are.
#[derive(Debug, Clone, Copy)]
pub struct ProfileCheck {
    /// Whether plain HTTP to this machine is a `base_url`: in `dev`.
    pub plain_to_loopback: bool,
}

impl ProfileCheck {
    /// The connector of a target; `None` where Locum signs.
    ///
    /// # Errors
    /// What is wrong with it, each with its pointer into the target.
    pub fn prepared(self, spec: &TargetSpec) -> Result<Option<Prepared>, Vec<FieldProblem>> {
        let Some(declared) = spec.connector.downstream() else {
            return Ok(None);
        };
        let catalogue = Scope::of(spec.scopes.keys().cloned());
        prepare(declared, &catalogue, self.plain_to_loopback).map(Some)
    }
}

impl ConnectorCheck for ProfileCheck {
    fn flaws(&self, spec: &TargetSpec) -> Vec<FieldProblem> {
        let prepared = match self.prepared(spec) {
            Ok(None) => return Vec::new(),
            Ok(Some(prepared)) => prepared,
            Err(flaws) => return flaws,
        };
        let carried = prepared.terms().able.carries_person;
        let missing = FieldProblem {
            pointer: "/entitlements".to_owned(),
            detail: "expected who is entitled to each scope, since the credential does not carry the person, found none".to_owned(),
        };
        let missing = (!carried && spec.entitlements.is_none()).then_some(missing);
        missing.into_iter().collect()
    }
}
