use super::*;

#[tokio::test]
async fn a_list_is_followed_to_its_end() {
    let agent = |id: &str| {
        json!({"id":id,"state":"active","risk":"low","owner":{"kind":"team","id":"it"},
            "ceiling":[{"target":"sap","scopes":["a","b"]}]})
    };
    let first = json!({"items":[agent("a1")],"next":"c&1"}).to_string();
    let last = json!({"items":[agent("a2")],"next":null}).to_string();
    let server = Server::answering(&[(200, &first), (200, &last)]).await;
    let ran = run_at(&server, "agents").await;
    assert_eq!(
        ran.out,
        "ID  STATE   RISK  OWNER  MAY DO\na1  active  low   it     sap: a, b\n\
         a2  active  low   it     sap: a, b\n"
    );
    let requests = server.requests();
    assert!(
        requests[0].starts_with("GET /admin/v1/agents?limit=100 "),
        "{}",
        requests[0]
    );
    assert!(requests[1].starts_with("GET /admin/v1/agents?limit=100&cursor=c%261 "));
    assert!(
        requests[0]
            .to_lowercase()
            .contains("authorization: bearer adm\r\n")
    );
}

#[tokio::test]
async fn what_is_shown_of_an_object_is_every_member_in_its_line() {
    let server = Server::answering(&[(200, r#"{"audience":"urn:demo:sap","id":"sap"}"#)]).await;
    let ran = run_at(&server, "targets show sap").await;
    assert_eq!(ran.out, "id        sap\naudience  urn:demo:sap\n");
}

#[tokio::test]
async fn an_unknown_id_exits_5_and_a_wrong_state_6() {
    for (status, exit) in [(404, 5), (409, 6), (403, 7), (401, 8)] {
        let problem = r#"{"title":"no","detail":"expected another id","request_id":"req_1"}"#;
        let server = Server::answering(&[(status, problem)]).await;
        let ran = run_at(&server, "agents show nobody").await;
        assert_eq!(ran.code, exit, "{status}");
        assert!(ran.err.contains("expected another id"), "{}", ran.err);
    }
}

#[tokio::test]
async fn an_agent_is_suspended_with_the_reason() {
    let server = Server::answering(&[(200, r#"{"id":"a1","state":"suspended"}"#)]).await;
    let ran = run_at(&server, "agents suspend a1 --reason odd").await;
    assert_eq!(ran.out, "a1 is now suspended\n");
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /admin/v1/agents/a1/suspend "));
    assert_eq!(body(&request), json!({"reason":"odd"}));
}

#[tokio::test]
async fn what_an_agent_was_known_as_is_released_with_the_reason() {
    let server = Server::answering(&[(200, r#"{"id":"a1","state":"retired"}"#)]).await;
    let ran = run_at(&server, "agents release a1 --reason moved").await;
    assert_eq!(ran.out, "a1: former workload identities released\n");
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /admin/v1/agents/a1/workload/release "));
    assert_eq!(body(&request), json!({"reason":"moved"}));
}

#[tokio::test]
async fn a_lock_says_what_it_stopped_and_how_to_undo_it() {
    let answer =
        json!({"id":"lck_1","affected":{"tokens":2,"grants":0,"people":1,"estimate":false},
        "confirmed":{"replicas":1,"of":1,"within_ms":3}})
        .to_string();
    let server = Server::answering(&[(201, &answer), (200, "{}")]).await;
    let ran = run_at(&server, "lock agent/invoice-agent --reason demo").await;
    assert!(
        ran.out.starts_with(
            "locked agent/invoice-agent as lck_1: 2 tokens, 0 grants, 1 person\n\
             undo: locum unlock lck_1 "
        ),
        "{}",
        ran.out
    );
    assert_eq!(
        body(&server.requests()[0]),
        json!({"what":{"kind":"agent","id":"invoice-agent"},"reason":"demo","expires_at":null,
            "dry_run":false})
    );
    assert_eq!(run_at(&server, "unlock lck_1 --reason over").await.code, 0);
    assert!(server.requests()[1].starts_with("POST /admin/v1/locks/lck_1/lift "));
}

#[tokio::test]
async fn a_dry_run_says_that_nothing_was_changed() {
    let answer = r#"{"affected":{"tokens":2,"grants":1,"people":1,"estimate":false}}"#;
    let server = Server::answering(&[(200, answer), (200, answer)]).await;
    for line in [
        "lock all --reason x --dry-run",
        "revoke all --reason x --dry-run",
    ] {
        let ran = run_at(&server, line).await;
        assert_eq!(
            ran.out,
            "would stop 2 tokens, 1 grant, 1 person; nothing was changed\n"
        );
    }
    for request in server.requests() {
        assert_eq!(body(&request)["dry_run"], json!(true));
        assert_eq!(body(&request)["what"], json!({"kind":"all"}));
    }
}

#[tokio::test]
async fn what_cannot_be_locked_is_refused_here_with_the_command_that_works() {
    let server = Server::answering(&[]).await;
    let ran = run_at(&server, "lock grant/grt_1 --reason x").await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("locum revoke grant/grt_1"), "{}", ran.err);
}

#[tokio::test]
async fn a_grant_is_added_as_the_contract_has_it_and_revoked() {
    let revoked = json!({"id":"rev_1","effective_at":"2026-11-23T10:00:00Z",
        "affected":{"tokens":0,"grants":1,"people":1,"estimate":true}})
    .to_string();
    let answers = [
        (201, r#"{"id":"grt_1","state":"active"}"#),
        (200, revoked.as_str()),
    ];
    let server = Server::answering(&answers).await;
    let line = "grants add --person demo:ada --group demo:staff --agent invoice-agent --for sap \
        --scope invoice.post --details type=invoice_post,amount=5 --max-uses 1 \
        --expires-at 2026-12-31T00:00:00Z --reason month-end";
    let ran = run_at(&server, line).await;
    assert!(ran.out.starts_with("grt_1 is active\n"), "{}", ran.out);
    assert_eq!(
        body(&server.requests()[0]),
        json!({"person":"demo:ada","groups":["demo:staff"],"agent":"invoice-agent",
            "expires_at":"2026-12-31T00:00:00Z","max_uses":1,"max_depth":4,"reason":"month-end",
            "targets":[{"target":"sap","scopes":["invoice.post"],
                "authorization_details":[{"type":"invoice_post","amount":"5"}]}]})
    );
    let ran = run_at(&server, "grants revoke grt_1 --reason over").await;
    assert!(
        ran.out.starts_with("revoked grant/grt_1 as rev_1 at 2026-"),
        "{}",
        ran.out
    );
    assert_eq!(
        body(&server.requests()[1]),
        json!({"what":{"kind":"grant","id":"grt_1"},"before":null,"reason":"over","dry_run":false})
    );
}

#[tokio::test]
async fn a_decision_is_fetched_by_its_id_and_other_ids_are_not_asked_for() {
    let decision = r#"{"id":"dlg_1","outcome":"permit","subject":{"sub":"demo:ada"},"chain":[],"target":"sap"}"#;
    let server = Server::answering(&[(200, decision)]).await;
    let ran = run_at(&server, "explain dlg_1").await;
    assert!(
        ran.out.starts_with("outcome   permit  dlg_1\n"),
        "{}",
        ran.out
    );
    assert!(server.requests()[0].starts_with("GET /admin/v1/decisions/dlg_1 "));
    assert_eq!(run_at(&server, "explain grt_1").await.code, 2);
    assert_eq!(run_at(&server, "explain dlg_1/../../agents").await.code, 2);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_doctor_makes_every_check_and_exits_4_where_one_fails() {
    let server = Server::answering(&[
        (200, "{}"),
        (503, "[-]ledger cannot be written\n"),
        (200, "locum_tls_certificate_expires_in_seconds 1000000\n"),
        (401, "{}"),
    ])
    .await;
    let line = format!("doctor -o json --operations {}", server.url);
    let ran = run_at(&server, &line).await;
    assert_eq!(ran.code, 4, "{}", ran.out);
    let said = ran.json();
    assert_eq!(said["ok"], json!(false));
    let checks = said["data"]["checks"].as_array().unwrap();
    let result = |name: &str| {
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        check["result"].as_str().unwrap()
    };
    assert_eq!(result("issuer"), "fail");
    assert_eq!(result("readiness"), "fail");
    assert_eq!(result("certificate"), "warn");
    assert_eq!(result("admin credential"), "fail");
    assert_eq!(result("data folder"), "skipped");
    assert!(ran.out.contains("cannot be written"), "{}", ran.out);
    assert!(!ran.out.contains("\"adm\""));
}

#[tokio::test]
async fn the_doctor_finds_nothing_wrong_where_nothing_is() {
    let listener = Server::answering(&[(200, "ready\n"), (200, "")]).await;
    let (document, keys) = (
        r#"{"issuer":"URL","jwks_uri":"URL/jwks"}"#,
        r#"{"keys":[{}]}"#,
    );
    let items = r#"{"items":[{"alg":"ES256","state":"active"},{"state":"next"}],"next":null}"#;
    let broker = Server::with_its_url(&[(200, document), (200, keys), (200, items)]).await;
    let ran = run_at(&broker, &format!("doctor --operations {}", listener.url)).await;
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.starts_with("CHECK"), "{}", ran.out);
    assert!(
        ran.out.contains("readiness         ok       ready"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn keys_are_listed_rotated_and_retired() {
    let key = |state: &str| {
        json!({"items":[{"kid":"k_-1","alg":"ES256","use":"sig","state":state,
            "created_at":"2026-11-23T10:00:00Z","activates_at":null}],"next":null})
        .to_string()
    };
    let (next, active, retired) = (key("next"), key("active"), key("retired"));
    let server = Server::answering(&[(200, &next), (200, &active), (200, &retired)]).await;
    assert_eq!(
        run_at(&server, "keys").await.out,
        "KID   ALG    USE  STATE  CREATED               SIGNS SINCE\n\
         k_-1  ES256  sig  next   2026-11-23T10:00:00Z  –\n"
    );
    let ran = run_at(&server, "keys rotate --reason monthly").await;
    assert!(ran.out.contains("active"), "{}", ran.out);
    let ran = run_at(&server, "keys retire -k_1 --reason leaked").await;
    assert!(ran.out.contains("retired"), "{}", ran.out);
    let requests = server.requests();
    assert!(requests[1].starts_with("POST /admin/v1/keys/rotate "));
    assert_eq!(
        body(&requests[1]),
        json!({"alg":"ES256","reason":"monthly"})
    );
    assert!(requests[2].starts_with("POST /admin/v1/keys/-k_1/retire "));
    assert_eq!(body(&requests[2]), json!({"reason":"leaked"}));
}

#[tokio::test]
async fn keys_of_receipts_rotate_with_the_algorithm_of_receipts() {
    let server = Server::answering(&[(200, r#"{"items":[]}"#)]).await;
    let ran = run_at(&server, "keys rotate --use receipt --reason yearly").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        body(&server.requests()[0]),
        json!({"alg":"EdDSA","use":"receipt","reason":"yearly"})
    );
}

#[tokio::test]
async fn a_doctor_asked_for_readiness_alone_needs_no_issuer() {
    let listener = Server::answering(&[(200, "ready\n"), (503, "[-]clock is behind\n")]).await;
    let line = format!("doctor -o json --ready --operations {}", listener.url);
    for (code, result) in [(0, "ok"), (4, "fail")] {
        let ran = run_with(&[], &line).await;
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        let checks = ran.json()["data"]["checks"].clone();
        assert_eq!(checks.as_array().unwrap().len(), 1);
        assert_eq!(checks[0]["result"], result);
    }
    assert!(parse("doctor --ready").is_err());
}

#[tokio::test]
async fn a_secret_is_set_from_a_file_and_never_told() {
    let taken = json!({"name":"btp","created_at":"2026-11-23T10:00:00Z","origins":null,
        "expires_at":"2027-01-31T00:00:00Z","used_by":["sap"]})
    .to_string();
    let list = format!("{{\"items\":[{taken}],\"next\":null}}");
    let server =
        Server::answering(&[(201, &taken), (200, &taken), (200, &list), (200, &taken)]).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "s3cret\n").unwrap();
    let path = file.path().display();
    let line = format!("secrets set btp --file {path} --origin https://a.example --reason new");
    let ran = run_at(&server, &line).await;
    assert_eq!(
        ran.out, "btp is taken; ends 2027-01-31T00:00:00Z\n",
        "{}",
        ran.err
    );
    let line = format!("secrets set btp --file {path} --any-origin --expires-at x --reason new");
    run_at(&server, &line).await;
    let ran = run_at(&server, "secrets").await;
    assert_eq!(
        ran.out,
        "NAME  ENDS                  ORIGINS  USED BY  MANAGED BY\n\
         btp   2027-01-31T00:00:00Z  –        sap      –\n"
    );
    let ran = run_at(&server, "secrets delete btp --reason over").await;
    assert_eq!(ran.out, "btp is deleted\n");
    let requests = server.requests();
    assert!(requests[0].starts_with("PUT /admin/v1/secrets/btp "));
    let sent = json!({"value":"s3cret\n","origins":["https://a.example"],"reason":"new"});
    assert_eq!(body(&requests[0]), sent);
    let sent = json!({"value":"s3cret\n","origins":null,"expires_at":"x","reason":"new"});
    assert_eq!(body(&requests[1]), sent);
    assert!(requests[3].starts_with("DELETE /admin/v1/secrets/btp "));
    assert_eq!(body(&requests[3]), json!({"reason":"over"}));
    assert!(parse("secrets set btp s3cret --reason x").is_err());
    assert!(parse("secrets set btp --value s3cret --reason x").is_err());
}
