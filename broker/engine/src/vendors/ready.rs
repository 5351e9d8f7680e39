//! Connectors that passed their check, so that not every exchange checks them
//! again.

use super::check::ProfileCheck;
use locum_connectors::Prepared;
use locum_core::generations::Generations;
use locum_core::registry::{FieldProblem, Snapshot, TargetSpec};
use std::sync::Arc;

/// Connectors that are kept, twice.
const KEPT: usize = 512;

/// By the content address of their target: a change of it is another one.
pub(super) struct Ready(Generations<String, Arc<Prepared>>);

impl Default for Ready {
    fn default() -> Self {
        Self(Generations::new(KEPT))
    }
}

impl Ready {
    /// The connector of a target; `None` where Locum signs.
    ///
    /// # Errors
    /// What is wrong with it, each with its pointer into the target.
    pub(super) fn of(
        &self,
        check: ProfileCheck,
        spec: &Snapshot<TargetSpec>,
    ) -> Result<Option<Arc<Prepared>>, Vec<FieldProblem>> {
        if spec.connector.downstream().is_none() {
            return Ok(None);
        }
        let address = spec.address().map(str::to_owned);
        if let Some(known) = address.as_ref().and_then(|address| self.0.get(address)) {
            return Ok(Some(known));
        }
        let prepared = check.prepared(spec)?.map(Arc::new);
        if let (Some(address), Some(prepared)) = (address, &prepared) {
            self.0.put(address, prepared.clone());
        }
        Ok(prepared)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use locum_core::testing::target;
    use serde_json::json;

    const CHECK: ProfileCheck = ProfileCheck {
        plain_to_loopback: false,
    };

    fn spec(base_url: &str) -> Snapshot<TargetSpec> {
        let connector = json!({
            "kind": "client_credentials", "profile": "oauth", "base_url": base_url,
            "parameters": {"client_id": "locum"}, "secrets": {"client": "c"},
        });
        let patch = json!({"scopes": {"a": {"risk": "low"}}, "connector": connector});
        target("sap", patch).spec
    }

    #[test]
    fn a_connector_is_checked_once_and_anew_when_its_target_changes() {
        let all = Ready::default();
        let ready = |base_url| all.of(CHECK, &spec(base_url)).unwrap().unwrap();
        let first = ready("https://a.example");
        assert!(Arc::ptr_eq(&first, &ready("https://a.example")));
        assert_eq!(ready("https://b.example").base_url(), "https://b.example");
        assert!(all.of(CHECK, &spec("http://a.example")).is_err());
        let ours = target("sap", json!({"scopes": {"a": {"risk": "low"}}})).spec;
        assert!(all.of(CHECK, &ours).unwrap().is_none());
    }
}
