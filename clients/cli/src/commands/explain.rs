//! `locum explain`: why a request was permitted or refused, from its record.

use clap::Args;
use serde_json::Value;

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{fields, inline, member};
use crate::{chain, text};

/// Which decision.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The delegation or the request
    #[arg(value_name = "dlg_…|req_…")]
    id: String,
}

/// Fetches the decision and tells it.
pub(crate) async fn run(args: ExplainArgs, environment: &Environment) -> Result<Report, Failure> {
    if !args.id.starts_with("dlg_") && !args.id.starts_with("req_") {
        return Err(Failure::usage(format!(
            "expected an id that begins with `dlg_` or `req_`, found `{}`",
            text::clean(&args.id)
        )));
    }
    let decision = AdminClient::new(environment)?
        .show("decisions", &args.id)
        .await?;
    let text = tell(&decision);
    Ok(Report::new(decision, text))
}

fn tell(decision: &Value) -> String {
    let said = |name: &str| decision.get(name).filter(|value| !value.is_null());
    let mut rows = vec![("outcome", outcome(decision))];
    let mut because = String::new();
    for name in ["error_description", "detail", "reason"] {
        // A detail may be what the description says already.
        let value = said(name).map(inline);
        if let Some(value) = value.filter(|value| !because.contains(value.as_str())) {
            because.push_str(&value);
            rows.push(("because", value));
        }
    }
    rows.push(("chain", chain::of_decision(decision)));
    rows.push(("for", member(decision, &["subject", "sub"])));
    if let Some(groups) = groups(decision) {
        rows.push(("groups", groups));
    }
    rows.push(("actor", actor(decision)));
    rows.push(("target", member(decision, &["target"])));
    rows.push(("basis", member(decision, &["basis"])));
    rows.push(("asked", member(decision, &["requested"])));
    rows.push(("granted", member(decision, &["granted"])));
    if let Some(found) = said("credential") {
        rows.push(("credential", credential(found, decision)));
    }
    if let Some(value) = said("would_pass") {
        rows.push(("would pass", inline(value)));
    }
    let checks = decision.get("checks").and_then(Value::as_array);
    let mut label = "checks";
    for check in checks.into_iter().flatten() {
        rows.push((label, self::check(check)));
        label = "";
    }
    rows.push(("policies", member(decision, &["policies"])));
    rows.push(("bundle", member(decision, &["bundle"])));
    rows.push(("parent", member(decision, &["parent"])));
    rows.push(("request", member(decision, &["request_id"])));
    rows.push((
        "record",
        format!(
            "index {} of tree {}",
            member(decision, &["record", "index"]),
            member(decision, &["record", "tree"])
        ),
    ));
    fields(&rows)
}

fn outcome(decision: &Value) -> String {
    let mut line = member(decision, &["outcome"]);
    for (before, name) in [(" ", "code"), ("  ", "id"), ("  ", "time")] {
        if let Some(value) = decision.get(name).filter(|value| !value.is_null()) {
            line.push_str(before);
            line.push_str(&inline(value));
        }
    }
    line
}

/// The person's groups as they were read; `None` where the decision tells of none.
fn groups(decision: &Value) -> Option<String> {
    let said = decision.get("groups")?;
    if decision.get("subject").is_none_or(Value::is_null) {
        return None;
    }
    Some(match said.as_array().map(Vec::as_slice) {
        None => "not known".into(),
        Some([]) => "none".into(),
        Some(_) => inline(said),
    })
}

/// Who acted, and how that was proved.
fn actor(decision: &Value) -> String {
    let newest = decision
        .get("chain")
        .and_then(Value::as_array)
        .and_then(|chain| chain.first());
    let client = member(decision, &["client_id"]);
    let name = newest.map_or_else(|| client.clone(), |actor| member(actor, &["sub"]));
    match decision.get("actor_from").and_then(Value::as_str) {
        Some("client") => format!("{name} (as the client)"),
        Some("presenter") => format!("{name} (presented by {client})"),
        Some("actor_token") => format!("{name} (by its actor token; client {client})"),
        _ => format!("{name} (client {client})"),
    }
}

/// What became of a vendor's credential; where there is none, whom to ask.
fn credential(found: &Value, decision: &Value) -> String {
    let of = |name: &str| found.get(name).filter(|value| !value.is_null()).map(inline);
    let state = of("state").unwrap_or_default();
    let mut line = match state.as_str() {
        "obtained" => "obtained".to_owned(),
        "refused" => "refused by the target's own system".to_owned(),
        "not_sent" => "none: nothing was sent to the target's own system".to_owned(),
        "unknown" => "not known: the target's own system may have made one".to_owned(),
        other => other.to_owned(),
    };
    for (before, name) in [
        (", ends ", "expires_at"),
        ("; revoked there: ", "revocation"),
        ("; its request ", "vendor_request_id"),
    ] {
        if let Some(value) = of(name) {
            line.push_str(before);
            line.push_str(&value);
        }
    }
    if state != "obtained" {
        line.push_str("; try: locum targets test ");
        line.push_str(&member(decision, &["target"]));
    }
    line
}

/// One check: its result, then whatever else it says.
fn check(check: &Value) -> String {
    let name = member(check, &["name"]);
    let mut line = format!("{:<7}  {name}", member(check, &["result"]));
    for (member, value) in check.as_object().into_iter().flatten() {
        if !matches!(member.as_str(), "name" | "result") && !value.is_null() {
            line.push_str("  ");
            line.push_str(&inline(value));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_detail_that_the_description_says_already_is_not_told_twice() {
        let refusal = |detail: &str| {
            let described = "expected x, found y; do z [LCM-SUBJECT-INVALID]";
            let told = tell(&json!({"error_description": described, "detail": detail}));
            told.matches("because").count()
        };
        assert_eq!(refusal("expected x, found y"), 1);
        assert_eq!(refusal("the token's `iss` is `z`"), 2);
    }

    #[test]
    fn a_refusal_is_told_with_the_check_that_failed_and_what_would_pass() {
        let told = tell(
            &json!({"id":"dlg_1","request_id":"req_1","time":"2026-11-23T10:00:00Z",
            "outcome":"refusal","code":"LCM-SCOPE-REFUSED","client_id":"invoice-agent",
            "actor_from":"client","subject":{"iss":"i","sub":"demo:ada"},"groups":["demo:staff"],
            "chain":[{"iss":"l","sub":"invoice-agent"}],"target":"sap","basis":null,
            "requested":{"scope":"x.y"},"granted":null,"would_pass":{"scope":"invoice.read"},
            "checks":[{"name":"locks","result":"passed"},
                {"name":"scope","result":"failed","detail":"outside the ceiling"}],
            "policies":[],"bundle":"sha256:00","jti":null,"parent":null,
            "record":{"tree":"t1","index":42}}),
        );
        for line in [
            "outcome     refusal LCM-SCOPE-REFUSED  dlg_1  2026-11-23T10:00:00Z",
            "chain       demo:ada → invoice-agent → sap",
            "actor       invoice-agent (as the client)",
            "groups      demo:staff",
            "would pass  scope=invoice.read",
            "checks      passed   locks",
            "            failed   scope  outside the ceiling",
            "bundle      sha256:00",
            "record      index 42 of tree t1",
        ] {
            assert!(
                told.lines().any(|told| told == line),
                "no `{line}` in:\n{told}"
            );
        }
    }

    #[test]
    fn what_became_of_a_vendors_credential_is_told() {
        let of = |credential: Value| {
            let told = tell(&json!({"target": "sap-btp", "credential": credential}));
            let line = told.lines().find(|line| line.starts_with("credential"));
            line.unwrap_or_default().to_owned()
        };
        let line = of(
            json!({"state": "obtained", "expires_at": "2026-11-23T10:00:00Z",
            "fingerprint": "f", "vendor_request_id": null, "revocation": "done"}),
        );
        assert_eq!(
            line,
            "credential  obtained, ends 2026-11-23T10:00:00Z; revoked there: done"
        );
        let line = of(json!({"state": "refused", "vendor_request_id": "r-1"}));
        assert_eq!(
            line,
            "credential  refused by the target's own system; its request r-1; try: locum targets test sap-btp"
        );
        assert_eq!(of(Value::Null), "");
    }

    #[test]
    fn groups_that_are_not_known_are_told_apart_from_none() {
        let of = |found: Value| groups(&json!({"subject": {"sub": "demo:ada"}, "groups": found}));
        assert_eq!(
            of(json!(["demo:a", "demo:b"])).as_deref(),
            Some("demo:a, demo:b")
        );
        assert_eq!(of(json!([])).as_deref(), Some("none"));
        assert_eq!(of(Value::Null).as_deref(), Some("not known"));
        assert_eq!(groups(&json!({"subject": null, "groups": null})), None);
    }

    #[test]
    fn a_decision_of_any_shape_is_told_without_failing() {
        assert!(tell(&Value::Null).contains("outcome"));
        assert!(tell(&json!({"chain":7,"checks":[1]})).contains("?"));
    }
}
