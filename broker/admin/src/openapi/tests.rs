#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use std::collections::BTreeSet;

type Routes = BTreeSet<(String, String)>;

/// The routes of the public and the operations listener, and those of the admin
/// API, as they stand in `router.rs`.
pub(super) fn sources() -> (&'static str, &'static str) {
    let source = include_str!("../../../server/src/router.rs");
    source.split_once("pub(crate) fn api(").unwrap()
}

/// Every path and method of the admin API.
fn registered() -> Routes {
    let mut out = Routes::new();
    read(sources().1, &mut out);
    out
}

/// Reads `.route("…", get(…).post(…))`.
fn read(source: &str, out: &mut Routes) {
    for call in source.split(".route(").skip(1) {
        let mut depth = 1;
        let end = call.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let arguments = &call[..end.unwrap()];
        let path = arguments.split('"').nth(1).unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            if arguments.contains(&format!("{method}(")) {
                out.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
}

#[test]
fn the_document_holds_every_registered_route_and_no_other() {
    let table = TABLE
        .iter()
        .map(|operation| (operation.path.to_owned(), operation.method.to_owned()));
    let documented: Routes = table.collect();
    assert_eq!(TABLE.len(), documented.len(), "an operation stands twice");
    assert_eq!(registered(), documented);
}

#[test]
fn every_link_leads_to_a_schema() {
    let document = document("http://127.0.0.1");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    let links: Vec<_> = text.split("#/components/schemas/").skip(1).collect();
    assert!(!links.is_empty());
    for link in links {
        let name = link.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[test]
fn every_path_names_its_parameters_and_every_operation_its_answers() {
    let document = document("http://127.0.0.1");
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in paths {
        let named = methods["parameters"].as_array().unwrap().len();
        assert_eq!(named, path.matches('{').count(), "{path}");
        for method in ["get", "put", "post"] {
            if let Some(operation) = methods.get(method) {
                assert!(operation["responses"].as_object().unwrap().len() > 2);
            }
        }
    }
}
