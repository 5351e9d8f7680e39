//! What a decision costs without anything around it: policies answer at once,
//! nothing is signed, nothing is written. And what the look-ups cost that a
//! decision begins with, and what a start puts in.
//!
//!     cargo bench -p locum-core --features testing
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use locum_core::ids::ClientId;
use locum_core::jcs;
use locum_core::record::leaf_hash;
use locum_core::registry::{Agent, Registry, Target};
use locum_core::testing::{NOW_S, Scene, agent, appended, grant, target};
use serde_json::{Value, json};
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

/// A list as long as it may be: 32 objects, each of 256 texts.
fn long_list() -> Value {
    let objects = (0..32).map(|object| {
        let accounts: Vec<String> = (0..256).map(|n| format!("{object:x}{n:03x}")).collect();
        json!({"type": "transfer", "accounts": accounts})
    });
    objects.collect()
}

/// A target whose scope carries such lists, and an agent for it.
fn bank() -> (Target, Agent) {
    let bank = target(
        "bank",
        json!({"scopes": {"transfer": {"risk": "low", "requires": ["transfer"]}},
          "details": {"transfer": {"accounts": {"type": "strings", "narrow": "subset"}}}}),
    );
    let ceiling = json!([{"target": "bank", "scopes": ["transfer"], "default": ["transfer"]}]);
    (bank, agent("invoice-agent", json!({ "ceiling": ceiling })))
}

/// A registry with so many grants of ada's that are over and that are live;
/// none covers what is asked below.
fn registry(dead: u64, live: u64, list: &Value) -> Registry {
    let mut registry = Registry::default();
    for number in 0..dead + live {
        let list = if number < dead {
            json!([])
        } else {
            list.clone()
        };
        let at = json!([{"target": "bank", "scopes": ["transfer"], "authorization_details": list}]);
        let mut made = grant(number, "invoice-agent", at);
        if number < dead {
            made.expires_s = NOW_S - 1;
        }
        registry.put_grant(made);
    }
    registry
}

/// The look-up and the decision of an exchange that no grant covers.
fn exchange(registry: &Registry, scene: &mut Scene, agent: &Agent, bank: &Target) {
    let found = registry.active_grants("demo:ada", agent.id(), Some(&bank.id), NOW_S);
    scene.facts.grants = found.cloned().collect();
    scene.decide().unwrap();
}

fn grants(c: &mut Criterion) {
    let (bank, agent) = bank();
    let short = json!([{"type": "transfer", "accounts": ["other"]}]);
    let worlds = [
        ("none", 0, 0, short.clone()),
        ("10,000 dead and 64 live grants", 10_000, 64, short),
        (
            "10,000 dead and 64 live grants with long lists",
            10_000,
            64,
            long_list(),
        ),
    ];
    for (name, dead, live, list) in worlds {
        let registry = registry(dead, live, &list);
        let mut scene = Scene::new(&agent, &bank);
        scene.ask.details = Some(json!([{"type": "transfer", "accounts": ["mine"]}]));
        c.bench_function(&format!("exchange beside {name}"), |b| {
            b.iter(|| exchange(&registry, &mut scene, &agent, &bank));
        });
    }
}

/// Puts cost what is put, not what is there.
fn puts(c: &mut Criterion) {
    let mut group = c.benchmark_group("puts");
    group.sample_size(10);
    for count in [5_000, 20_000] {
        let agents: Vec<Agent> = (0..count)
            .map(|n| {
                let claims = json!({"sub": format!("wl/{n}")});
                let workload = json!({"issuer": "k8s", "claims": claims});
                agent(&format!("agent-{n}"), json!({ "workload": workload }))
            })
            .collect();
        let targets: Vec<Target> = (0..count)
            .map(|n| target(&format!("target-{n}"), json!({})))
            .collect();
        group.bench_function(format!("{count} agents"), |b| {
            b.iter(|| {
                let mut registry = Registry::default();
                agents
                    .iter()
                    .for_each(|each| registry.put_agent(each.clone()));
                registry
            });
        });
        group.bench_function(format!("{count} targets"), |b| {
            b.iter(|| {
                let mut registry = Registry::default();
                targets
                    .iter()
                    .for_each(|each| registry.put_target(each.clone()));
                registry
            });
        });
        group.bench_function(format!("{count} grants of one person"), |b| {
            b.iter(|| registry(count, 0, &json!([])));
        });
    }
    group.finish();
}

fn look_ups(c: &mut Criterion) {
    let mut registry = Registry::default();
    for number in 0..4_000 {
        let mut one = target(&format!("target-{number}"), json!({}));
        one.spec.resource_server = ClientId::parse(&format!("rs-{number}")).ok();
        registry.put_target(one);
    }
    c.bench_function("target of a server, of 4,000", |b| {
        b.iter(|| registry.target_of_server(black_box("rs-3999")).is_some());
    });
}

criterion_group!(benches, decide, record, grants, puts, look_ups);
criterion_main!(benches);
