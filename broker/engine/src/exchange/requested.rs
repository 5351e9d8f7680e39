//! What a request asked for, as its record has it: never a token or secret, and
//! of bounded size, whatever was sent.

use crate::oauth::form::Form;
use locum_core::decide::by_digest;
use locum_core::jcs;
use serde_json::{Map, Value, json};

/// Most bytes of what was requested that a record holds; of more, the largest
/// parts stand there by digest.
const REQUESTED_MAX: usize = 2_048;
/// Values of a parameter that may repeat which are recorded one by one.
const VALUES: usize = 8;
/// Parameters that appear once.
const SINGLE: [&str; 9] = [
    "grant_type",
    "scope",
    "expires_in",
    "task_id",
    "delegate_to",
    "requested_token_type",
    "subject_token_type",
    "actor_token_type",
    "authorization_details",
];
/// Parameters that may repeat.
const SEVERAL: [&str; 2] = ["audience", "resource"];

/// The parameters that say what is asked for.
pub(super) fn requested(form: &Form) -> Value {
    let mut out = Map::new();
    for name in SINGLE {
        if let Some(text) = form.get(name) {
            out.insert(name.into(), shown(text));
        }
    }
    for name in SEVERAL {
        let values: Vec<&str> = form.all(name).collect();
        if values.len() > VALUES {
            out.insert(name.into(), by_digest(&jcs::text(&json!(values))));
        } else if !values.is_empty() {
            out.insert(name.into(), values.into_iter().map(shown).collect());
        }
    }
    fit(&mut out);
    Value::Object(out)
}

/// A token sent in the wrong place must not reach the record either.
fn shown(text: &str) -> Value {
    let like_a_token = text
        .split(' ')
        .any(|word| word.starts_with("eyJ") && word.len() > 64);
    if like_a_token {
        by_digest(text)
    } else {
        json!(text)
    }
}

/// The largest parts by digest, until all of it fits.
fn fit(parts: &mut Map<String, Value>) {
    let mut left = jcs::text(&json!(parts)).len();
    if left <= REQUESTED_MAX {
        return;
    }
    let sized = |(name, value): (&String, &Value)| (jcs::text(value).len(), name.clone());
    let mut large: Vec<(usize, String)> = parts.iter().map(sized).collect();
    large.sort_unstable();
    while let Some((bytes, name)) = large.pop().filter(|_| left > REQUESTED_MAX) {
        let Some(value) = parts.get_mut(&name) else {
            continue;
        };
        *value = match &*value {
            Value::String(text) => by_digest(text),
            other => by_digest(&jcs::text(other)),
        };
        left = left - bytes + jcs::text(value).len();
    }
}

#[cfg(test)]
mod tests;
