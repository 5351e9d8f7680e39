//! What an issuer's declaration must fit.

use crate::admin::check::{Worlds, since};
use locum_core::ids::IssuerId;
use locum_core::registry::{IssuerSpec, Problem as Flaw, Problems, Registry};
use locum_tokens::keys::{KeyFlaw, KeySet};
use serde_json::Value;

/// What is wrong with a declaration, by itself and among what is known; `ours`
/// is Locum's issuer.
pub(in crate::admin) fn flaws(
    registry: &Registry,
    ours: &str,
    id: &IssuerId,
    spec: &IssuerSpec,
) -> Vec<Flaw> {
    among(Worlds::known(registry), ours, id, spec)
}

/// What is wrong with a declaration that is made together with others.
pub(in crate::admin) fn among(
    worlds: Worlds<'_>,
    ours: &str,
    id: &IssuerId,
    spec: &IssuerSpec,
) -> Vec<Flaw> {
    let known = worlds.before.issuer(id.as_str());
    let known = known.map(|issuer| &issuer.spec);
    since(worlds, (spec, known), |worlds| {
        let mut out = Problems(spec.problems(id, ours));
        // An issuer's `issuer` never changes: who had it before has it after.
        let other = [worlds.before, worlds.after].into_iter().any(|registry| {
            let named = registry.issuer_named(&spec.issuer);
            named.is_some_and(|known| known.id != *id)
        });
        out.require(!other, "/issuer", "expected an issuer that no other id has");
        if let Some(jwks) = &spec.jwks {
            keys(jwks, spec, &mut out);
        }
        audiences(spec, &mut out);
        let before = known.map(IssuerSpec::references).unwrap_or_default();
        worlds.references(&spec.references(), &before, &mut out);
        out.0
    })
}

/// Keys of kinds we do not know are an issuer's own business; a private key is
/// nobody's to hand around, and without a key nothing could be verified.
fn keys(jwks: &Value, spec: &IssuerSpec, out: &mut Problems) {
    match KeySet::from_jwks(jwks, &spec.algs) {
        Err(flaw) => out.add("/jwks", flaw.to_string()),
        Ok(keys) => {
            if keys.refused().contains(&KeyFlaw::Private) {
                out.add("/jwks", KeyFlaw::Private.to_string());
            }
            out.require(
                !keys.is_empty(),
                "/jwks",
                "expected a key for one of `algs`, found none",
            );
        }
    }
}

fn audiences(spec: &IssuerSpec, out: &mut Problems) {
    let lists = [
        ("/audiences", &spec.audiences),
        ("/access_audiences", &spec.access_audiences),
    ];
    for (at, list) in lists {
        for (place, audience) in list.iter().flatten().enumerate() {
            let at = format!("{at}/{place}");
            out.text(&at, audience);
            out.require(!audience.is_empty(), &at, "expected an audience");
        }
    }
    for audience in spec.audience_agents.keys() {
        let at = format!("/audience_agents/{}", step(audience));
        let listed = spec.audiences.iter().flatten().any(|a| a == audience);
        out.require(listed, &at, "expected an audience that `audiences` lists");
    }
    let claim = &spec.groups_claim;
    out.text("/groups_claim", claim);
    out.require(
        !claim.is_empty(),
        "/groups_claim",
        "expected a claim's name",
    );
}

/// One step of a JSON pointer (RFC 6901 §3).
fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
