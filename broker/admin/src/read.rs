//! Reading a body into a type, with a JSON pointer for every flaw.

use super::problem::Problem;
use locum_core::refusal::Code;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a whole object.
///
/// # Errors
/// 422 with the places.
pub(super) fn whole<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, Problem> {
    locum_engine::read::whole(members).map_err(Problem::invalid)
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
