#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn printed(of: &Report, format: Format) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    report(of, "lock", format, &mut out, &mut err).unwrap();
    (
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

fn refused() -> Failure {
    let body = json!({"error":"invalid_scope","code":"LCM-SCOPE-REFUSED","request_id":"req_1",
        "error_description":"ask for less","would_pass":{"scope":"invoice.read"}});
    Failure::of_answer(400, None, &body)
}

fn failed(format: Format) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    failure(&refused(), "token", format, &mut out, &mut err).unwrap();
    (
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

#[test]
fn json_is_chosen_where_nobody_looks_except_for_a_bare_token() {
    assert_eq!(choose(None, false, false), Format::Json);
    assert_eq!(choose(None, true, false), Format::Table);
    assert_eq!(choose(None, false, true), Format::Table);
    assert_eq!(choose(Some(Format::Json), true, true), Format::Json);
}

#[test]
fn the_envelope_of_a_success_has_its_five_members() {
    let of = Report::new(json!({"id":"lck_1"}), "locked");
    let (out, err) = printed(&of, Format::Json);
    let envelope: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        envelope,
        json!({"ok":true,"data":{"id":"lck_1"},"error":null,"warnings":[],
            "meta":{"command":"lock","version":env!("CARGO_PKG_VERSION")}})
    );
    assert_eq!(err, "");
    assert_eq!(
        printed(&of, Format::Table),
        ("locked\n".to_owned(), String::new())
    );
}

#[test]
fn the_envelope_of_a_failure_goes_to_stdout_and_the_sentence_to_stderr() {
    let (out, err) = failed(Format::Json);
    let envelope: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(envelope.get("ok"), Some(&json!(false)));
    assert_eq!(
        envelope.get("error").unwrap(),
        &json!({"code":"LCM-SCOPE-REFUSED","message":"ask for less","retryable":false,"exit_code":7,
            "error":"invalid_scope","request_id":"req_1","would_pass":{"scope":"invoice.read"},
            "http_status":400})
    );
    assert!(
        err.starts_with("error invalid_scope (LCM-SCOPE-REFUSED): ask for less\n"),
        "{err}"
    );
}

#[test]
fn a_person_sees_what_would_pass_and_nothing_on_stdout() {
    let (out, err) = failed(Format::Table);
    assert_eq!(out, "");
    assert!(err.contains("  would pass  scope=invoice.read\n"), "{err}");
    assert!(err.contains("  request     req_1\n"), "{err}");
    assert!(
        err.ends_with("  why         locum explain req_1\n"),
        "{err}"
    );
}

#[test]
fn an_empty_list_of_flaws_is_no_line() {
    let body = json!({"code":"LCM-MANAGED-BY-FILE","detail":"change the file","errors":[]});
    let failed = Failure::of_answer(409, None, &body);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    failure(&failed, "policy", Format::Table, &mut out, &mut err).unwrap();
    let err = String::from_utf8(err).unwrap();
    assert_eq!(err, "error LCM-MANAGED-BY-FILE: change the file\n");
}

#[test]
fn json_never_drives_a_terminal_and_stays_the_same_value() {
    let value = json!({"a\u{9b}":"\u{202e}b\n\u{1b}"});
    let text = json_text(&value);
    assert!(
        text.chars()
            .all(|c| c == '\n' || !crate::text::drives_terminal(c)),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
}
