use super::*;
use locum_core::registry::Registry;

fn named(kind: Kind, id: &str) -> Result<(), Unnamed> {
    let what = What {
        kind,
        id: id.to_owned(),
    };
    check(&what, &Registry::default())
}

#[test]
fn people_owners_sessions_keys_and_tokens_need_not_be_known() {
    let jti = "01k00000000000000000000000";
    for (kind, id) in [
        (Kind::Token, jti),
        (Kind::Delegation, &format!("dlg_{jti}")),
        (Kind::Person, "demo:ada"),
        (Kind::Owner, "finance-it"),
        (Kind::Owner, "demo:ada"),
        (Kind::Session, "demo:s:1"),
        (Kind::Key, "demo:kid"),
        (Kind::Key, "locum:kid"),
        (Kind::All, ""),
    ] {
        assert_eq!(named(kind, id), Ok(()), "{kind:?} {id}");
    }
}

#[test]
fn another_form_is_refused() {
    for (kind, id) in [
        (Kind::Token, "dlg_01k00000000000000000000000"),
        (Kind::Delegation, "01k00000000000000000000000"),
        (Kind::Grant, "invoice-agent"),
        (Kind::AgentVersion, "3"),
        (Kind::Agent, ""),
        (Kind::Agent, "Bad Id"),
        (Kind::Client, "a_b"),
        (Kind::Target, ""),
        (Kind::Issuer, "https://idp.example"),
        (Kind::Person, "ada"),
        (Kind::Person, "demo:"),
        (Kind::Person, "demo:a\nb"),
        (Kind::Session, "sid"),
        (Kind::Key, "kid"),
        (Kind::Owner, ""),
        (Kind::All, "everything"),
    ] {
        assert!(
            matches!(named(kind, id), Err(Unnamed::Form(_))),
            "{kind:?} {id}"
        );
    }
}

#[test]
fn what_is_registered_has_to_exist() {
    for (kind, id) in [
        (Kind::Agent, "nobody"),
        (Kind::Client, "nobody"),
        (Kind::Target, "nowhere"),
        (Kind::Issuer, "nobody"),
        (Kind::Grant, "grt_01k00000000000000000000000"),
        (Kind::AgentVersion, "ver_01k00000000000000000000000"),
    ] {
        assert_eq!(named(kind, id), Err(Unnamed::Unknown), "{kind:?} {id}");
    }
}
