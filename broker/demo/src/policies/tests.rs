#![allow(clippy::unwrap_used, reason = "tests")]
use super::super::cast::{AGENTS, TARGETS};
use super::*;
use locum_core::ids::{AgentId, TargetId};
use locum_core::policy::{Action, Basis, Behalf, PolicyAnswer, PolicyCheck, Question, Risk};
use locum_core::scope::Scope;
use locum_policy::Bundle;

fn ask(
    bundle: &Bundle,
    action: Action,
    (agent, target, scopes): (&str, &str, &str),
    groups: &[&str],
) -> PolicyAnswer {
    let agent = AgentId::parse(agent).unwrap();
    let basis = match action {
        Action::Exchange => Some(Basis::Grant),
        Action::PreAuthorise => None,
    };
    let question = Question {
        action,
        chain: vec![agent.clone()],
        agent,
        team: Some("finance-it".to_owned()),
        target: TargetId::parse(target).unwrap(),
        behalf: Behalf::Person {
            id: "demo:ada".to_owned(),
            groups: Some(groups.iter().map(|g| (*g).to_owned()).collect()),
        },
        depth: 1,
        scopes: Scope::parse(scopes).unwrap(),
        detail_types: Default::default(),
        basis,
        delegate_to: None,
        delegate_to_team: None,
        presenter: None,
        purpose: None,
        task_id: None,
        acr: Some("pwd".to_owned()),
        amr: vec!["pwd".to_owned()],
        auth_age_s: Some(0),
        hour_utc: 12,
        weekday: 1,
        ip: None,
        risk: Risk::Low,
    };
    bundle.ask(&question).unwrap()
}

#[test]
fn the_bundle_permits_exchange_exactly_within_each_ceiling() {
    let bundle = Bundle::load(&bundle()).unwrap();
    for agent in &AGENTS {
        for target in &TARGETS {
            let entry = agent.ceiling.iter().find(|entry| entry.target == target.id);
            let may = |scope: &str| entry.is_some_and(|e| e.scopes.contains(&scope));
            let both = format!("{} {}", target.read, target.write);
            for (scopes, expected) in [
                (target.read, may(target.read)),
                (target.write, may(target.write)),
                (both.as_str(), may(target.read) && may(target.write)),
                ("other.scope", false),
            ] {
                let answer = ask(
                    &bundle,
                    Action::Exchange,
                    (agent.id, target.id, scopes),
                    &[],
                );
                assert_eq!(
                    answer.allowed, expected,
                    "{} {} {scopes}",
                    agent.id, target.id
                );
            }
        }
    }
}

#[test]
fn only_reading_is_pre_authorised_and_only_for_staff() {
    let bundle = Bundle::load(&bundle()).unwrap();
    for target in &TARGETS {
        let both = format!("{} {}", target.read, target.write);
        for (scopes, groups, expected) in [
            (target.read, &["demo:staff"][..], true),
            (target.read, &[], false),
            (target.read, &["other:staff"], false),
            (target.write, &["demo:staff"], false),
            (&both, &["demo:staff"], false),
        ] {
            let asked = ("invoice-agent", target.id, scopes);
            let answer = ask(&bundle, Action::PreAuthorise, asked, groups);
            assert_eq!(
                answer.allowed, expected,
                "{} {scopes} {groups:?}",
                target.id
            );
        }
    }
}

#[test]
fn reading_invoices_is_explained_by_one_policy() {
    let bundle = Bundle::load(&bundle()).unwrap();
    let asked = ("invoice-agent", "sap", "invoice.read");
    let answer = ask(&bundle, Action::Exchange, asked, &["demo:staff"]);
    assert_eq!(answer.policies, ["finance-read"]);
    let reason = "finance staff read invoices through the invoice agent";
    assert_eq!(answer.reason.as_deref(), Some(reason));
}
