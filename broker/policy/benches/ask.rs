//! What an answer costs: of a bundle of 60 policies, worked out and remembered.
//!
//!     cargo bench -p locum-policy
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

use criterion::{Criterion, criterion_group, criterion_main};
use locum_core::ids::{AgentId, TargetId};
use locum_core::policy::{Action, Basis, Behalf, PolicyCheck, Question, Risk};
use locum_core::scope::Scope;
use locum_policy::Bundle;
use std::collections::{BTreeMap, BTreeSet};

/// A dozen rules that every question meets, and those of other agents.
fn bundle() -> Bundle {
    let mut text = String::from(
        r#"@id("read") permit(principal == Agent::"invoice-agent", action, resource == Target::"sap");"#,
    );
    for guard in 0..12 {
        text += &format!(
            "@id(\"guard-{guard}\") forbid(principal, action, resource) when {{ context.depth > {} }};\n",
            guard + 4
        );
    }
    text += r#"@id("age") forbid(principal, action, resource)
        when { context has auth_age_s && context.auth_age_s > 900000 };"#;
    for other in 0..46 {
        text += &format!(
            "@id(\"other-{other}\") permit(principal == Agent::\"agent-{other}\", action, resource == Target::\"sap\");\n"
        );
    }
    Bundle::load(&BTreeMap::from([("bench.cedar".to_owned(), text)])).unwrap()
}

fn question(auth_age_s: u64) -> Question {
    Question {
        action: Action::Exchange,
        agent: AgentId::parse("invoice-agent").unwrap(),
        team: Some("finance-it".to_owned()),
        target: TargetId::parse("sap").unwrap(),
        behalf: Behalf::Person {
            id: "demo:ada".to_owned(),
            groups: Some(BTreeSet::from(["demo:staff".to_owned()])),
        },
        chain: vec![AgentId::parse("invoice-agent").unwrap()],
        depth: 1,
        scopes: Scope::parse("invoice.read").unwrap(),
        detail_types: BTreeSet::new(),
        basis: Some(Basis::Policy),
        delegate_to: None,
        delegate_to_team: None,
        presenter: None,
        purpose: None,
        task_id: None,
        acr: None,
        amr: vec!["pwd".to_owned()],
        auth_age_s: Some(auth_age_s),
        hour_utc: 10,
        weekday: 1,
        ip: Some("192.0.2.7".to_owned()),
        risk: Risk::Low,
    }
}

fn ask(c: &mut Criterion) {
    let bundle = bundle();
    let mut age = 0;
    c.bench_function("ask 60 policies, worked out", |b| {
        b.iter(|| {
            age += 1;
            bundle.ask(&question(age)).unwrap()
        });
    });
    c.bench_function("ask 60 policies, remembered", |b| {
        b.iter(|| bundle.ask(&question(0)).unwrap());
    });
}

criterion_group!(benches, ask);
criterion_main!(benches);
