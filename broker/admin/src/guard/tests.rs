#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn with(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn rfc6750_2_1_the_scheme_is_read_without_case_and_one_token_only() {
    assert_eq!(bearer(&with(&["bearer abc"])), Some("abc"));
    for bad in [
        &[][..],
        &["Bearer "],
        &["Bearer"],
        &["Basic abc"],
        &["Bearer a", "Bearer b"],
    ] {
        assert_eq!(bearer(&with(bad)), None, "{bad:?}");
    }
}
