//! Slicing changes the cost and never the answer: the same bundles asked by
//! Cedar over all policies at once.

use super::*;
use crate::mentions::Mentions;
use crate::request::CedarFacts;
use cedar_policy::{Authorizer, Decision, Policy, PolicyId, PolicySet};
use proptest::prelude::*;
use proptest::sample::select;

const PRINCIPALS: [&str; 5] = [
    "principal",
    r#"principal == Agent::"invoice-agent""#,
    r#"principal == Agent::"hr-agent""#,
    r#"principal in Team::"finance-it""#,
    "principal is Agent",
];
const ACTIONS: [&str; 5] = [
    "action",
    r#"action == Action::"exchange""#,
    r#"action in Action::"pre_authorise""#,
    r#"action in [Action::"exchange", Action::"pre_authorise"]"#,
    r#"action in [Action::"exchange"]"#,
];
const RESOURCES: [&str; 6] = [
    "resource",
    r#"resource == Target::"sap""#,
    r#"resource in Target::"workday""#,
    "resource is Target",
    r#"resource is Target in Target::"sap""#,
    r#"resource == Target::"other""#,
];
const CONDITIONS: [&str; 5] = [
    "",
    r#"when { context.scopes.contains("invoice.read") }"#,
    r#"unless { context has person && context.person in Group::"demo:staff" }"#,
    r#"when { context.risk == "high" }"#,
    r#"when { context.hour_utc + 9223372036854775797 > 0 }"#,
];

fn policy() -> impl Strategy<Value = String> {
    let effect = select(vec!["permit", "permit", "forbid"]);
    let scope = (
        select(&PRINCIPALS[..]),
        select(&ACTIONS[..]),
        select(&RESOURCES[..]),
    );
    (effect, scope, select(&CONDITIONS[..]))
        .prop_map(|(effect, (p, a, r), condition)| format!("{effect}({p}, {a}, {r}) {condition};"))
}

fn asked() -> impl Strategy<Value = Question> {
    let agents = select(vec!["invoice-agent", "hr-agent", "soc-agent"]);
    let targets = select(vec!["sap", "workday", "firewall"]);
    let groups = select(vec![vec![], vec!["demo:staff"]]);
    let hours = select(vec![9_u8, 10, 11]);
    let actions = select(vec![Action::Exchange, Action::PreAuthorise]);
    (agents, targets, groups, hours, actions).prop_map(
        |(name, target, groups, hour_utc, action)| Question {
            action,
            agent: agent(name),
            team: (name == "invoice-agent").then(|| "finance-it".to_owned()),
            target: TargetId::parse(target).unwrap(),
            behalf: person("demo:ada", Some(&groups)),
            basis: (action == Action::Exchange).then_some(Basis::Grant),
            hour_utc,
            ..question()
        },
    )
}

/// (allowed, determining), or none for an evaluation error.
pub(super) type Plain = Option<(bool, Vec<String>)>;

pub(super) fn unsliced(bundle: &Bundle, texts: &[String], question: &Question) -> Plain {
    let parse =
        |(place, text)| Policy::parse(Some(PolicyId::new(format!("p{place}"))), text).unwrap();
    let set = PolicySet::from_policies(texts.iter().enumerate().map(parse)).unwrap();
    let facts = CedarFacts::of(question, &Mentions::all()).unwrap();
    let request = facts.request(bundle.words).unwrap();
    let entities = facts.entities(bundle.words).unwrap();
    let response = Authorizer::new().is_authorized(&request, &set, &entities);
    if response.diagnostics().errors().next().is_some() {
        return None;
    }
    let mut ids: Vec<String> = response
        .diagnostics()
        .reason()
        .map(ToString::to_string)
        .collect();
    ids.sort();
    Some((response.decision() == Decision::Allow, ids))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_sliced_bundle_answers_as_an_unsliced_one(
        texts in prop::collection::vec(policy(), 0..8),
        questions in prop::collection::vec(asked(), 4),
    ) {
        let marked: String = texts.iter().enumerate().map(|(n, text)| format!("@id(\"p{n}\") {text}\n")).collect();
        let bundle = bundle(&marked);
        for question in questions {
            let sliced = bundle.ask(&question).ok().map(|found| (found.allowed, found.policies));
            prop_assert_eq!(sliced, unsliced(&bundle, &texts, &question), "{}", &marked);
        }
    }
}
