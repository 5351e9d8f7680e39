use super::*;

/// The dev world (contract §3), in short: what is tested here is that the
/// schema can say it.
const DEV: &str = r#"
@id("invoice-agent") permit(principal == Agent::"invoice-agent", action == Action::"exchange", resource == Target::"sap")
when { ["invoice.read", "invoice.post"].containsAll(context.scopes) };
@id("hr-agent") permit(principal == Agent::"hr-agent", action == Action::"exchange", resource == Target::"workday")
when { ["worker.read", "worker.write"].containsAll(context.scopes) };
@id("staff-read") @reason("staff may read through agents")
permit(principal, action == Action::"pre_authorise", resource)
when { context has person && context.person in Group::"demo:staff"
    && ["invoice.read", "worker.read", "rule.read"].containsAll(context.scopes) };
"#;

#[test]
fn the_example_of_the_contract_permits_reading_and_nothing_else() {
    let bundle = bundle(FINANCE);
    let read = bundle.ask(&question()).unwrap();
    assert!(read.allowed);
    assert_eq!(read.policies, ["finance-read"]);
    assert_eq!(
        read.reason.as_deref(),
        Some("finance staff read invoices through the invoice agent")
    );
    let both = Scope::parse("invoice.read invoice.post").unwrap();
    let others = [
        Question {
            scopes: both,
            ..question()
        },
        Question {
            agent: agent("hr-agent"),
            ..question()
        },
        Question {
            target: TargetId::parse("workday").unwrap(),
            ..question()
        },
        pre_authorise(),
    ];
    for other in others {
        assert_eq!(bundle.ask(&other), Ok(PolicyAnswer::default()), "{other:?}");
    }
}

#[test]
fn the_dev_world_pre_authorises_reading_to_staff_and_nothing_to_eve() {
    let bundle = bundle(DEV);
    let post = Scope::parse("invoice.post").unwrap();
    let asked = |q: Question| bundle.ask(&q).unwrap().allowed;
    assert!(asked(question()) && asked(pre_authorise()));
    assert!(asked(Question {
        scopes: post.clone(),
        ..question()
    }));
    assert!(!asked(Question {
        scopes: post,
        ..pre_authorise()
    }));
    let eve = person("demo:eve", Some(&[]));
    assert!(!asked(Question {
        behalf: eve.clone(),
        ..pre_authorise()
    }));
    assert!(asked(Question {
        behalf: eve,
        ..question()
    }));
    let workload = Behalf::Workload("demo-workloads:wl/x".to_owned());
    assert!(!asked(Question {
        behalf: workload,
        ..pre_authorise()
    }));
}

#[test]
fn a_forbid_overrides_every_permit_wherever_it_lies() {
    for scope in [
        "principal, action, resource",
        r#"principal, action, resource == Target::"sap""#,
        r#"principal in Team::"finance-it", action == Action::"exchange", resource in Target::"sap""#,
        r#"principal is Agent, action in [Action::"exchange"], resource is Target in Target::"sap""#,
    ] {
        let text = format!(r#"{FINANCE} @id("no") @advice("ask finance") forbid({scope});"#);
        let found = answer(&text);
        assert!(!found.allowed, "{scope}");
        assert_eq!(
            (found.policies, found.reason),
            (vec!["no".to_owned()], None)
        );
        assert_eq!(found.advice.as_deref(), Some("ask finance"));
    }
}

#[test]
fn an_unless_turns_its_condition_round() {
    let text = format!(
        r#"{FINANCE} @id("office-hours") forbid(principal, action, resource)
        unless {{ context.weekday <= 5 && context.hour_utc >= 7 && context.hour_utc < 19 }};"#
    );
    assert!(allowed(&text, &question()));
    assert!(!allowed(
        &text,
        &Question {
            weekday: 6,
            ..question()
        }
    ));
    assert!(!allowed(
        &text,
        &Question {
            hour_utc: 19,
            ..question()
        }
    ));
}

#[test]
fn the_strictest_of_determining_permits_wins() {
    let found = answer(
        r#"@id("c") @max_lifetime("60") @require_acr("mfa") @advice("from c") permit(principal, action, resource);
        @id("b") @max_lifetime("120") @reason("from b") permit(principal, action, resource == Target::"sap");
        @id("d") @require_acr("gold silver") @reason("from d") permit(principal, action, resource);
        @id("a") permit(principal, action, resource);
        @id("e") @max_lifetime("1") permit(principal, action, resource == Target::"workday");"#,
    );
    assert_eq!(found.policies, ["a", "b", "c", "d"]);
    assert_eq!(found.reason.as_deref(), Some("from b"));
    assert_eq!(found.advice.as_deref(), Some("from c"));
    assert_eq!(found.max_lifetime, Some(60));
    let lists: Vec<Vec<_>> = found
        .require_acr
        .iter()
        .map(|l| l.iter().map(String::as_str).collect())
        .collect();
    assert_eq!(lists, [vec!["mfa"], vec!["gold", "silver"]]);
}

#[test]
fn all_forbids_that_hold_are_named_and_no_limit_is() {
    let found = answer(
        r#"@id("z") forbid(principal, action, resource);
        @id("y") @reason("from y") forbid(principal, action, resource == Target::"sap");
        @id("a") @reason("from a") @max_lifetime("60") permit(principal, action, resource);"#,
    );
    assert_eq!(found.policies, ["y", "z"]);
    assert_eq!(found.reason.as_deref(), Some("from y"));
    assert_eq!((found.max_lifetime, found.require_acr.len()), (None, 0));
}

#[test]
fn an_evaluation_error_of_any_policy_refuses() {
    let overflow = "context.depth + 9223372036854775807 > 0";
    for (effect, scope) in [
        ("permit", "principal, action, resource"),
        ("forbid", r#"principal, action, resource == Target::"sap""#),
        (
            "permit",
            r#"principal == Agent::"invoice-agent", action == Action::"exchange", resource"#,
        ),
    ] {
        let text = format!(r#"{FINANCE} @id("bad") {effect}({scope}) when {{ {overflow} }};"#);
        let fault = bundle(&text).ask(&question()).unwrap_err();
        assert!(fault.detail.contains("bad"), "{fault}");
        assert!(fault.detail.contains("overflow"), "{fault}");
    }
}

#[test]
fn an_evaluation_error_of_a_policy_for_another_target_concerns_nobody() {
    let text = format!(
        r#"{FINANCE} @id("bad") permit(principal, action, resource == Target::"workday")
        when {{ context.depth + 9223372036854775807 > 0 }};"#
    );
    assert!(allowed(&text, &question()));
}
