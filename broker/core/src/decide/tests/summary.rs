//! Refusals in a summary, and how large a refusal's record may be (contract
//! §10).

use super::{invoice_agent, sap, scene};
use crate::decide::{
    Counts, REFUSAL_MAX, RecordFrame, Refused, Row, SUMMARY, SUMMARY_ROWS_MAX, closed, marked,
    opened,
};
use crate::ids::RequestId;
use crate::record::{Appended, Draft};
use crate::refusal::{Code, Refusal};
use crate::testing::{Names, Scene, appended, claims, id_token, issuer, uuid};
use serde_json::json;

const MINUTE_MS: u64 = 1_795_400_040_000;

fn refused(code: Code) -> Refused {
    Refused::early(Refusal::new(code, "x; y"), "subject", "b")
}

fn row(refused: &Refused) -> Row {
    Row::of(refused, &Names)
}

#[test]
fn a_summary_counts_by_code_target_and_keyed_subject() {
    let mut counts = Counts::default();
    let decided = scene().asking("nonesuch").decide().unwrap_err();
    counts.add(row(&decided));
    counts.add(row(&decided));
    counts.add(row(&refused(Code::SubjectInvalid)));
    let open = opened("hr-agent", MINUTE_MS, [1; 16]);
    let place = appended(&open).place;
    let body = closed((&open, &place), &counts, [2; 16]).value().clone();
    assert_eq!(body["client_id"], json!("hr-agent"));
    assert_eq!((&body["total"], &body["other"]), (&json!(3), &json!(0)));
    assert_eq!(body["opened"], json!(place.index));
    let kinds: Vec<_> = body["counts"].as_array().unwrap().iter().collect();
    let of = |code: &str| kinds.iter().find(|kind| kind["code"] == code).unwrap();
    assert_eq!(of("LCM-SCOPE-REFUSED")["count"], json!(2));
    assert_eq!(of("LCM-SCOPE-REFUSED")["target"], json!("sap"));
    assert_eq!(
        of("LCM-SCOPE-REFUSED")["subject"].as_str().unwrap().len(),
        22
    );
    assert!(!body.to_string().contains("ada"));
    assert_eq!(of("LCM-SUBJECT-INVALID")["subject"], json!(null));
}

#[test]
fn a_summary_counts_so_many_kinds_apart_and_the_rest_together() {
    let mut counts = Counts::default();
    for number in 0..1_000 {
        let subject = format!("p{number}");
        let demo = issuer("demo", json!({}));
        let agent = invoice_agent();
        let token = claims(&demo, &subject, "app", json!({}));
        let scene = Scene::of(&agent, id_token(&demo, &token, &agent).unwrap(), &sap());
        let refused = scene.asking("nonesuch").decide().unwrap_err();
        counts.add(row(&refused));
    }
    let open = opened("hr-agent", MINUTE_MS, [1; 16]);
    let draft = closed((&open, &appended(&open).place), &counts, [2; 16]);
    let body = draft.value();
    assert_eq!(body["counts"].as_array().unwrap().len(), SUMMARY_ROWS_MAX);
    assert_eq!(body["other"], json!(1_000 - SUMMARY_ROWS_MAX));
    assert_eq!(body["total"], json!(1_000));
    assert!(draft.body().len() <= REFUSAL_MAX);
}

#[test]
fn a_refusal_is_sent_on_the_word_of_a_record_that_opened_its_clients_summary() {
    let open = opened("hr-agent", MINUTE_MS, [1; 16]);
    let word = appended(&open);
    let known = |draft: &Draft, word: &Appended, client: &str| {
        refused(Code::Locked).in_summary(draft, word, client)
    };
    assert!(known(&open, &word, "hr-agent").is_ok());
    assert!(known(&open, &word, "invoice-agent").is_err());
    let mut other = word.clone();
    other.leaf_hash = [0; 32];
    assert!(known(&open, &other, "hr-agent").is_err());
    let mark = ([1; 16], 5, None);
    let request = RequestId(uuid(MINUTE_MS, 1));
    for draft in [
        closed((&open, &word.place), &Counts::default(), [2; 16]),
        marked("hr-agent", request, (Some(mark), &[]), [3; 16]),
    ] {
        assert_eq!(draft.kind(), SUMMARY);
        assert!(known(&draft, &appended(&draft), "hr-agent").is_err());
    }
}

#[test]
fn a_mark_beside_a_summary_is_recorded_as_a_decision_has_it_and_small() {
    let request = RequestId(uuid(MINUTE_MS, 1));
    let again = marked(
        "a",
        request,
        (Some(([1; 16], 5, Some([2; 32]))), &[]),
        [3; 16],
    );
    let frame = RecordFrame {
        marks: vec![([1; 16], 5, Some([2; 32]))],
        ..scene().frame()
    };
    let decided = refused(Code::Unavailable).draft(&frame);
    assert_eq!(again.value()["marks"], decided.value()["marks"]);
    assert!(again.body().len() < 300 && again.side().is_empty());
}

#[test]
fn a_refusal_takes_8_kb_at_most_whatever_its_tokens_and_parameters_hold() {
    let demo = issuer("demo", json!({"accept_act": true}));
    let agent = invoice_agent();
    let groups: Vec<_> = (0..300).map(|n| format!("a-group-of-people-{n}")).collect();
    let acr = "\u{e9}".repeat(250);
    let subject = id_token(
        &demo,
        &claims(
            &demo,
            "ada",
            "app",
            json!({"groups": groups, "acr": acr, "amr": vec![&acr; 4]}),
        ),
        &agent,
    );
    let scene = Scene::of(&agent, subject.unwrap(), &sap()).asking("nonesuch");
    let refused = scene.decide().unwrap_err();
    let long = "\u{1}".repeat(500);
    let frame = RecordFrame {
        requested: json!({"scope": "s".repeat(2_000)}),
        personal: vec![("purpose", long), ("ip", "2001:db8::1".into())],
        marks: vec![([1; 16], 5, Some([2; 32]))],
        ..scene.frame()
    };
    let draft = refused.draft(&frame);
    let record = draft.encode(&appended(&draft).place).unwrap();
    assert!(record.len() + draft.side().len() + 16 <= REFUSAL_MAX);
    let large = Refusal::new(Code::TargetUnknown, "t".repeat(20_000))
        .because("d".repeat(20_000))
        .passing(json!({"targets": vec!["t"; 5_000]}));
    let draft = Refused::early(large, "target", "b").draft(&frame);
    let record = draft.encode(&appended(&draft).place).unwrap();
    assert!(record.len() + draft.side().len() + 16 <= REFUSAL_MAX);
}
