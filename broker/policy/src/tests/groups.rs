use super::*;

fn unknown() -> Question {
    Question {
        behalf: person("demo:ada", None),
        ..question()
    }
}

const NAMING: [&str; 6] = [
    r#"when { context has person && context.person in Group::"demo:staff" }"#,
    r#"when { context has person && context.person in [Group::"x", Group::"demo:staff"] }"#,
    r#"when { context has person && context.person is Person in Group::"demo:staff" }"#,
    r#"when { if context.depth < 9 then !(context has person && context.person in Group::"x") else false }"#,
    r#"unless { context has person && context.person in Group::"x" }"#,
    r#"when { context.depth > 0 } when { Group::"x" == Group::"x" }"#,
];

#[test]
fn no_permit_that_names_a_group_matches_where_groups_are_unknown() {
    for condition in NAMING {
        let text = format!(r#"@id("a") permit(principal, action, resource) {condition};"#);
        assert!(allowed(&text, &question()), "{condition}");
        assert_eq!(
            bundle(&text).ask(&unknown()),
            Ok(PolicyAnswer::default()),
            "{condition}"
        );
    }
}

#[test]
fn every_forbid_that_names_a_group_refuses_where_groups_are_unknown() {
    for condition in NAMING {
        let other = condition
            .replace("demo:staff", "demo:contractors")
            .replace("\"x\"", "\"y\"");
        let text = format!(
            r#"{FINANCE} @id("no") @reason("not for them") forbid(principal, action, resource) {other};"#
        );
        let found = bundle(&text).ask(&unknown()).unwrap();
        assert!(!found.allowed, "{condition}");
        assert_eq!(
            (found.policies, found.reason.as_deref()),
            (vec!["no".to_owned()], Some("not for them"))
        );
    }
}

#[test]
fn a_forbid_whose_scope_cannot_apply_does_not_refuse() {
    let naming = NAMING[0];
    for (scope, refuses) in [
        (
            r#"principal == Agent::"invoice-agent", action, resource"#,
            true,
        ),
        (
            r#"principal in Team::"finance-it", action, resource == Target::"sap""#,
            true,
        ),
        (r#"principal == Agent::"hr-agent", action, resource"#, false),
        (r#"principal in Team::"soc", action, resource"#, false),
        (
            r#"principal, action == Action::"pre_authorise", resource"#,
            false,
        ),
        (r#"principal, action, resource == Target::"workday""#, false),
    ] {
        let text = format!(r#"{FINANCE} @id("no") forbid({scope}) {naming};"#);
        assert_eq!(allowed(&text, &unknown()), !refuses, "{scope}");
    }
}

#[test]
fn a_policy_that_names_no_group_holds_whether_groups_are_known_or_not() {
    assert!(allowed(FINANCE, &unknown()));
    let text = format!(
        r#"{FINANCE} @id("not-bob") forbid(principal, action, resource)
        when {{ context has person && context.person == Person::"Group::demo:bob" }};"#
    );
    assert!(allowed(&text, &unknown()));
}

#[test]
fn no_groups_are_not_unknown_groups() {
    let none = Question {
        behalf: person("demo:ada", Some(&[])),
        ..question()
    };
    let text = format!(
        r#"{FINANCE} @id("no") forbid(principal, action, resource)
        when {{ context has person && context.person in Group::"demo:contractors" }};"#
    );
    assert!(allowed(&text, &none));
    assert!(!allowed(&text, &unknown()));
}
