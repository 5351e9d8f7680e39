//! Reading a body into a type, with a JSON pointer for every flaw.

mod numbers;
mod place;

use super::problem::Problem;
use locum_core::refusal::Code;
use locum_core::registry::Problem as Flaw;
use place::{At, Misfit};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a whole object. When it does not fit, the members are tried one after
/// the other, so that one answer names every bad one.
///
/// # Errors
/// 422 with the places.
pub(crate) fn whole<T: DeserializeOwned>(mut members: Map<String, Value>) -> Result<T, Problem> {
    let mut flaws: Vec<Flaw> = numbers::flaws(&members);
    if !flaws.is_empty() {
        return Err(Problem::invalid(flaws));
    }
    loop {
        let misfit = match T::deserialize(At(Value::Object(members.clone()))) {
            Ok(value) if flaws.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(misfit) => misfit,
        };
        let name = misfit.first().map(str::to_owned);
        let of_removed = |flaw: &Flaw| {
            let first = Misfit::pointer_to(name.as_deref());
            flaw.pointer == first || flaw.pointer.starts_with(&format!("{first}/"))
        };
        // A removed member is missed only because it was removed.
        if name.is_none() || flaws.iter().any(of_removed) {
            if flaws.is_empty() {
                return Err(Problem::invalid(vec![misfit.into_flaw()]));
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
    Err(Problem::invalid(flaws))
}

/// The members of a value that must be an object.
///
/// # Errors
/// 422.
pub(super) fn object(value: Value) -> Result<Map<String, Value>, Problem> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Problem::new(
            Code::Invalid,
            "expected a JSON object, found another value",
        )),
    }
}

#[cfg(test)]
mod tests;
