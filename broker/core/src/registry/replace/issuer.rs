//! How an issuer's declaration is replaced.

use super::{DeclaredKeys, Worlds, since};
use crate::ids::IssuerId;
use crate::registry::issuer::{Issuer, IssuerSpec, step};
use crate::registry::problem::{FieldProblem, Problems};

impl Issuer {
    /// The issuer with another declaration, or a new one.
    ///
    /// # Errors
    /// What it must keep: tokens are told apart by it.
    pub fn replaced(
        current: Option<&Self>,
        id: IssuerId,
        spec: IssuerSpec,
        now_ms: u64,
    ) -> Result<Self, FieldProblem> {
        let kept = |known: &Self| known.spec.issuer == spec.issuer && known.spec.role == spec.role;
        if !current.is_none_or(kept) {
            return Err(FieldProblem {
                pointer: String::new(),
                detail: "expected the `issuer` and `role` the issuer has, found others; an id \
                         keeps both: declare the others under a new id, and name it in \
                         `subject_issuers` and policies"
                    .into(),
            });
        }
        Ok(Self {
            id,
            spec,
            created_at_ms: current.map_or(now_ms, |known| known.created_at_ms),
        })
    }
}

/// What is wrong with a declaration, by itself and among what is known; `ours`
/// is Locum's issuer.
pub fn flaws(
    worlds: Worlds<'_>,
    ours: &str,
    (id, spec): (&IssuerId, &IssuerSpec),
    keys: &impl DeclaredKeys,
) -> Vec<FieldProblem> {
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
            for flaw in keys.of_issuer(jwks, spec.kind, &spec.algs) {
                out.add("/jwks", flaw);
            }
        }
        audiences(spec, &mut out);
        let before = known.map(IssuerSpec::references).unwrap_or_default();
        worlds.references(&spec.references(), &before, &mut out);
        out.0.extend(Issuer::reserved(
            id,
            worlds.before.issuer(id.as_str()).map(|known| &**known),
        ));
        out.0
    })
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

#[cfg(test)]
mod tests;
