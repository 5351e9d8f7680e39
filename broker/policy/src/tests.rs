//! What the tests share: bundles from text, a question to vary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod ask;
mod conditions;
mod context;
mod groups;
mod hostile;
mod load;
mod mentions;
mod slices;

use crate::{Bundle, PolicyFlaw};
use locum_core::ids::{AgentId, TargetId};
use locum_core::policy::{Action, Basis, Behalf, PolicyAnswer, PolicyCheck, Question, Risk};
use locum_core::scope::Scope;
use std::collections::{BTreeMap, BTreeSet};

/// The example of contract §13.
const FINANCE: &str = r#"@id("finance-read") @reason("finance staff read invoices through the invoice agent")
permit(principal == Agent::"invoice-agent", action == Action::"exchange", resource == Target::"sap")
when { ["invoice.read"].containsAll(context.scopes) };
"#;

fn files(texts: &[&str]) -> BTreeMap<String, String> {
    let named = |(place, text): (usize, &&str)| (format!("f{place}.cedar"), (*text).to_owned());
    texts.iter().enumerate().map(named).collect()
}

fn bundle(text: &str) -> Bundle {
    Bundle::load(&files(&[text])).unwrap()
}

fn flaws(text: &str) -> Vec<PolicyFlaw> {
    Bundle::load(&files(&[text])).unwrap_err()
}

fn allowed(text: &str, question: &Question) -> bool {
    bundle(text).ask(question).unwrap().allowed
}

fn answer(text: &str) -> PolicyAnswer {
    bundle(text).ask(&question()).unwrap()
}

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

fn person(id: &str, groups: Option<&[&str]>) -> Behalf {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Behalf::Person {
        id: id.to_owned(),
        groups: groups.map(owned),
    }
}

/// Ada reads invoices at sap through the invoice agent, on a Monday at ten.
fn question() -> Question {
    Question {
        action: Action::Exchange,
        agent: agent("invoice-agent"),
        team: Some("finance-it".to_owned()),
        target: TargetId::parse("sap").unwrap(),
        behalf: person("demo:ada", Some(&["demo:staff"])),
        chain: vec![agent("invoice-agent")],
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
        amr: Vec::new(),
        auth_age_s: None,
        hour_utc: 10,
        weekday: 1,
        ip: None,
        risk: Risk::Low,
    }
}

/// The same question before a basis is known.
fn pre_authorise() -> Question {
    Question {
        action: Action::PreAuthorise,
        basis: None,
        ..question()
    }
}
