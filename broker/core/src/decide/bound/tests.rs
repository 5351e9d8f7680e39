#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn size(body: &Map<String, Value>, side: &Map<String, Value>) -> usize {
    jcs::text(&json!(body)).len() + jcs::text(&json!(side)).len() + record::ENVELOPE
}

#[test]
fn what_fits_stays_as_it_is() {
    let (body, side) = (
        map(json!({"would_pass": {"scope": "a"}, "requested": "x".repeat(2_000)})),
        map(json!({"groups": ["a"], "detail": "y".repeat(3_000)})),
    );
    let (mut new, mut aside) = (body.clone(), side.clone());
    fit(&mut new, &mut aside);
    assert_eq!((new, aside), (body, side));
}

#[test]
fn the_largest_give_way_first_until_it_fits() {
    let groups: Vec<String> = (0..400).map(|n| format!("demo:group-{n}")).collect();
    let mut body = map(json!({"would_pass": {"scope": "s".repeat(3_000)}}));
    let mut side = map(json!({"groups": groups, "detail": "d".repeat(1_000)}));
    fit(&mut body, &mut side);
    assert!(size(&body, &side) <= REFUSAL_MAX);
    assert_eq!(side["groups"], by_digest(&jcs::text(&json!(groups))));
    assert_eq!(body["would_pass"], json!({"scope": "s".repeat(3_000)}));
    assert_eq!(side["detail"], json!("d".repeat(1_000)));
}

#[test]
fn it_fits_whatever_all_of_them_hold() {
    let long = "\u{1}".repeat(20_000);
    let mut body = map(json!({"requested": "r".repeat(2_030)}));
    let mut side = Map::new();
    for name in BODY {
        body.insert(name.into(), json!([long, long]));
    }
    for name in SIDE {
        side.insert(name.into(), json!(long));
    }
    fit(&mut body, &mut side);
    assert!(
        size(&body, &side) <= REFUSAL_MAX - 2_000,
        "room is left for what has a bound of its own"
    );
    let detail = side["detail"].as_str().unwrap();
    assert!(detail.starts_with('\u{1}') && detail.contains("[cut: 20000 bytes, sha256 "));
}
