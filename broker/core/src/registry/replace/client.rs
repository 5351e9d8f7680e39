//! How a client's declaration is replaced.

use super::{DeclaredKeys, Worlds, keys, since};
use crate::registry::client::{Client, ClientSpec};
use crate::registry::problem::{FieldProblem, Problems};

impl Client {
    /// The client with another declaration, or a new one.
    ///
    /// # Errors
    /// What it must keep: targets and agents rely on what it is for.
    pub fn replaced(
        current: Option<&Self>,
        spec: ClientSpec,
        now_ms: u64,
    ) -> Result<Self, FieldProblem> {
        if current.is_some_and(|known| known.spec.kind != spec.kind) {
            return Err(FieldProblem {
                pointer: "/kind".into(),
                detail: "expected the `kind` the client has, found another; take a new id".into(),
            });
        }
        Ok(Self {
            spec,
            created_at_ms: current.map_or(now_ms, |known| known.created_at_ms),
        })
    }
}

/// What is wrong with a declaration.
pub fn flaws(worlds: Worlds<'_>, spec: &ClientSpec, keys: &impl DeclaredKeys) -> Vec<FieldProblem> {
    let known = worlds.before.client(spec.id.as_str());
    let known = known.map(|known| &known.spec);
    since(worlds, (spec, known), |_| by_itself(spec, keys))
}

/// What is wrong with a declaration, whatever else is known.
pub fn by_itself(spec: &ClientSpec, declared: &impl DeclaredKeys) -> Vec<FieldProblem> {
    let mut out = Problems(spec.problems());
    keys(&spec.auth, declared, &mut out);
    out.0
}
