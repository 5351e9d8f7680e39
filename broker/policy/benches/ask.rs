//! What an answer costs: of a bundle of 60 policies, worked out and remembered;
//! and of one whose 2,000 policies all concern the request.
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

/// What a policy of a large bundle says: in turn one of these, of the number.
fn condition(number: usize) -> String {
    match number % 8 {
        0 | 1 => format!(
            "[\"s{:02}\", \"t{number}\"].containsAll(context.scopes)",
            number % 64
        ),
        2 => format!("context.scopes.contains(\"t{number}\")"),
        3 => format!(
            "context.risk == \"high\" && context.hour_utc < {}",
            number % 4
        ),
        4 => format!("context has person && context.person in Group::\"demo:g{number}\""),
        5 => format!("context has purpose && context.purpose like \"*test {number}*\""),
        6 => format!(
            "context has ip && context.ip.isInRange(ip(\"203.0.{}.0/24\"))",
            number % 256
        ),
        _ => format!(
            "context has auth_age_s && context.auth_age_s > {}",
            1_000_000 + number
        ),
    }
}

/// All for the same agent, target and action; `odd`: half are such that only
/// Cedar can tell.
fn large(odd: bool) -> Bundle {
    let text: String = (0..2_000)
        .map(|number| {
            let condition = if odd && number % 2 == 0 {
                format!("context.depth + {number} == 0")
            } else {
                condition(number)
            };
            let effect = if number % 4 == 3 { "forbid" } else { "permit" };
            format!(
                "@id(\"p{number}\") {effect}(principal == Agent::\"invoice-agent\", action == Action::\"exchange\", resource == Target::\"sap\") when {{ {condition} }};\n"
            )
        })
        .collect();
    Bundle::load(&BTreeMap::from([("bench.cedar".to_owned(), text)])).unwrap()
}

/// The questions of one denial of 64 scopes: about all, and parts of them.
fn denial(age: u64) -> Vec<Question> {
    let parts = [64, 32, 16, 8, 4, 2, 1, 1, 1];
    let scopes = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("s{n:02}")).collect();
        Scope::parse(&names.join(" ")).unwrap()
    };
    let each = parts
        .into_iter()
        .enumerate()
        .map(|(place, count)| Question {
            scopes: scopes(count),
            purpose: Some(format!("monthly close {place}")),
            ..question(age)
        });
    each.collect()
}

fn deny(c: &mut Criterion) {
    for (name, odd) in [
        ("2,000 policies", false),
        ("2,000 policies, 1,000 odd", true),
    ] {
        let bundle = large(odd);
        let mut age = 0;
        c.bench_function(&format!("a denial's 9 questions to {name}"), |b| {
            b.iter(|| {
                age += 1;
                for question in denial(age) {
                    let _answer = bundle.ask(&question).unwrap();
                }
            });
        });
    }
}

criterion_group!(benches, ask, deny);
criterion_main!(benches);
