use super::*;
use crate::mentions::Mentions;
use crate::request::CedarFacts;
use crate::vocabulary::Vocabulary;
use cedar_policy::Request;
use locum_core::ids::ClientId;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Each looks at something of its own; together they look at everything.
const CONDITIONS: [&str; 16] = [
    r#"context.chain.contains(Agent::"hr-agent")"#,
    "context.depth > 1",
    r#"context.scopes.contains("invoice.post")"#,
    r#"context.detail_types.contains("invoice_post")"#,
    r#"context has basis && context.basis == "grant""#,
    r#"context has delegate_to && context.delegate_to in Team::"soc""#,
    r#"context has presenter && context.presenter == "gateway""#,
    r#"context has purpose && context.purpose like "*close*""#,
    r#"context has acr && context.acr == "mfa""#,
    r#"context.amr.contains("otp")"#,
    "context has auth_age_s && context.auth_age_s < 300",
    r#"context has ip && context.ip.isInRange(ip("192.0.2.0/24"))"#,
    r#"context.risk == "high" || context.hour_utc < 6 || context.weekday > 5"#,
    r#"context has person && context.person in Group::"demo:staff""#,
    r#"context has person && context.person == Person::"demo:ada""#,
    r#"principal in Team::"finance-it""#,
];

fn text(forbids: &[&str], permits: &[&str]) -> String {
    let rule = |effect: &str, place: usize, when: &str| {
        format!(
            "@id(\"{effect}-{place}\") {effect}(principal, action, resource) when {{ {when} }};\n"
        )
    };
    let forbids = forbids.iter().enumerate();
    let permits = permits.iter().enumerate();
    forbids
        .map(|(place, when)| rule("forbid", place, when))
        .chain(permits.map(|(place, when)| rule("permit", place, when)))
        .collect()
}

prop_compose! {
    pub(super) fn some_question()(
        (action, basis) in select(vec![
            (Action::Exchange, Some(Basis::Grant)), (Action::Exchange, Some(Basis::Policy)), (Action::PreAuthorise, None),
        ]),
        behalf in select(vec![
            person("demo:ada", Some(&["demo:staff"])), person("demo:ada", Some(&[])), person("demo:ada", None),
            person("demo:bob", Some(&["demo:staff"])), Behalf::Workload("k8s:x".into()), Behalf::Agent(agent("hr-agent")),
        ]),
        team in select(vec![None, Some("finance-it".to_owned())]),
        (delegate_to, delegate_to_team) in select(vec![
            (None, None), (Some(agent("soc-agent")), None), (Some(agent("soc-agent")), Some("soc".to_owned())),
        ]),
        chain in select(vec![vec![agent("invoice-agent")], vec![agent("hr-agent"), agent("invoice-agent")]]),
        scopes in select(vec!["invoice.read", "invoice.read invoice.post"]),
        texts in subsequence(vec!["presenter", "purpose", "acr", "amr", "detail"], 0..=5),
        auth_age_s in select(vec![None, Some(10), Some(1_000)]),
        ip in select(vec![None, Some("192.0.2.7".to_owned()), Some("2001:db8::1".to_owned())]),
        hour_utc in select(vec![3_u8, 12]),
        risk in select(vec![Risk::Low, Risk::High]),
    ) -> Question {
        let has = |name| texts.contains(&name);
        Question {
            action, basis, behalf, team, delegate_to, delegate_to_team, auth_age_s, ip, hour_utc, risk,
            depth: u32::try_from(chain.len()).unwrap(),
            chain,
            scopes: Scope::parse(scopes).unwrap(),
            presenter: has("presenter").then(|| ClientId::parse("gateway").unwrap()),
            purpose: has("purpose").then(|| "monthly close".to_owned()),
            acr: has("acr").then(|| "mfa".to_owned()),
            amr: has("amr").then(|| "otp".to_owned()).into_iter().collect(),
            detail_types: has("detail").then(|| "invoice_post".to_owned()).into_iter().collect(),
            ..question()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_left_out_and_what_is_remembered_change_no_answer(
        forbids in subsequence(CONDITIONS.to_vec(), 0..4),
        permits in subsequence(CONDITIONS.to_vec(), 1..4),
        questions in prop::collection::vec(some_question(), 1..24),
    ) {
        let bundle = bundle(&text(&forbids, &permits));
        for question in questions.iter().chain(&questions) {
            let whole = CedarFacts::of(question, &Mentions::all()).unwrap();
            prop_assert_eq!(bundle.ask(question), bundle.work_out(&whole));
        }
    }

    #[test]
    fn every_request_fits_the_schema(question in some_question()) {
        let words = Vocabulary::get().unwrap();
        let request = CedarFacts::of(&question, &Mentions::all()).unwrap().request(words).unwrap();
        let fits = Request::new(
            request.principal().unwrap().clone(),
            request.action().unwrap().clone(),
            request.resource().unwrap().clone(),
            request.context().unwrap().clone(),
            Some(words.validator.schema()),
        );
        prop_assert!(fits.is_ok(), "{}", fits.unwrap_err());
    }
}

/// Whether two questions come to the same facts under the bundle.
fn told_apart(text: &str, one: &Question, other: &Question) -> bool {
    let bundle = bundle(text);
    let facts = |question| CedarFacts::of(question, &bundle.mentions).unwrap();
    facts(one) != facts(other)
}

#[test]
fn persons_are_told_apart_where_one_is_named_or_their_groups_count() {
    let asked = |behalf| Question {
        behalf,
        ..question()
    };
    let ada = asked(person("demo:ada", Some(&["demo:staff"])));
    let bob = asked(person("demo:bob", Some(&["demo:staff"])));
    let eve = asked(person("demo:ada", Some(&[])));
    let unknown = asked(person("demo:ada", None));
    let of = |when| text(&[when], &["true"]);
    let staff = of(CONDITIONS[13]);
    assert!(!told_apart(&staff, &ada, &bob) && told_apart(&staff, &ada, &eve));
    let named = of(CONDITIONS[14]);
    assert!(told_apart(&named, &ada, &bob) && !told_apart(&named, &ada, &eve));
    for text in [staff, named, of("true")] {
        assert!(told_apart(&text, &ada, &unknown));
    }
}

#[test]
fn the_context_as_a_whole_is_every_member() {
    let at = |hour_utc| Question {
        hour_utc,
        ..question()
    };
    assert!(!told_apart(&text(&[], &["true"]), &at(3), &at(4)));
    assert!(told_apart(
        &text(&[], &["context == context"]),
        &at(3),
        &at(4)
    ));
    assert!(told_apart(
        &text(&[], &["(if true then context else context).hour_utc == 3"]),
        &at(3),
        &at(4)
    ));
}
