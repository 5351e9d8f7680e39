//! The profiles as JSON shows them.

use super::*;
use crate::profiles;

fn able(narrow: &str, expire: &str, revoke: &str, unique: &str, person: bool) -> Value {
    json!({
        "narrow": narrow, "expire": expire, "revoke": revoke, "unique": unique,
        "carries_person": person,
    })
}

/// Every profile: its kinds, and the abilities of the first.
fn expected() -> Vec<(&'static str, Vec<&'static str>, Value)> {
    vec![
        (
            "xsuaa",
            vec!["jwt_bearer", "saml_bearer", "client_credentials"],
            able("request", "declared", "no", "yes", true),
        ),
        (
            "s4hana",
            vec!["saml_bearer"],
            able("no", "declared", "no", "yes", true),
        ),
        (
            "abap",
            vec!["saml_bearer"],
            able("request", "declared", "no", "yes", true),
        ),
        (
            "successfactors",
            vec!["saml_bearer"],
            able("no", "fixed", "no", "forced", true),
        ),
        (
            "workday",
            vec!["jwt_bearer", "client_credentials"],
            able("no", "declared", "no", "yes", true),
        ),
        (
            "workday-vault",
            vec!["refresh_vault"],
            able("no", "declared", "no", "yes", true),
        ),
        (
            "panos",
            vec!["vendor_session"],
            able("no", "never", "principal", "no", false),
        ),
        (
            "checkpoint",
            vec!["vendor_session"],
            able("no", "at_permit", "alone", "yes", false),
        ),
        (
            "oauth",
            vec![
                "jwt_bearer",
                "client_credentials",
                "token_exchange",
                "saml_bearer",
                "refresh_vault",
            ],
            able("no", "declared", "no", "yes", true),
        ),
    ]
}

#[test]
fn the_profiles_are_told_with_the_abilities_of_their_first_kind() {
    let expected = expected();
    assert_eq!(profiles().len(), expected.len());
    for (profile, (id, kinds, credential)) in profiles().iter().zip(expected) {
        let shown = profile.to_json();
        assert_eq!(shown["id"], json!(id));
        assert_eq!(shown["kinds"], json!(kinds));
        assert_eq!(shown["credential"], credential, "{id}");
        assert_eq!(
            shown["documentation"],
            json!(format!("docs/connectors/{id}.md"))
        );
    }
}

#[test]
fn a_schema_has_the_parameters_of_all_kinds_and_requires_what_every_kind_does() {
    let xsuaa = profiles()[0].to_json();
    let schema = &xsuaa["parameters"];
    assert_eq!(schema["type"], json!("object"));
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["required"], json!(["client_id", "scopes"]));
    assert_eq!(
        schema["properties"]["token_validity_s"]["default"],
        json!(43_200)
    );
    let alias = schema["properties"]["alias"]["description"]
        .as_str()
        .unwrap();
    assert!(alias.ends_with("Only with `kind` saml_bearer."), "{alias}");
    let names: Vec<_> = xsuaa["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].clone())
        .collect();
    assert_eq!(names, ["client", "signing"]);
    let panos = profiles()
        .iter()
        .find(|profile| profile.id() == "panos")
        .unwrap();
    assert_eq!(
        panos.to_json()["parameters"]["anyOf"],
        json!([{"required": ["user"]}, {"required": ["principals"]}])
    );
}

#[test]
fn every_example_passes_the_check() {
    for profile in profiles() {
        let example = profile.example();
        let parameters = &example["parameters"];
        let scopes = parameters["scopes"].as_object().into_iter().flatten();
        let listed = parameters["principals"].as_array().into_iter().flatten();
        let listed = listed.flat_map(|principal| principal["scopes"].as_array().unwrap());
        let names: Vec<_> = scopes
            .map(|(name, _)| name.as_str())
            .chain(listed.map(|name| name.as_str().unwrap()))
            .collect();
        let found = checked(example.clone(), &names.join(" "));
        assert!(found.is_ok(), "{}: {:?}", profile.id(), found.err());
    }
}
