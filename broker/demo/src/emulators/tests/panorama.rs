//! Quirks of PAN-OS.

use super::*;

impl Stage {
    async fn keygen(&self, admin: usize, password: &str) -> Answer {
        let user = &self.accounts.panorama[admin].user;
        let pairs = [
            ("type", "keygen"),
            ("user", user.as_str()),
            ("password", password),
        ];
        form(&self.routers.panorama, "/api/", &pairs, &[]).await
    }

    /// A key of one of the administrators.
    async fn pan_key(&self, admin: usize) -> String {
        let password = self.accounts.panorama[admin].password.expose();
        let answer = self.keygen(admin, password).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let kind = &answer.headers["content-type"];
        assert!(kind.to_str().unwrap().starts_with("application/xml"));
        let (_, rest) = answer.text.split_once("<key>").unwrap();
        rest.split_once("</key>").unwrap().0.to_owned()
    }

    async fn rules(&self, method: &str, key: &str) -> Answer {
        let headers = [("x-pan-key", key)];
        let request = (method, "/panorama/rules");
        call(&self.routers.panorama, request, &headers, String::new()).await
    }
}

#[tokio::test]
async fn every_key_is_another_one_and_lives_a_minute() {
    let stage = Stage::new().await;
    let (first, second) = (stage.pan_key(0).await, stage.pan_key(0).await);
    assert_ne!(first, second);
    stage.pass(59);
    let read = stage.rules("GET", &first).await;
    assert_eq!(
        (read.status, text(&read.body["seen"]["sub"])),
        (200, "svc-read")
    );
    assert_eq!(stage.rules("POST", &first).await.status, 403);
    stage.pass(1);
    let dead = stage.rules("GET", &first).await;
    assert_eq!(dead.status, 403);
    assert!(
        dead.text
            .starts_with("<response status=\"error\" code=\"403\">")
    );
    let written = stage.rules("POST", &stage.pan_key(1).await).await;
    assert_eq!(written.status, 201);
}

#[tokio::test]
async fn a_new_password_ends_the_keys_of_that_administrator_alone() {
    let stage = Stage::new().await;
    let (reader, writer) = (stage.pan_key(0).await, stage.pan_key(1).await);
    let admin = &stage.accounts.panorama[0];
    let old = admin.password.expose();
    assert_eq!(stage.keygen(0, "wrong").await.status, 403);
    for (password, status) in [("wrong", 403), (old, 204)] {
        let change = json!({"user": admin.user, "password": password, "new_password": "n"});
        let headers = [("content-type", "application/json")];
        let request = ("POST", "/-/password");
        let router = &stage.routers.panorama;
        let answer = call(router, request, &headers, change.to_string()).await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(stage.rules("GET", &reader).await.status, 403);
    assert_eq!(stage.rules("GET", &writer).await.status, 200);
    assert_eq!(stage.keygen(0, old).await.status, 403);
    assert_eq!(stage.keygen(0, "n").await.status, 200);
}

#[tokio::test]
async fn a_device_greets_whoever_has_a_key_in_form_or_header() {
    let stage = Stage::new().await;
    let key = stage.pan_key(0).await;
    let info = ("cmd", "<show><system><info /></system></show>");
    let router = &stage.routers.panorama;
    let in_form = [("type", "op"), ("key", key.as_str()), info];
    let answer = form(router, "/api/", &in_form, &[]).await;
    assert!(answer.text.contains("<app-version>"), "{}", answer.text);
    let header = [("x-pan-key", key.as_str())];
    let answer = form(router, "/api/", &[("type", "op"), info], &header).await;
    assert!(answer.text.contains("<sw-version>"));
    assert_eq!(
        form(router, "/api/", &[("type", "op"), info], &[])
            .await
            .status,
        403
    );
    let set = [("type", "config"), ("action", "set")];
    let answer = form(router, "/api/", &set, &header).await;
    assert!(answer.text.contains("code=\"16\""), "{}", answer.text);
    let blank = [("type", "keygen"), ("user", "svc-read")];
    assert_eq!(form(router, "/api/", &blank, &[]).await.status, 400);
}

#[tokio::test]
async fn a_basic_header_asks_for_all_but_a_key() {
    let stage = Stage::new().await;
    let account = &stage.accounts.panorama[0];
    let header = |password: &str| {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{password}", account.user))
        )
    };
    let (good, bad) = (header(account.password.expose()), header("wrong"));
    for (kind, basic, status) in [
        ("version", &good, 200),
        ("version", &bad, 403),
        ("keygen", &good, 400),
    ] {
        let headers = [("authorization", basic.as_str())];
        let answer = form(
            &stage.routers.panorama,
            "/api/",
            &[("type", kind)],
            &headers,
        )
        .await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.text);
    }
}
