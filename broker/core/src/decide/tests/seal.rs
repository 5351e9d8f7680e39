//! Only its own bytes on the ledger make a decision a recorded one.

use super::scene;
use crate::decide::Refused;
use crate::ids::RequestId;
use crate::record::{Appended, Draft};
use crate::refusal::{Code, Refusal};
use crate::testing::{appended, uuid};
use serde_json::{Value, json};

#[test]
fn a_permit_is_recorded_only_by_its_own_bytes() {
    let scene = scene();
    let permit = || scene.decide().unwrap();
    let frame = scene.frame();
    let draft = permit().draft(&frame);
    assert!(permit().recorded(&draft, &appended(&draft)).is_ok());
    let mut wrong = appended(&draft);
    wrong.leaf_hash[0] ^= 1;
    assert!(permit().recorded(&draft, &wrong).is_err());
    let moved = Appended {
        place: crate::record::Place {
            index: 1,
            ..appended(&draft).place
        },
        ..appended(&draft)
    };
    assert!(permit().recorded(&draft, &moved).is_err());
    let refusal = Refused::early(Refusal::new(Code::Request, "x; y"), "form", "b").draft(&frame);
    assert!(
        permit().recorded(&refusal, &appended(&refusal)).is_err(),
        "a refusal of the same request"
    );
    let mut other = super::scene();
    other.ask.expires_in = Some(5);
    let other = other.decide().unwrap().draft(&frame);
    assert!(
        permit().recorded(&other, &appended(&other)).is_err(),
        "a narrower permit of the same request"
    );
    let change = Draft::new("change", [1; 16], draft.value().clone(), None);
    assert!(
        permit().recorded(&change, &appended(&change)).is_err(),
        "another record type"
    );
}

#[test]
fn a_refusal_is_recorded_only_by_its_own_bytes() {
    let scene = scene().asking("nonesuch");
    let id = scene.frame().request_id;
    let refused = || scene.decide().unwrap_err();
    let draft = refused().draft(&scene.frame());
    assert!(refused().recorded(&draft, &appended(&draft), id).is_ok());
    let other = RequestId(uuid(1, 9));
    assert!(
        refused()
            .recorded(&draft, &appended(&draft), other)
            .is_err()
    );
    let permit = super::scene().decide().unwrap().draft(&scene.frame());
    assert!(refused().recorded(&permit, &appended(&permit), id).is_err());
    let fault =
        Refused::early(Refusal::new(Code::Unavailable, "x; y"), "store", "b").draft(&scene.frame());
    assert!(refused().recorded(&fault, &appended(&fault), id).is_err());
}

#[test]
fn what_fell_meanwhile_is_a_second_record_that_names_the_recheck() {
    let recorded = scene().permit();
    let refused = recorded.overtaken(Refusal::new(Code::SubjectRevoked, "x; y"));
    let body = refused.draft(&scene().frame()).value().clone();
    assert_eq!(
        (&body["outcome"], &body["failed"]),
        (&json!("refusal"), &json!("recheck"))
    );
    assert_eq!(
        (&body["target"], &body["jti"]),
        (&json!("sap"), &Value::Null)
    );
}

#[test]
fn what_could_not_be_obtained_is_a_second_record_that_names_the_step() {
    let refused = scene()
        .permit()
        .not_obtained(Refusal::new(Code::Internal, "x; y"));
    let body = refused.draft(&scene().frame()).value().clone();
    assert_eq!(
        (&body["outcome"], &body["failed"], &body["code"]),
        (&json!("fault"), &json!("obtain"), &json!("LCM-INTERNAL"))
    );
    assert_eq!(&body["jti"], &Value::Null);
}
