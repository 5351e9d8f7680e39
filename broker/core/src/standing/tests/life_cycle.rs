//! Owners, versions, grants: what is judged live.

use super::*;
use crate::registry::GrantSpec;
use crate::testing::{certification, certified, over, version};

#[test]
fn only_locks_look_at_the_owner_of_now() {
    let (key, lock) = lock(1, LineageKind::Owner, "team-new", None);
    let mut view = View::default();
    view.lock(key, lock);
    assert_eq!(standing(&view, &invoice_agent(), ISSUED), Standing::Live);
    let moved = agent(
        "invoice-agent",
        json!({"owner": {"kind": "team", "id": "team-new"}}),
    );
    assert!(matches!(
        standing(&view, &moved, ISSUED),
        Standing::Locked(_)
    ));
    let mut view = View::default();
    view.revoke(Names.key(LineageKind::Owner, "team-new"), ISSUED);
    assert_eq!(standing(&view, &moved, ISSUED), Standing::Live);
    view.revoke(Names.key(LineageKind::Owner, "team-invoice-agent"), ISSUED);
    assert_eq!(
        standing(&view, &moved, ISSUED),
        Standing::Revoked,
        "another owner gives nothing life again"
    );
}

#[test]
fn suspension_and_a_certification_that_ended_act_as_a_lock() {
    let view = View::default();
    let fallen = Standing::AgentNotInForce(invoice_agent().id().clone());
    let suspended = invoice_agent().suspend().unwrap();
    assert_eq!(standing(&view, &suspended, ISSUED), fallen);
    assert_eq!(
        standing(&view, &suspended.resume().unwrap(), ISSUED),
        Standing::Live
    );
    let mut ended = invoice_agent();
    certification(&mut ended).unwrap().until = NOW_S;
    assert_eq!(standing(&view, &ended, ISSUED), fallen);
    assert_eq!(
        standing(&view, &invoice_agent().retire().unwrap(), ISSUED),
        fallen
    );
}

#[test]
fn certifying_a_newer_version_ends_what_the_older_one_holds() {
    let newer = certified(invoice_agent(), 2);
    let fallen = Standing::AgentNotInForce(newer.id().clone());
    assert_eq!(standing(&View::default(), &newer, ISSUED), fallen);
    let mut registry = Registry::default();
    registry.put_agent(invoice_agent());
    registry.put_agent(newer.clone());
    let view = View::default();
    let world = world(&view, &registry);
    assert_eq!(
        world.standing(&lineage(&WHOLE, ISSUED), &acting(&newer, 2)),
        Standing::Live
    );
    let (older, current) = (version(newer.id(), 1), version(newer.id(), 2));
    // For itself an agent acts in a version that stands in its lineage alone.
    let alone = [(newer.id().clone(), None)];
    let named = |version: VersionId| {
        let lineage = lineage(&[(LineageKind::AgentVersion, &version.to_string())], ISSUED);
        world.standing(&lineage, &alone)
    };
    assert_eq!(named(older), fallen);
    assert_eq!(
        named(VersionId(uuid(7, 7))),
        fallen,
        "a version that is not known is not in force"
    );
    assert_eq!(
        world.standing(&Lineage::default(), &alone),
        fallen,
        "no version is none that is in force"
    );
    assert_eq!(named(current), Standing::Live);
    assert!(
        newer.clone().certify(older, NOW_S + 5).is_err(),
        "an ended version stays ended"
    );
    assert!(
        newer.certify(VersionId(uuid(7, 7)), NOW_S + 5).is_err(),
        "a version it never had"
    );
}

#[test]
fn an_agent_nobody_declared_is_not_in_force() {
    let registry = Registry::default();
    let view = View::default();
    let world = world(&view, &registry);
    let found = world.standing(&Lineage::default(), &acting(&invoice_agent(), 1));
    assert_eq!(
        found,
        Standing::AgentNotInForce(invoice_agent().id().clone())
    );
    assert_eq!(
        world.standing(&lineage(&[(LineageKind::Person, "demo:ada")], ISSUED), &[]),
        Standing::Live
    );
}

#[test]
fn a_grant_given_before_its_agent_was_revoked_is_dead_as_subject_token() {
    let listed = json!([{"target": "sap", "scopes": ["invoice.read"]}]);
    let mut grant = crate::testing::grant(1, "invoice-agent", listed);
    grant.recorded_ms = Some(grant.created_at_ms + 5);
    grant.owner_key = Some(Names.key(LineageKind::Owner, "team-then"));
    let grant = std::sync::Arc::new(grant);
    let actor = crate::testing::actor(&invoice_agent());
    let proof = crate::proof::SubjectProof::from_grant(&grant, &actor, NOW_S, &Names).unwrap();
    let registry = Registry::default();
    for (kind, id) in [
        (LineageKind::Agent, "invoice-agent"),
        (LineageKind::Client, "invoice-agent"),
        (LineageKind::Person, "demo:ada"),
        (LineageKind::Issuer, "demo"),
        (LineageKind::Owner, "team-then"),
        (LineageKind::All, ""),
    ] {
        for (until_ms, expected) in [(4, Standing::Live), (5, Standing::Revoked)] {
            let mut view = View::default();
            view.revoke(Names.key(kind, id), grant.created_at_ms + until_ms);
            let found = world(&view, &registry).standing(proof.lineage(), &[]);
            assert_eq!(found, expected, "{kind:?} {until_ms}");
        }
    }
    let mut view = View::default();
    view.revoke(Names.key(LineageKind::Target, "sap"), NOW_MS);
    assert!(!dead(&view, proof.lineage()), "elsewhere it stands");
    let mut at_sap = grant.lineage(&Names).clone();
    at_sap.add(Names.key(LineageKind::Target, "sap"), grant.since_ms());
    assert!(dead(&view, &at_sap));
    let shape = over(
        serde_json::to_value(&grant.spec).unwrap(),
        json!({"groups": []}),
    );
    assert!(serde_json::from_value::<GrantSpec>(shape).is_ok());
}
