//! What a target saw in a token it accepted.

use locum_core::token::{Claims, Verified};
use serde_json::{Value, json};

/// The part of a token that a target goes by.
pub(crate) struct SeenByTarget {
    sub: String,
    act: Option<Value>,
    scope: String,
    details: Option<Value>,
}

impl SeenByTarget {
    /// Read off a token whose signature and claims were checked.
    pub(crate) fn of(token: &Verified<Claims>) -> Self {
        let claims = token.get();
        Self {
            sub: claims.sub.clone(),
            act: claims.act.clone(),
            scope: claims.scope.as_deref().unwrap_or_default().join(" "),
            details: claims.get("authorization_details").cloned(),
        }
    }

    /// Whether the scope is among the token's.
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|name| name == scope)
    }

    /// The token's `authorization_details` of one type; `None` when the token
    /// sets no limit of that type.
    pub(crate) fn details(&self, kind: &str) -> Option<Vec<&Value>> {
        let all = self.details.as_ref()?.as_array()?;
        let found: Vec<_> = all
            .iter()
            .filter(|d| d.get("type").and_then(Value::as_str) == Some(kind))
            .collect();
        if found.is_empty() { None } else { Some(found) }
    }

    /// As shown in answers.
    pub(crate) fn shown(&self) -> Value {
        let mut seen = json!({"sub": self.sub, "act": self.act, "scope": self.scope});
        if let (Some(details), Value::Object(members)) = (&self.details, &mut seen) {
            members.insert("authorization_details".to_owned(), details.clone());
        }
        seen
    }
}
