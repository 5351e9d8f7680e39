//! What files declare, checked among everything that will be known.

use super::{Build, Declared, under};
use locum_core::registry::replace::target::ConnectorCheck;
use locum_core::registry::replace::{Worlds, agent, client, issuer, target};
use locum_core::registry::{Agent, FieldProblem, Problems, Version};
use locum_tokens::keys::JwksCheck;

/// What is wrong with the objects among everything that will be known.
pub(super) fn flaws(
    worlds: Worlds<'_>,
    declared: &Declared,
    ours: &str,
    connectors: &dyn ConnectorCheck,
) -> Vec<FieldProblem> {
    let mut out = Vec::new();
    for each in &declared.issuers {
        let flaws = issuer::flaws(worlds, ours, (&each.id, &each.spec), &JwksCheck);
        under(&mut out, "issuers", each.id.as_str(), flaws);
    }
    for each in &declared.targets {
        let flaws = target::flaws(worlds, ours, (&each.id, &each.spec), connectors);
        under(&mut out, "targets", each.id.as_str(), flaws);
    }
    for each in &declared.agents {
        let id = each.spec.id.as_str();
        under(
            &mut out,
            "agents",
            id,
            agent::flaws(worlds, &each.spec, &JwksCheck),
        );
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
        let flaws = client::flaws(worlds, &each.spec, &JwksCheck);
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
