#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use crate::start;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A broker whose record holds policies that this version does not load.
async fn with_policies_of_another_version(data: &Path) -> Arc<App> {
    let open = || {
        let folder = locum_engine::open::Folder::new(data);
        start::open(
            folder,
            "https://broker.example",
            &[7; 32],
            crate::tests::setup(),
        )
        .unwrap()
    };
    let files = BTreeMap::from([("a.cedar".to_owned(), "permit(".to_owned())]);
    let bundle = jcs::address(&files).unwrap();
    let policies = Policies {
        bundle,
        count: 1,
        files,
    };
    let app = open();
    let author = Author::itself("tests");
    let recorded = app
        .broker
        .records
        .record(&[Change::Policies { policies }], &author)
        .await;
    recorded.unwrap();
    app.broker.records.ledger.close();
    drop(app);
    open()
}

#[tokio::test]
async fn policies_that_load_no_more_keep_no_broker_from_starting_and_permit_nothing() {
    let (data, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let app = with_policies_of_another_version(data.path()).await;
    assert!(
        app.broker
            .bundle()
            .flaw()
            .unwrap()
            .starts_with("a.cedar: line 1")
    );
    let put = async |text: &str| {
        std::fs::write(dir.path().join("a.cedar"), text).unwrap();
        policies(&app, dir.path().to_owned()).await
    };
    // The folder holds what is on record: it was accepted once.
    put("permit(").await.unwrap();
    assert!(app.broker.bundle().flaw().is_some());
    let new = put("permit( ").await.unwrap_err();
    assert_eq!(new[0].pointer, "/policies/a.cedar");
    put("@id(\"a\") permit(principal, action, resource);\n")
        .await
        .unwrap();
    assert_eq!(app.broker.bundle().flaw(), None);
}
