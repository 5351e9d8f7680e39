//! Who acts for whom, as one line: the person first, the newest actor last,
//! then the target (RFC 8693 §4.1, contract §7).

use serde_json::Value;

use crate::text::clean;

/// Actors shown before the rest is counted; the broker's own limit is far below.
const MAX_ACTORS: usize = 32;

/// How a delegation token names the agent that it is passed on to.
const AGENT_AUDIENCE: &str = "urn:locum:agent:";

/// The line of a token's claims: `demo:ada → invoice-agent → sap`.
pub(crate) fn of_claims(claims: &Value) -> String {
    let issuer = claims.get("iss").and_then(Value::as_str);
    let mut actors = Vec::new();
    let mut next = claims.get("act");
    while let Some(actor) = next {
        if actors.len() == MAX_ACTORS {
            actors.push("…".to_owned());
            break;
        }
        actors.push(party(actor, issuer));
        next = actor.get("act");
    }
    actors.reverse();
    let mut stops = vec![text(claims.get("sub"))];
    stops.extend(actors);
    stops.extend(destination(claims));
    stops.join(" → ")
}

/// The line of a decision, whose `chain` lists the actors newest first like
/// the nested `act`.
pub(crate) fn of_decision(decision: &Value) -> String {
    let mut stops = vec![text(
        decision
            .get("subject")
            .and_then(|subject| subject.get("sub")),
    )];
    let chain = decision.get("chain").and_then(Value::as_array);
    let agents = chain.into_iter().flatten();
    let home = agents
        .clone()
        .next()
        .and_then(|actor| actor.get("iss"))
        .and_then(Value::as_str);
    stops.extend(agents.rev().map(|actor| party(actor, home)));
    if decision
        .get("target")
        .is_some_and(|target| !target.is_null())
    {
        stops.push(text(decision.get("target")));
    }
    stops.join(" → ")
}

/// An actor by its name; one of another issuer with that issuer, since names
/// are only unique together with it.
fn party(actor: &Value, home: Option<&str>) -> String {
    let name = text(actor.get("sub"));
    match actor.get("iss").and_then(Value::as_str) {
        Some(issuer) if Some(issuer) != home => format!("{name} ({})", clean(issuer)),
        _ => name,
    }
}

/// Where the token leads: its target, behind the agent it is passed on to.
fn destination(claims: &Value) -> Vec<String> {
    let audience = match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().map(|one| text(Some(one))).collect(),
        one => vec![text(one)],
    };
    let target = claims
        .get("del")
        .and_then(|del| del.get("target"))
        .and_then(Value::as_str);
    match audience.as_slice() {
        [one] => match (one.strip_prefix(AGENT_AUDIENCE), target) {
            (Some(agent), Some(target)) => vec![format!("{agent} (may act)"), clean(target)],
            (Some(agent), None) => vec![format!("{agent} (may act)")],
            (None, _) => vec![short(one).to_owned()],
        },
        several => vec![several.join(", ")],
    }
}

/// An audience by its last name: `urn:demo:sap` is `sap`. A URL stays whole.
fn short(audience: &str) -> &str {
    match audience.starts_with("urn:") {
        true => audience
            .rsplit(':')
            .find(|part| !part.is_empty())
            .unwrap_or(audience),
        false => audience,
    }
}

fn text(value: Option<&Value>) -> String {
    value
        .and_then(Value::as_str)
        .map_or_else(|| "?".to_owned(), clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_person_comes_first_and_the_newest_actor_last() {
        let claims = json!({"iss":"l","sub":"demo:ada","aud":"urn:demo:sap",
            "act":{"iss":"l","sub":"hr-agent","act":{"iss":"l","sub":"invoice-agent"}}});
        assert_eq!(
            of_claims(&claims),
            "demo:ada → invoice-agent → hr-agent → sap"
        );
    }

    #[test]
    fn an_agent_for_itself_has_no_actor() {
        let claims = json!({"iss":"l","sub":"soc-agent","aud":"https://fw.example/api"});
        assert_eq!(of_claims(&claims), "soc-agent → https://fw.example/api");
    }

    #[test]
    fn a_token_passed_on_names_the_agent_that_may_act_and_its_target() {
        let claims = json!({"iss":"l","sub":"demo:ada","aud":"urn:locum:agent:hr-agent",
            "act":{"iss":"l","sub":"invoice-agent"},"del":{"target":"sap"}});
        assert_eq!(
            of_claims(&claims),
            "demo:ada → invoice-agent → hr-agent (may act) → sap"
        );
    }

    #[test]
    fn an_actor_of_another_issuer_shows_it_and_no_claim_drives_the_terminal() {
        let claims = json!({"iss":"l","sub":"a\u{1b}b","aud":"urn:x",
            "act":{"iss":"l","sub":"b","act":{"iss":"https://other","sub":"c"}}});
        assert_eq!(of_claims(&claims), "a\\u{1b}b → c (https://other) → b → x");
    }

    #[test]
    fn claims_of_any_shape_give_a_line() {
        assert_eq!(of_claims(&json!(["?"])), "? → ?");
        assert_eq!(of_claims(&json!({"act":7,"aud":["a","b"]})), "? → ? → a, b");
    }

    #[test]
    fn a_decision_lists_its_actors_newest_first() {
        let decision = json!({"subject":{"sub":"demo:ada"},"target":"sap",
            "chain":[{"iss":"l","sub":"hr-agent"},{"iss":"l","sub":"invoice-agent"}]});
        assert_eq!(
            of_decision(&decision),
            "demo:ada → invoice-agent → hr-agent → sap"
        );
    }
}
