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
pub(super) fn veil(body: &mut Value, pointers: &[&str], salt: &[u8; 16]) -> Value {
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

/// Puts back what [`veil`] took out.
pub(super) fn unveil(body: &mut Value, side: &Value) {
    for (pointer, value) in side.as_object().into_iter().flatten() {
        if let Some(place) = body.pointer_mut(pointer) {
            *place = value.clone();
        }
    }
}
