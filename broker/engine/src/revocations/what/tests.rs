use super::*;
use locum_core::registry::Registry;

fn named(kind: LineageKind, id: &str) -> Result<(), Unnamed> {
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
        (LineageKind::Token, jti),
        (LineageKind::Delegation, &format!("dlg_{jti}")),
        (LineageKind::Person, "demo:ada"),
        (LineageKind::Owner, "finance-it"),
        (LineageKind::Owner, "demo:ada"),
        (LineageKind::Session, "demo:s:1"),
        (LineageKind::Key, "demo:kid"),
        (LineageKind::Key, "locum:kid"),
        (LineageKind::All, ""),
    ] {
        assert_eq!(named(kind, id), Ok(()), "{kind:?} {id}");
    }
}

#[test]
fn another_form_is_refused() {
    for (kind, id) in [
        (LineageKind::Token, "dlg_01k00000000000000000000000"),
        (LineageKind::Delegation, "01k00000000000000000000000"),
        (LineageKind::Grant, "invoice-agent"),
        (LineageKind::AgentVersion, "3"),
        (LineageKind::Agent, ""),
        (LineageKind::Agent, "Bad Id"),
        (LineageKind::Client, "a_b"),
        (LineageKind::Target, ""),
        (LineageKind::Issuer, "https://idp.example"),
        (LineageKind::Person, "ada"),
        (LineageKind::Person, "demo:"),
        (LineageKind::Person, "demo:a\nb"),
        (LineageKind::Session, "sid"),
        (LineageKind::Key, "kid"),
        (LineageKind::Owner, ""),
        (LineageKind::All, "everything"),
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
        (LineageKind::Agent, "nobody"),
        (LineageKind::Client, "nobody"),
        (LineageKind::Target, "nowhere"),
        (LineageKind::Issuer, "nobody"),
        (LineageKind::Grant, "grt_01k00000000000000000000000"),
        (LineageKind::AgentVersion, "ver_01k00000000000000000000000"),
    ] {
        assert_eq!(named(kind, id), Err(Unnamed::Unknown), "{kind:?} {id}");
    }
}
