//! Moves values out of a record's body into its erasable side record, leaving
//! salted commitments in their place, and back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::jcs;
use locum_core::record::commitment;
use serde_json::{Map, Value, json};

pub(super) fn salt_text(salt: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(salt)
}

/// Replaces the value at each pointer by a commitment and returns what stood
/// there, by pointer.
pub(super) fn take_out(body: &mut Value, pointers: &[&str], salt: &[u8; 16]) -> Value {
    let mut side = Map::new();
    for pointer in pointers {
        if let Some(place) = body.pointer_mut(pointer)
            && !place.is_null()
        {
            let committed = json!(commitment(salt, pointer, &jcs::text(place)));
            side.insert((*pointer).to_owned(), std::mem::replace(place, committed));
        }
    }
    Value::Object(side)
}

/// Puts back what [`take_out`] took out. The side record is no part of the
/// record's hash: only what a commitment in the body vouches for is taken.
///
/// # Errors
/// What does not fit its commitment.
pub(super) fn put_back(body: &mut Value, side: &Value, salt: Option<&str>) -> Result<(), String> {
    let salt: Option<[u8; 16]> = salt
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|bytes| bytes.try_into().ok());
    for (pointer, value) in side.as_object().into_iter().flatten() {
        let committed = salt.map(|salt| json!(commitment(&salt, pointer, &jcs::text(value))));
        match body.pointer_mut(pointer) {
            Some(place) if committed.as_ref() == Some(place) => *place = value.clone(),
            Some(_) | None => {
                return Err(format!(
                    "expected a side record that fits the commitment at `{pointer}`, found another"
                ));
            }
        }
    }
    Ok(())
}

/// Puts what stands for nothing where a value other than a text was erased, so
/// that the rest of the change still reads; an erased text is its commitment.
pub(super) fn blank(body: &mut Value) {
    for (pointer, nothing) in [
        ("/grant/spec/groups", Value::Null),
        ("/hashes", json!([])),
        ("/policies/files", json!({})),
    ] {
        if let Some(place) = body.pointer_mut(pointer)
            && place.is_string()
        {
            *place = nothing;
        }
    }
}
