//! What is told of a policy without Cedar changes the cost and never the
//! answer: the same bundles asked by Cedar over all policies at once.

use super::mentions::some_question;
use super::slices::unsliced;
use super::*;
use crate::conditions::Conditions;
use crate::mentions::Mentions;
use crate::request::CedarFacts;
use crate::told::RequestFacts;
use crate::vocabulary::Vocabulary;
use cedar_policy::Policy;
use proptest::prelude::*;
use proptest::sample::select;

/// Everything that a condition may say of the facts, and some that only Cedar
/// can tell or that errs.
const ATOMS: [&str; 44] = [
    "true",
    "false",
    "context has purpose",
    "context has person && context has workload",
    r#"context.scopes.contains("invoice.post")"#,
    r#"context.scopes.containsAll(["invoice.post", "invoice.read"])"#,
    r#"context.scopes.containsAny(["invoice.post", "x"])"#,
    r#"["invoice.read", "x", "x"].containsAll(context.scopes)"#,
    r#"["invoice.post", "invoice.read"].containsAll(context.scopes)"#,
    r#"["invoice.post"].containsAny(context.scopes)"#,
    "context.scopes.isEmpty()",
    "context.detail_types.isEmpty()",
    r#"context.scopes == ["invoice.read"]"#,
    r#"["high", "medium"].contains(context.risk)"#,
    r#"context.risk == "high""#,
    r#""high" != context.risk"#,
    "context.hour_utc < 4",
    "4 <= context.hour_utc",
    "context.weekday >= 1",
    "2 > context.depth",
    "context.depth == 1",
    "context.depth != context.weekday",
    "context.hour_utc + 9223372036854775797 > 0",
    "context has auth_age_s && context.auth_age_s > 300",
    r#"context has basis && context.basis == "grant""#,
    r#"context has purpose && context.purpose like "*clo*""#,
    r#"context has purpose && context.purpose like "monthly close""#,
    r#"context has purpose && context.purpose like "m*y*se""#,
    r#"context has purpose && context.purpose like "*monthly close close""#,
    r#"context has ip && context.ip.isInRange(ip("192.0.2.0/24"))"#,
    r#"context has ip && context.ip.isInRange(ip("192.0.2.9/29"))"#,
    r#"context has ip && context.ip.isInRange(ip("0.0.0.0/0"))"#,
    r#"context has ip && context.ip.isInRange(ip("2001:db8::/32"))"#,
    r#"context has ip && context.ip == ip("192.0.2.7")"#,
    r#"context has person && context.person == Person::"demo:ada""#,
    r#"context has person && context.person in Group::"demo:staff""#,
    r#"context has person && context.person in [Person::"demo:bob", Group::"demo:other"]"#,
    r#"context has person && context.person is Person in Group::"demo:staff""#,
    r#"context has workload && context.workload == Workload::"k8s:x""#,
    r#"context has delegate_to && context.delegate_to in Team::"soc""#,
    r#"principal in Team::"finance-it""#,
    r#"principal == Agent::"hr-agent" || principal in Agent::"invoice-agent""#,
    r#"context.chain.contains(Agent::"hr-agent")"#,
    r#"context.amr.contains("otp") && context.detail_types.contains("invoice_post")"#,
];

const SCOPES: [&str; 7] = [
    "principal, action, resource",
    r#"principal == Agent::"invoice-agent", action, resource == Target::"sap""#,
    r#"principal == Agent::"hr-agent", action, resource"#,
    r#"principal in Team::"finance-it", action, resource is Target"#,
    r#"principal is Agent in Team::"soc", action, resource"#,
    r#"principal in Agent::"invoice-agent", action, resource in Target::"sap""#,
    r#"principal is Agent, action == Action::"exchange", resource is Target in Target::"sap""#,
];

fn condition() -> impl Strategy<Value = String> {
    let atom = select(&ATOMS[..]).prop_map(|atom| format!("({atom})"));
    atom.prop_recursive(3, 12, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|one| format!("(!{one})")),
            two.clone().prop_map(|(a, b)| format!("({a} && {b})")),
            two.prop_map(|(a, b)| format!("({a} || {b})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
        ]
    })
}

fn policy() -> impl Strategy<Value = String> {
    let effect = select(vec!["permit", "permit", "forbid"]);
    let conditions = prop::collection::vec((select(vec!["when", "unless"]), condition()), 0..3);
    (effect, select(&SCOPES[..]), conditions).prop_map(|(effect, scope, conditions)| {
        let each = conditions
            .iter()
            .map(|(kind, text)| format!(" {kind} {{ {text} }}"));
        format!("{effect}({scope}){};", each.collect::<String>())
    })
}

/// Loads what of these the validator takes: one that can never apply is refused.
fn loaded(texts: Vec<String>) -> Option<(Bundle, Vec<String>)> {
    let marked = |(n, text): (usize, &String)| format!("@id(\"p{n}\") {text}\n");
    let text: String = texts.iter().enumerate().map(marked).collect();
    let bundle = Bundle::load(&files(&[&text])).ok()?;
    Some((bundle, texts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn leaving_out_what_cannot_match_changes_no_answer(
        texts in prop::collection::vec(policy(), 1..7),
        questions in prop::collection::vec(some_question(), 6),
    ) {
        let Some((bundle, texts)) = loaded(texts) else { return Ok(()) };
        for question in questions {
            // Where groups are unknown, other policies are asked.
            if matches!(question.behalf, Behalf::Person { groups: None, .. }) {
                continue;
            }
            let found = bundle.ask(&question).ok().map(|found| (found.allowed, found.policies));
            prop_assert_eq!(found, unsliced(&bundle, &texts, &question), "{:?} {:?}", &texts, &question);
        }
    }
}

/// What is told of one condition for the usual question.
fn told_of(condition: &str, question: &Question) -> Option<bool> {
    let words = Vocabulary::get().unwrap();
    let text = format!("permit(principal, action, resource) when {{ {condition} }};");
    let policy = Policy::parse(None, text).unwrap();
    let facts = CedarFacts::of(question, &Mentions::all()).unwrap();
    let tree = policy.to_json().unwrap();
    Conditions::read(&policy, &tree, words).judge(&RequestFacts::of(&facts))
}

#[test]
fn what_is_said_in_plain_terms_is_told_without_cedar() {
    let question = Question {
        purpose: Some("monthly close".to_owned()),
        ip: Some("192.0.2.7".to_owned()),
        auth_age_s: Some(10),
        delegate_to: Some(agent("soc-agent")),
        ..question()
    };
    let left = ATOMS.map(|atom| (atom, told_of(atom, &question)));
    let left = left.into_iter().filter(|(_, told)| told.is_none());
    let left: Vec<&str> = left.map(|(atom, _)| atom).collect();
    assert_eq!(
        left,
        [
            r#"context.scopes == ["invoice.read"]"#,
            "context.depth != context.weekday",
            "context.hour_utc + 9223372036854775797 > 0",
            r#"context has ip && context.ip == ip("192.0.2.7")"#,
        ]
    );
}

#[test]
fn nothing_is_told_after_what_may_err() {
    let errs = "context.hour_utc + 9223372036854775807 > 0";
    let question = question();
    for after in [
        format!("{errs} && false"),
        format!("{errs} || true"),
        format!("if {errs} then false else false"),
        format!("!({errs})"),
    ] {
        assert_eq!(told_of(&after, &question), None, "{after}");
    }
    assert_eq!(told_of(&format!("false && {errs}"), &question), Some(false));
    assert_eq!(told_of(&format!("true || {errs}"), &question), Some(true));
}

#[test]
fn an_error_refuses_however_many_policies_cannot_match() {
    let many: String = (0..40)
        .map(|n| format!("@id(\"p{n}\") permit(principal, action, resource) when {{ context.depth > {n} && context.hour_utc + 9223372036854775807 > 0 }};\n"))
        .collect();
    let forbid = r#"@id("no") forbid(principal, action, resource);"#;
    assert!(bundle(&format!("{many}{forbid}")).ask(&question()).is_err());
    let shallow = Question {
        depth: 0,
        ..question()
    };
    let found = bundle(&format!("{many}{forbid}")).ask(&shallow).unwrap();
    assert_eq!(found.policies, ["no"]);
}
