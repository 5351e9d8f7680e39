//! What files declare, checked among everything that will be known.

use super::{Build, Declared, under};
use crate::admin::check::{Worlds, since};
use crate::admin::{agents, clients, issuers, targets};
use locum_core::registry::{Agent, Problem as Flaw, Problems, Version};

/// What is wrong with the objects among everything that will be known.
pub(super) fn flaws(worlds: Worlds<'_>, declared: &Declared, ours: &str) -> Vec<Flaw> {
    let mut out = Vec::new();
    for each in &declared.issuers {
        let flaws = issuers::among(worlds, ours, &each.id, &each.spec);
        under(&mut out, "issuers", each.id.as_str(), flaws);
    }
    for each in &declared.targets {
        let flaws = targets::among(worlds, ours, &each.id, &each.spec);
        under(&mut out, "targets", each.id.as_str(), flaws);
    }
    for each in &declared.agents {
        let id = each.spec.id.as_str();
        under(&mut out, "agents", id, agents::among(worlds, &each.spec));
        let mut more = Problems::default();
        let two = worlds.after.client(id).is_some();
        more.require(!two, "/id", "expected an id that no client has");
        build(
            &each.build,
            worlds.before.agent(id).map(|known| &**known),
            &mut more,
        );
        under(&mut out, "agents", id, more.0);
    }
    for each in &declared.clients {
        let id = each.spec.id.as_str();
        let known = worlds.before.client(id).map(|known| &known.spec);
        let flaws = since(worlds, (&each.spec, known), |_| clients::flaws(&each.spec));
        under(&mut out, "clients", id, flaws);
    }
    out
}

/// What is to be certified is named in short texts, unless it has been already.
fn build(build: &Build, known: Option<&Agent>, out: &mut Problems) {
    let texts = [
        ("/version", &build.version),
        ("/digest", &build.digest),
        ("/model", &build.model),
    ];
    let same = |version: &Version| {
        Some(&version.version) == build.version.as_ref()
            && (&version.digest, &version.model) == (&build.digest, &build.model)
    };
    if known.is_some_and(|agent| agent.versions.iter().any(same)) {
        return;
    }
    for (at, text) in texts {
        out.text(at, text.as_deref().unwrap_or_default());
    }
}
