//! What a decision costs without anything around it: policies answer at once,
//! nothing is signed, nothing is written.
//!
//!     cargo bench -p locum-core --features testing
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use locum_core::jcs;
use locum_core::record::leaf_hash;
use locum_core::registry::{Agent, Target};
use locum_core::testing::{Scene, agent, appended, target};
use serde_json::json;
use std::hint::black_box;

fn sap() -> Target {
    target(
        "sap",
        json!({"scopes": {"invoice.read": {"risk": "low"}, "invoice.list": {"risk": "medium"}},
          "details": {"payment": {"company": {"type": "string", "narrow": "equal"},
            "amount": {"type": "decimal", "narrow": "at_most"}}}}),
    )
}

fn acting(id: &str) -> Agent {
    let ceiling = json!([{"target": "sap", "scopes": ["invoice.read", "invoice.list"],
        "default": ["invoice.read"]}]);
    agent(id, json!({ "ceiling": ceiling }))
}

/// The first hop, or the one after so many, each by an agent of its own.
fn scene(hops: usize) -> Scene {
    let agents = ["invoice-agent", "hr-agent", "soc-agent"].map(acting);
    let mut scene = Scene::new(&agents[0], &sap());
    for next in agents.iter().skip(1).take(hops) {
        scene = scene.passing_to(next).next(next, &sap());
    }
    scene
}

fn decide(c: &mut Criterion) {
    for hops in [0, 2] {
        let scene = scene(hops);
        c.bench_function(&format!("decide, {hops} hops before"), |b| {
            b.iter(|| scene.decide().unwrap());
        });
    }
    let refused = scene(0).asking("invoice.read invoice.delete");
    c.bench_function("decide, refused by scope", |b| {
        b.iter(|| refused.decide().unwrap_err());
    });
}

fn record(c: &mut Criterion) {
    let scene = scene(0);
    let permit = scene.decide().unwrap();
    let frame = scene.frame();
    c.bench_function("record: draft of a permit", |b| {
        b.iter(|| permit.draft(&frame));
    });
    let draft = permit.draft(&frame);
    let place = appended(&draft).place;
    c.bench_function("record: bytes and leaf hash", |b| {
        b.iter(|| leaf_hash(&draft.encode(&place).unwrap()));
    });
    let body = draft.value().clone();
    c.bench_function("canonical JSON of a record's body", |b| {
        b.iter(|| jcs::text(black_box(&body)));
    });
}

criterion_group!(benches, decide, record);
criterion_main!(benches);
