//! A declaration with its content address.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

/// What has a content address.
pub trait Addressed {
    /// `sha256:<hex>` over the canonical JSON of what may be recorded of it;
    /// `None` when it has no JSON form. Records name it for as long as they are
    /// kept: a member that comes later is left out where it has its default
    /// (`skip_serializing_if`), so that what lacks it keeps its address.
    fn address(&self) -> Option<String>;
}

/// A declaration whose content address is worked out once, and not for every
/// decision made on it.
#[derive(Debug, Clone)]
pub struct Snapshot<T> {
    value: T,
    address: OnceLock<Option<String>>,
}

impl<T: Addressed> Snapshot<T> {
    /// The content address ([`Addressed::address`]).
    pub fn address(&self) -> Option<&str> {
        self.address.get_or_init(|| self.value.address()).as_deref()
    }
}

impl<T> From<T> for Snapshot<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            address: OnceLock::new(),
        }
    }
}

impl<T> Deref for Snapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Who may change it makes its address unknown again.
impl<T> DerefMut for Snapshot<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.address = OnceLock::new();
        &mut self.value
    }
}

impl<T: PartialEq> PartialEq for Snapshot<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Serialize> Serialize for Snapshot<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Snapshot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::registry::{AgentSpec, TargetSpec};
    use serde_json::json;

    impl Addressed for u32 {
        fn address(&self) -> Option<String> {
            Some(self.to_string())
        }
    }

    #[test]
    fn the_address_is_always_of_what_is_declared_now() {
        let mut snapshot = Snapshot::from(1);
        assert_eq!(snapshot.address(), Some("1"));
        *snapshot = 2;
        assert_eq!(snapshot.address(), Some("2"));
        let mut other = snapshot.clone();
        *other += 1;
        assert_eq!(
            (snapshot.address(), other.address()),
            (Some("2"), Some("3"))
        );
    }

    #[test]
    fn what_lacks_the_members_that_came_later_keeps_its_address() {
        let agent = json!({
            "id": "invoice-agent", "owner": {"kind": "team", "id": "finance"},
            "auth": [{"method": "client_secret"}], "subject_issuers": ["corp"],
            "workload": {"issuer": "wl", "claims": {"sub": "wl/invoice"}},
            "ceiling": [{"target": "sap", "scopes": ["invoice.read"]}],
        });
        let agent: AgentSpec = serde_json::from_value(agent).unwrap();
        assert_eq!(
            agent.address().unwrap(),
            "sha256:c1b7cb7e3d19ff1cbdb6b0edba318e6fe6f96c8c54eefcb7a59c6c2c35fd2669"
        );
        let target = json!({
            "audience": "urn:sap", "resources": ["https://sap.example/"],
            "resource_server": "sap-server",
            "scopes": {"invoice.read": {"risk": "low"}, "invoice.post": {"risk": "high"}},
        });
        let target: TargetSpec = serde_json::from_value(target).unwrap();
        assert_eq!(
            target.address().unwrap(),
            "sha256:2fdcc39e19e17e05e7ba95953130de10771270b96b10d4962478f74371746704"
        );
    }
}
