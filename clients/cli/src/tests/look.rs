//! Collections that are only looked at, and the bundle of policies.

use super::*;

/// A collection's name, an object of it, and how the list shows it.
const SHOWN: [(&str, &str, &str); 4] = [
    (
        "targets",
        r#"{"id":"sap","audience":"urn:demo:sap","connector":{"kind":"issue"},"scopes":{"a":{"risk":"low"}}}"#,
        "ID   AUDIENCE      CONNECTOR  SCOPES\nsap  urn:demo:sap  issue      a (low)\n",
    ),
    (
        "issuers",
        r#"{"id":"corp","issuer":"https://i","kind":"oidc","role":"subject","audiences":["a","b"]}"#,
        "ID    ISSUER     KIND  ROLE     AUDIENCES\ncorp  https://i  oidc  subject  a, b\n",
    ),
    (
        "clients",
        r#"{"id":"sap-rs","kind":"resource_server","auth":[{"method":"client_secret"},{"method":"private_key_jwt"}]}"#,
        "ID      KIND             AUTHENTICATES BY\n\
         sap-rs  resource_server  client_secret, private_key_jwt\n",
    ),
    (
        "locks",
        r#"{"id":"lck_1","state":"active","what":{"kind":"person","id":"demo:ada"},"expires_at":null,"by":"olga","reason":"odd"}"#,
        "ID     STATE   WHAT             EXPIRES  BY    REASON\n\
         lck_1  active  person/demo:ada  –        olga  odd\n",
    ),
];

#[tokio::test]
async fn a_collection_is_listed_as_a_table_and_as_json() {
    for (name, object, shown) in SHOWN {
        let page = format!(r#"{{"items":[{object}],"next":null}}"#);
        let server = Server::answering(&[(200, &page), (200, &page)]).await;
        assert_eq!(run_at(&server, name).await.out, shown);
        let said = run_at(&server, &format!("{name} list -o json"))
            .await
            .json();
        let object: Value = serde_json::from_str(object).unwrap();
        assert_eq!(said["data"], json!({"items": [object]}));
        assert_eq!(said["meta"]["command"], json!(name));
        let wanted = format!("GET /admin/v1/{name}?limit=100 ");
        assert!(server.requests().iter().all(|r| r.starts_with(&wanted)));
    }
}

#[tokio::test]
async fn one_of_a_collection_is_shown_whole_and_a_missing_one_exits_5() {
    for (name, object, _) in SHOWN {
        let mut answers = vec![(200, object), (404, "{}")];
        // Its keys are asked for as well.
        answers.extend((name == "issuers").then_some((404, "{}")));
        let server = Server::answering(&answers).await;
        let line = format!("{name} show x-1 -o json");
        let object: Value = serde_json::from_str(object).unwrap();
        assert_eq!(run_at(&server, &line).await.json()["data"], object);
        assert_eq!(run_at(&server, &line).await.code, 5);
        let wanted = format!("GET /admin/v1/{name}/x-1 ");
        assert!(server.requests()[0].starts_with(&wanted));
    }
}

#[tokio::test]
async fn nodes_are_listed_as_a_table_and_as_json_and_one_that_is_silent_shows_so() {
    let node = |name: &str, seen: &str, ready: bool| {
        json!({"node":name,"tree":format!("t{name}"),"version":"0.1.0","format":1,"behind":0,
            "seen_at":seen,"ready":ready})
    };
    let items = json!([
        node("a", "2026-11-30T10:00:12.400Z", true),
        node("b", "2026-11-30T10:00:00.000Z", false),
        node("c", "2026-11-30T10:00:12.000Z", false)
    ]);
    let page = json!({"items": items, "next": null}).to_string();
    let server = Server::answering(&[(200, &page), (200, &page), (503, "{}")]).await;
    let ran = run_at(&server, "nodes").await;
    assert_eq!(
        ran.out,
        "NODE  READY         BEHIND  SEEN      VERSION  FORMAT  TREE\n\
         a     yes           0       0 s ago   0.1.0    1       ta\n\
         b     not heard of  0       12 s ago  0.1.0    1       tb\n\
         c     no            0       0 s ago   0.1.0    1       tc\n"
    );
    assert_eq!(ran.code, 0);
    let said = run_at(&server, "nodes list -o json").await.json();
    assert_eq!(said["data"], json!({"items": items}));
    assert_eq!(said["meta"]["command"], "nodes");
    assert_eq!(run_at(&server, "nodes").await.code, 12);
    let wanted = "GET /admin/v1/nodes?limit=100 ";
    assert!(server.requests().iter().all(|r| r.starts_with(wanted)));
}

#[tokio::test]
async fn a_lock_on_everything_has_no_id() {
    let page = r#"{"items":[{"id":"lck_1","what":{"kind":"all"}}],"next":null}"#;
    let server = Server::answering(&[(200, page)]).await;
    let ran = run_at(&server, "locks").await;
    assert!(ran.out.contains("  all  "), "{}", ran.out);
}

/// In force before: one file that stays, one that changes, one that goes.
const BEFORE: &str = r#"{"bundle":"sha256:old","count":3,"files":{"a.cedar":"stays","b.cedar":"was","c.cedar":"goes\t\u001b[1m"}}"#;
const ANSWER: &str = r#"{"bundle":"sha256:new","count":4}"#;

/// A folder of policies, and its files as arguments.
fn policies(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let named = files.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    });
    let named = named.collect::<Vec<_>>().join(" ");
    (folder, named)
}

const AFTER: [(&str, &str); 3] = [
    ("a.cedar", "stays"),
    ("b.cedar", "is"),
    ("d.cedar", "comes"),
];
const CHANGES: &str = "policies  4\nadded     d.cedar\nchanged   b.cedar\nremoved   c.cedar\n";

#[tokio::test]
async fn the_bundle_in_force_is_shown_file_by_file() {
    let server = Server::answering(&[(200, BEFORE), (200, BEFORE)]).await;
    assert_eq!(
        run_at(&server, "policy").await.out,
        "bundle    sha256:old\npolicies  3\n\n// a.cedar\nstays\n\n// b.cedar\nwas\n\n\
         // c.cedar\ngoes    \\u{1b}[1m\n"
    );
    let said = run_at(&server, "policy show -o json").await.json();
    assert_eq!(said["data"], serde_json::from_str::<Value>(BEFORE).unwrap());
    assert!(server.requests()[0].starts_with("GET /admin/v1/policies "));
}

#[tokio::test]
async fn a_check_says_what_would_change_and_only_asks() {
    let server = Server::answering(&[(200, ANSWER), (200, BEFORE)]).await;
    let (_folder, files) = policies(&AFTER);
    let ran = run_at(&server, &format!("policy check {files}")).await;
    assert_eq!(ran.out, format!("ok        sha256:new\n{CHANGES}"));
    let requests = server.requests();
    assert!(requests[0].starts_with("POST /admin/v1/policies/validate "));
    let sent = json!({"files":{"a.cedar":"stays","b.cedar":"is","d.cedar":"comes"}});
    assert_eq!(body(&requests[0]), sent);
    assert!(requests[1].starts_with("GET "));
}

#[tokio::test]
async fn a_bundle_is_applied_over_the_one_that_was_found() {
    let answers = [(200, BEFORE), (200, ANSWER), (200, BEFORE), (412, "{}")];
    let server = Server::answering(&answers).await;
    let (_folder, files) = policies(&AFTER);
    let ran = run_at(&server, &format!("policy apply {files} -o json")).await;
    assert_eq!(
        ran.json()["data"],
        json!({"bundle":"sha256:new","count":4,"replaces":"sha256:old",
            "changes":{"added":["d.cedar"],"changed":["b.cedar"],"removed":["c.cedar"]}})
    );
    let line = format!("policy apply {files} --if-match sha256:older");
    assert_eq!(run_at(&server, &line).await.code, 4);
    for (request, bundle) in [(1, "sha256:old"), (3, "sha256:older")] {
        let request = &server.requests()[request];
        assert!(request.starts_with("PUT /admin/v1/policies "), "{request}");
        let wanted = format!("if-match: \"{bundle}\"\r\n");
        assert!(request.to_lowercase().contains(&wanted), "{request}");
    }
}

#[tokio::test]
async fn a_broken_bundle_is_told_with_its_places() {
    let problem = r#"{"code":"LCM-INVALID","detail":"expected a bundle","errors":[{"pointer":"/files/a.cedar","detail":"line 1"}]}"#;
    let server = Server::answering(&[(422, problem)]).await;
    let (_folder, files) = policies(&AFTER);
    let ran = run_at(&server, &format!("policy check {files}")).await;
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("/files/a.cedar"), "{}", ran.err);
}

#[tokio::test]
async fn files_that_are_missing_or_share_a_name_are_refused_here() {
    let server = Server::answering(&[]).await;
    let (_folder, files) = policies(&AFTER);
    let ran = run_at(&server, &format!("policy apply {files} {files}")).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("each name of a file once"), "{}", ran.err);
    assert_eq!(run_at(&server, "policy check /nowhere.cedar").await.code, 4);
}

#[tokio::test]
async fn an_issuer_is_shown_and_tested_with_what_is_known_of_its_keys() {
    let issuer = r#"{"id":"corp","issuer":"https://i","kind":"oidc"}"#;
    let keys = r#"{"source":"discovery","jwks_uri":null,"fetched_at":null,"tried_at":null,"keys":[],
        "left_out":[],"problem":{"reason":"timeout","detail":"found none","setting":"x","next":"look"}}"#;
    let server = Server::answering(&[(200, issuer), (200, keys), (200, keys), (200, issuer)]).await;
    let said = run_at(&server, "issuers show corp -o json").await.json();
    assert_eq!(said["data"]["id"], "corp");
    let warning = "keys cannot be had: timeout: found none; look";
    assert!(said["warnings"].to_string().contains(warning), "{said}");
    let ran = run_at(&server, "issuers test corp -o json").await;
    assert_eq!(ran.json()["data"]["problem"]["reason"], "timeout");
    assert_eq!(ran.code, 4);
    assert!(server.requests()[1].starts_with("GET /admin/v1/issuers/corp/keys "));
    assert!(server.requests()[2].starts_with("POST /admin/v1/issuers/corp/test "));
}

#[tokio::test]
async fn a_test_of_an_issuer_exits_0_where_its_keys_are_had_and_4_where_not() {
    let keys = r#"[{"kid":"a","alg":"RS256"}]"#;
    let problem = r#"{"reason":"timeout","detail":"found none","next":"look"}"#;
    for (keys, problem, code) in [
        (keys, "null", 0),
        ("[]", "null", 4),
        ("[]", problem, 4),
        (keys, problem, 4),
    ] {
        let found =
            format!(r#"{{"source":"jwks","keys":{keys},"left_out":[],"problem":{problem}}}"#);
        let server = Server::answering(&[(200, &found), (404, "{}")]).await;
        let ran = run_at(&server, "issuers test corp").await;
        assert_eq!(ran.code, code, "{found}");
    }
}

#[tokio::test]
async fn a_test_of_a_target_tells_each_step_and_what_mends_it() {
    let step = |result: &str, mending: &str| {
        format!(
            r#"{{"fits":{},"steps":[{{"name":"secret","about":"btp-client","result":"{result}","detail":"found",{mending}}}]}}"#,
            result != "failed"
        )
    };
    let nothing = r#""setting":null,"next":null"#;
    let mends = r#""setting":"downstream.allow","next":"list it""#;
    for (found, code, line) in [
        (step("passed", nothing), 0, "passed  found\n"),
        (step("not_seen", nothing), 0, "not seen  found\n"),
        (
            step("failed", mends),
            4,
            "failed  found; list it (downstream.allow)\n",
        ),
    ] {
        let server = Server::answering(&[(200, &found)]).await;
        let ran = run_at(&server, "targets test sap-btp").await;
        assert_eq!(ran.code, code, "{found}");
        assert!(ran.out.contains(line), "{}", ran.out);
        assert!(ran.out.contains("btp-client"), "{}", ran.out);
        assert!(server.requests()[0].starts_with("POST /admin/v1/targets/sap-btp/test "));
    }
}
