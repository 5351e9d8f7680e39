//! What a lock or a revocation did or would do, in words (contract §12).

use serde_json::Value;

use crate::text::{inline, member};

/// `2 tokens, 1 grant, 1 person`; `about` before an estimate.
pub(super) fn affected(answer: &Value) -> String {
    let Some(affected) = answer.get("affected") else {
        return "an unknown number of tokens".to_owned();
    };
    let count = |name: &str, one: &str, many: &str| {
        let number = affected.get(name).and_then(Value::as_u64)?;
        Some(format!("{number} {}", if number == 1 { one } else { many }))
    };
    let parts = [
        count("tokens", "token", "tokens"),
        count("grants", "grant", "grants"),
        count("people", "person", "people"),
    ];
    let counted = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match affected.get("estimate").and_then(Value::as_bool) {
        Some(true) => format!("about {counted}"),
        _ => counted,
    }
}

/// How far it is confirmed, and what lives on elsewhere, one line each.
pub(super) fn reach(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(confirmed) = answer.get("confirmed").filter(|value| value.is_object()) {
        lines.push(format!(
            "confirmed by {} of {} replicas within {} ms",
            member(confirmed, &["replicas"]),
            member(confirmed, &["of"]),
            member(confirmed, &["within_ms"])
        ));
    }
    let survivors = answer.get("survivors").and_then(Value::as_array);
    for survivor in survivors.into_iter().flatten() {
        lines.push(format!("lives on elsewhere: {}", inline(survivor)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_is_told_from_many_and_an_estimate_from_a_count() {
        let answer = json!({"affected":{"tokens":2,"grants":0,"people":1,"estimate":false}});
        assert_eq!(affected(&answer), "2 tokens, 0 grants, 1 person");
        let answer = json!({"affected":{"tokens":1,"estimate":true}});
        assert_eq!(affected(&answer), "about 1 token");
    }

    #[test]
    fn survivors_are_told() {
        let answer = json!({"confirmed":{"replicas":1,"of":1,"within_ms":3},
            "survivors":[{"target":"hr","until":"2026-11-23T10:00:00Z"}]});
        assert_eq!(
            reach(&answer),
            [
                "confirmed by 1 of 1 replicas within 3 ms",
                "lives on elsewhere: target=hr until=2026-11-23T10:00:00Z"
            ]
        );
    }
}
