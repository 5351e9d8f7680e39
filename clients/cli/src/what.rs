//! What a lock or a revocation is about: `KIND/ID`, or `all` (contract §12).

use std::str::FromStr;

use serde_json::{Value, json};

/// The kinds that can be locked.
const LOCKABLE: [&str; 8] = [
    "agent",
    "agent_version",
    "owner",
    "person",
    "client",
    "issuer",
    "target",
    "all",
];

/// The kinds that can only be revoked.
const REVOCABLE: [&str; 5] = ["token", "delegation", "grant", "session", "key"];

/// A kind and the id of one of it; `all` has no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KindAndId {
    kind: String,
    id: Option<String>,
}

impl KindAndId {
    /// One object of a kind that is known to exist.
    pub(crate) fn of(kind: &str, id: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            id: Some(id.to_owned()),
        }
    }

    /// Whether a lock can be put on it.
    pub(crate) fn lockable(&self) -> bool {
        LOCKABLE.contains(&self.kind.as_str())
    }

    /// The `what` member of a request.
    pub(crate) fn to_json(&self) -> Value {
        match &self.id {
            Some(id) => json!({"kind": self.kind, "id": id}),
            None => json!({"kind": self.kind}),
        }
    }
}

impl std::fmt::Display for KindAndId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.kind)?;
        match &self.id {
            Some(id) => write!(f, "/{id}"),
            None => Ok(()),
        }
    }
}

impl FromStr for KindAndId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, id) = match text.split_once('/') {
            Some((kind, id)) => (kind.replace('-', "_"), Some(id)),
            None => (text.replace('-', "_"), None),
        };
        let known = LOCKABLE.contains(&kind.as_str()) || REVOCABLE.contains(&kind.as_str());
        match id {
            None if kind == "all" => Ok(Self { kind, id: None }),
            Some(id) if known && kind != "all" && !id.is_empty() => Ok(Self::of(&kind, id)),
            _ => Err(format!(
                "expected KIND/ID with a kind of {}, {}; or `all`; found `{text}`",
                LOCKABLE
                    .split_last()
                    .map_or_else(String::new, |(_, kinds)| kinds.join(", ")),
                REVOCABLE.join(", ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_kind_and_an_id_stand_around_the_first_slash() {
        let what: KindAndId = "person/corp:a/b".parse().unwrap();
        assert_eq!(what.to_json(), json!({"kind":"person","id":"corp:a/b"}));
        let what: KindAndId = "agent-version/ver_1".parse().unwrap();
        assert_eq!(what.to_string(), "agent_version/ver_1");
    }

    #[test]
    fn everything_is_all_without_an_id() {
        let what: KindAndId = "all".parse().unwrap();
        assert_eq!(what.to_json(), json!({"kind":"all"}));
        assert!(what.lockable());
    }

    #[test]
    fn a_grant_can_be_revoked_but_not_locked() {
        assert!(!"grant/grt_1".parse::<KindAndId>().unwrap().lockable());
    }

    #[test]
    fn other_kinds_and_missing_ids_are_refused() {
        for wrong in ["agent", "agent/", "all/x", "robot/x", "", "/"] {
            assert!(wrong.parse::<KindAndId>().is_err(), "{wrong}");
        }
    }
}
