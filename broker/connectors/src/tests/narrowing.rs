//! The abilities that a target shows are those of what it sends: never
//! narrower.

use super::*;
use locum_core::handout::{Expire, Granted, Narrow, Revoke, Unique, Unsafe};
use locum_core::registry::ConnectorKind;

fn because(prepared: &Prepared, granted: &str, lifetime_s: u32) -> Vec<Unsafe> {
    let scope = scope(granted);
    let granted = Granted {
        scope: &scope,
        detailed: false,
        lifetime_s,
    };
    prepared.terms().judge(granted).unwrap().because
}

/// A target of every profile and kind; `principals` where it takes them alone.
fn of_every_kind() -> Vec<(&'static str, Prepared)> {
    let scopes = json!({"a": "V.A", "b": "V.B V.C"});
    let all = json!({
        "client_id": "c", "user": "u", "tenant": "t", "audience": "x", "alias": "y",
        "company_id": "z", "scopes": scopes, "vault": {"demo:ada": "va", "demo:bob": "vb"},
    });
    let mut found = Vec::new();
    for profile in crate::profiles() {
        for row in profile.rows {
            let wanted = all.as_object().unwrap().iter();
            let parameters: serde_json::Map<_, _> = wanted
                .filter(|(name, _)| row.parameter(name).is_some())
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let secrets: serde_json::Map<_, _> = row
                .roles
                .iter()
                .map(|role| (role.name.to_owned(), json!("s")))
                .collect();
            let connector = json!({
                "kind": row.kind, "profile": profile.id(), "base_url": "https://v.example",
                "parameters": parameters, "secrets": secrets,
            });
            found.push((profile.id(), ready(connector, "a b")));
        }
    }
    assert_eq!(found.len(), 16);
    found
}

#[test]
fn a_request_that_is_said_to_narrow_names_exactly_the_scopes_that_were_granted() {
    for (id, prepared) in of_every_kind() {
        let sent = |granted| {
            let (_, sending) = begun(&prepared, ordered(granted, None));
            let body = sending.request.body().expose().clone();
            let members = url::form_urlencoded::parse(&body).into_owned();
            members
                .filter(|(name, _)| name == "scope")
                .map(|(_, value)| value)
                .collect::<Vec<_>>()
        };
        if prepared.terms().able.narrow == Narrow::Request {
            assert_eq!(sent("a"), ["V.A"], "{id}");
            assert_eq!(sent("b"), ["V.B V.C"], "{id}");
            assert_eq!(sent("a b"), ["V.A V.B V.C"], "{id}");
            assert!(
                !because(&prepared, "a", 300).contains(&Unsafe::Narrow),
                "{id}"
            );
        } else {
            assert_eq!(prepared.terms().able.narrow, Narrow::No, "{id}");
            assert!(sent("a").is_empty(), "{id}");
            assert!(
                because(&prepared, "a", 300).contains(&Unsafe::Narrow),
                "{id}"
            );
            assert!(
                !because(&prepared, "a b", 300).contains(&Unsafe::Narrow),
                "{id}"
            );
        }
    }
}

#[test]
fn a_credential_that_is_said_to_be_revoked_alone_has_a_handle_and_no_other_has() {
    for (id, prepared) in of_every_kind() {
        let answer = match id {
            "panos" => "<response status='success'><result><key>k</key></result></response>",
            "checkpoint" => r#"{"sid":"s"}"#,
            _ => r#"{"access_token":"t"}"#,
        };
        let obtained = answered(&prepared, ordered("a b", None), reply(200, answer)).unwrap();
        let alone = prepared.terms().able.revoke == Revoke::Alone;
        assert_eq!(obtained.handle.is_some(), alone, "{id}");
    }
}

#[test]
fn a_credential_that_is_said_to_carry_the_person_names_them() {
    for (id, prepared) in of_every_kind() {
        let carries = prepared.terms().able.carries_person;
        let of = |name: &str| {
            let order = OrderOf {
                subject: Subject::Person(ExternalId::parse(name).unwrap()),
                ..ordered("a b", None)
            };
            sent(&prepared, order)
        };
        assert_eq!(of("demo:ada") != of("demo:bob"), carries, "{id}");
    }
}

#[test]
fn a_credential_that_is_said_to_carry_the_chain_is_asked_for_with_it() {
    for (id, prepared) in of_every_kind() {
        let says = sent(&prepared, ordered("a b", None)).contains(r#""act""#);
        assert_eq!(says, prepared.carries_chain(), "{id} {:?}", prepared.kind());
    }
    let carrying = of_every_kind().into_iter();
    let carrying = carrying.filter(|(_, prepared)| prepared.carries_chain());
    let carrying: Vec<_> = carrying.map(|(id, found)| (id, found.kind())).collect();
    let wanted = [
        ("xsuaa", ConnectorKind::JwtBearer),
        ("oauth", ConnectorKind::JwtBearer),
        ("oauth", ConnectorKind::TokenExchange),
    ];
    assert_eq!(carrying, wanted);
}

#[test]
fn one_account_for_all_persons_carries_none() {
    let connector = json!({
        "profile": "oauth", "base_url": "https://v.example",
        "parameters": {"client_id": "c", "subject": "technical"}, "secrets": {"client": "s"},
    });
    let technical = ready(connector, "a");
    assert!(!technical.terms().able.carries_person && !technical.carries_chain());
}

#[test]
fn abilities_of_xsuaa_follow_the_form_of_its_tokens() {
    let xsuaa = |format: &str| {
        let connector = json!({
            "profile": "xsuaa", "base_url": "https://v.example", "secrets": {"client": "s"},
            "parameters": {"client_id": "c", "scopes": {"a": "A"}, "token_format": format, "token_validity_s": 600},
        });
        ready(connector, "a")
    };
    assert_eq!(because(&xsuaa("jwt"), "a", 300), [Unsafe::Expire]);
    assert_eq!(because(&xsuaa("jwt"), "a", 600), []);
    assert_eq!(because(&xsuaa("opaque"), "a", 300), []);
}

#[test]
fn abilities_of_panos_follow_the_lifetime_of_its_keys() {
    let panos = |more: Value| {
        let mut parameters = json!({
            "principals": [
                {"scopes": ["a"], "user": "r", "secret": "s1"},
                {"scopes": ["a", "b"], "user": "w", "secret": "s2"},
            ],
        });
        parameters
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ready(
            json!({"profile": "panos", "base_url": "https://v.example", "parameters": parameters}),
            "a b",
        )
    };
    let never = panos(json!({})).terms().able;
    assert_eq!((never.expire, never.unique), (Expire::Never, Unique::No));
    let some = panos(json!({"token_validity_s": 60})).terms().able;
    assert_eq!(
        (some.expire, some.unique),
        (Expire::Declared(Some(60)), Unique::Yes)
    );
    assert_eq!(some.narrow, Narrow::Principal);
    assert_eq!(
        because(&panos(json!({"token_validity_s": 60})), "a", 300),
        []
    );
    assert_eq!(
        because(&panos(json!({"token_validity_s": 60})), "b", 30),
        [Unsafe::Narrow, Unsafe::Expire]
    );
}

#[test]
fn abilities_of_oauth_follow_the_parameters() {
    let oauth = |more: Value| {
        let mut parameters = json!({"client_id": "c"});
        parameters
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let connector = json!({
            "profile": "oauth", "base_url": "https://v.example", "secrets": {"client": "s"},
            "parameters": parameters,
        });
        ready(connector, "a b").terms().able
    };
    assert_eq!(oauth(json!({})).expire, Expire::Declared(None));
    assert_eq!(
        oauth(json!({"revocation_path": "/r"})).revoke,
        Revoke::Alone
    );
    assert_eq!(oauth(json!({})).narrow, Narrow::No);
    assert_eq!(
        oauth(json!({"scopes": {"a": "A", "b": "B"}})).narrow,
        Narrow::Request
    );
}
