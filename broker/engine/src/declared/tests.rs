#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use locum_ambient::Clock;
use locum_stores::state::Author;
use serde_json::json;

fn local(audience: &str) -> Named<IssuerId, IssuerSpec> {
    let spec = json!({"issuer": "https://idp.example", "kind": "oidc", "role": "subject",
        "audiences": [audience]});
    Named {
        id: IssuerId::parse("local").unwrap(),
        spec: serde_json::from_value(spec).unwrap(),
    }
}

#[tokio::test]
async fn files_declare_an_issuer_local_only_where_it_is_on_record() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let broker = crate::testing::broker(folder.path(), Clock::default());
    let declared = Declared {
        issuers: vec![local("other")],
        ..Declared::default()
    };
    let found = || {
        changes(
            &Moment::new(&broker, &broker.records.state.read()),
            &declared,
        )
    };
    let places = |flaws: Vec<FieldProblem>| flaws.into_iter().map(|flaw| flaw.pointer);
    let refused = found().map_err(|flaws| places(flaws).collect::<Vec<_>>());
    assert_eq!(refused, Err(vec!["/issuers/local/id".to_owned()]));
    // As a version recorded it that did not reserve the id.
    let Named { id, spec } = local("app");
    let issuer = Issuer {
        id,
        spec,
        created_at_ms: 0,
    };
    let author = Author::itself("test");
    let change = [Change::Issuer { issuer }];
    broker.records.record(&change, &author).await.unwrap();
    assert_eq!(found().unwrap().len(), 1);
}
