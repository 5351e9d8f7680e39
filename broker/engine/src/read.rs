//! Reading an object into a type, with a JSON pointer for every flaw.

mod numbers;
mod place;

pub use locum_core::nearest::nearest;

use locum_core::registry::FieldProblem;
use place::{Located, Misfit};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a whole object. When it does not fit, the members are tried one after
/// the other, so that one answer names every bad one.
///
/// # Errors
/// Every flaw with its place.
pub fn whole<T: DeserializeOwned>(mut members: Map<String, Value>) -> Result<T, Vec<FieldProblem>> {
    let mut flaws: Vec<FieldProblem> = numbers::flaws(&members);
    if !flaws.is_empty() {
        return Err(flaws);
    }
    loop {
        let misfit = match T::deserialize(Located(Value::Object(members.clone()))) {
            Ok(value) if flaws.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(misfit) => misfit,
        };
        let name = misfit.first().map(str::to_owned);
        let of_removed = |flaw: &FieldProblem| {
            let first = Misfit::pointer_to(name.as_deref());
            flaw.pointer == first || flaw.pointer.starts_with(&format!("{first}/"))
        };
        // A removed member is missed only because it was removed.
        if name.is_none() || flaws.iter().any(of_removed) {
            if flaws.is_empty() {
                return Err(vec![misfit.into_flaw()]);
            }
            break;
        }
        let before = members.len();
        members.retain(|member, _| Some(member) != name.as_ref());
        flaws.push(misfit.into_flaw());
        if members.len() == before {
            break;
        }
    }
    Err(flaws)
}

#[cfg(test)]
mod tests;
