use super::*;
use locum_core::ids::ClientId;

/// Whether a permit with the condition holds for the question.
fn holds(condition: &str, question: &Question) -> bool {
    allowed(
        &format!(
            r#"@id("a") permit(principal, action == Action::"exchange", resource) when {{ {condition} }};"#
        ),
        question,
    )
}

#[test]
fn every_fact_reaches_the_context_and_an_absent_one_is_absent() {
    let full = Question {
        chain: vec![agent("invoice-agent"), agent("hr-agent")],
        depth: 2,
        detail_types: ["invoice_post".to_owned()].into(),
        basis: Some(Basis::MayAct),
        delegate_to: Some(agent("soc-agent")),
        delegate_to_team: Some("soc".to_owned()),
        presenter: Some(ClientId::parse("gateway").unwrap()),
        purpose: Some("say \"hello\"".to_owned()),
        task_id: Some("t-1".to_owned()),
        acr: Some("mfa".to_owned()),
        amr: vec!["otp".to_owned()],
        auth_age_s: Some(90),
        ip: Some("192.0.2.7".to_owned()),
        risk: Risk::High,
        ..question()
    };
    for condition in [
        r#"context.chain == [Agent::"hr-agent", Agent::"invoice-agent"]"#,
        "context.depth == 2",
        r#"context.scopes == ["invoice.read"]"#,
        r#"context.detail_types.contains("invoice_post")"#,
        r#"context.basis == "may_act""#,
        r#"context has delegate_to && context.delegate_to == Agent::"soc-agent""#,
        r#"context has delegate_to && context.delegate_to in Team::"soc""#,
        r#"context has presenter && context.presenter == "gateway""#,
        r#"context has purpose && context.purpose like "*\"hello\"""#,
        r#"context has task_id && context.task_id == "t-1""#,
        r#"context has acr && context.acr == "mfa""#,
        r#"context.amr.contains("otp")"#,
        "context has auth_age_s && context.auth_age_s < 300",
        r#"context has ip && context.ip.isInRange(ip("192.0.2.0/24"))"#,
        r#"context.risk == "high""#,
        r#"context has person && context.person == Person::"demo:ada""#,
        r#"context has person && context.person in [Group::"x", Group::"demo:staff"]"#,
        r#"principal in Team::"finance-it""#,
    ] {
        assert!(holds(condition, &full), "{condition}");
    }
    for condition in [
        "delegate_to",
        "presenter",
        "purpose",
        "task_id",
        "acr",
        "auth_age_s",
        "ip",
        "workload",
    ] {
        assert!(
            holds(&format!("!(context has {condition})"), &question()),
            "{condition}"
        );
    }
    assert!(holds(
        "context.amr.isEmpty() && context.detail_types.isEmpty()",
        &question()
    ));
}

#[test]
fn a_workload_is_no_person_and_an_agent_is_neither() {
    let workload = Question {
        behalf: Behalf::Workload("k8s:wl/x".to_owned()),
        ..question()
    };
    assert!(holds(
        r#"context has workload && context.workload == Workload::"k8s:wl/x" && !(context has person)"#,
        &workload
    ));
    let alone = Question {
        behalf: Behalf::Agent(agent("invoice-agent")),
        basis: Some(Basis::Itself),
        ..question()
    };
    assert!(holds(
        r#"!(context has workload) && !(context has person) && context.basis == "self""#,
        &alone
    ));
    assert!(holds(r#"principal in Team::"finance-it""#, &alone));
}

#[test]
fn an_agent_of_a_person_is_in_no_team() {
    let own = Question {
        team: None,
        ..question()
    };
    assert!(!holds(r#"principal in Team::"finance-it""#, &own));
}

#[test]
fn names_are_data_and_never_cedar() {
    let hostile = r#"demo:x" || true || ""#;
    let asked = Question {
        behalf: person(hostile, Some(&[r#"demo:staff"]"#])),
        purpose: Some("\\\"\n".to_owned()),
        ..question()
    };
    assert!(!holds(
        r#"context has person && context.person in Group::"demo:staff""#,
        &asked
    ));
    assert!(holds(
        r#"context has person && context.person == Person::"demo:x\" || true || \"""#,
        &asked
    ));
}

#[test]
fn an_address_is_one_address_and_ipv4_however_it_came() {
    let from = |ip: &str| Question {
        ip: Some(ip.to_owned()),
        ..question()
    };
    let office = r#"context has ip && context.ip.isInRange(ip("192.0.2.0/24"))"#;
    assert!(holds(office, &from("::ffff:192.0.2.7")));
    assert!(!holds(office, &from("198.51.100.1")));
    assert!(holds(
        "context has ip && context.ip.isLoopback()",
        &from("::1")
    ));
    assert!(holds(
        r#"context has ip && context.ip.isInRange(ip("2001:db8::/32"))"#,
        &from("2001:db8::1")
    ));
    for bad in [
        "",
        "192.0.2.0/24",
        "localhost",
        "192.0.2.7:80",
        "fe80::1%eth0",
    ] {
        assert!(bundle(FINANCE).ask(&from(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_number_beyond_cedars_refuses() {
    let asked = Question {
        auth_age_s: Some(u64::MAX),
        ..question()
    };
    assert!(bundle(FINANCE).ask(&asked).is_err());
}
