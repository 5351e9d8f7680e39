//! A deserializer over JSON values whose errors know their place and repeat
//! nothing of what was sent.

use locum_core::registry::FieldProblem as Flaw;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use std::fmt;

/// Longest member name that a pointer repeats, in bytes.
const NAME_MAX: usize = 128;

/// A value that does not fit: where, innermost step first, and why.
#[derive(Debug)]
pub(super) struct Misfit {
    steps: Vec<String>,
    detail: String,
}

impl Misfit {
    fn under(mut self, step: &str) -> Self {
        if step.len() <= NAME_MAX {
            self.steps.push(step.to_owned());
        } else {
            self.steps.clear();
        }
        self
    }

    /// The member of the whole object it is in.
    pub(super) fn first(&self) -> Option<&str> {
        self.steps.last().map(String::as_str)
    }

    /// The pointer of a member of the whole object (RFC 6901 §3).
    pub(super) fn pointer_to(step: Option<&str>) -> String {
        let escape = |step: &str| format!("/{}", step.replace('~', "~0").replace('/', "~1"));
        step.map(escape).unwrap_or_default()
    }

    pub(super) fn into_flaw(self) -> Flaw {
        let steps = self.steps.iter().rev();
        Flaw {
            pointer: steps.map(|step| Self::pointer_to(Some(step))).collect(),
            detail: self.detail,
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Misfit {}

impl Error for Misfit {
    fn custom<T: fmt::Display>(detail: T) -> Self {
        Self {
            steps: Vec::new(),
            detail: detail.to_string(),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = in_json(&expected.to_string());
        Self::custom(format!("expected {expected}, found {}", kind(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format!("expected {}, found another value", one_of(known)))
    }

    fn unknown_field(found: &str, known: &'static [&'static str]) -> Self {
        let near = super::nearest(found, known.iter().copied());
        let near = near.map(|near| format!("; the nearest is `{near}`"));
        let near = near.unwrap_or_default();
        Self::custom(format!(
            "expected {}, found another name{near}",
            one_of(known)
        ))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::custom("expected a value, found none").under(name)
    }
}

fn one_of(known: &[&str]) -> String {
    match known {
        [] => "no members".to_owned(),
        known => format!("one of `{}`", known.join("`, `")),
    }
}

/// What serde's derived code expects, in words of JSON.
fn in_json(expected: &str) -> String {
    let object = expected == "a map" || expected.starts_with("struct ");
    match expected {
        _ if object || expected.contains("tagged enum ") => "an object".to_owned(),
        "a sequence" => "an array".to_owned(),
        "u8" | "u16" | "u32" | "u64" => "a whole number in range".to_owned(),
        other if other.starts_with("enum ") => "a string".to_owned(),
        other => other.to_owned(),
    }
}

const fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "another value",
    }
}

/// A value as deserializer.
pub(super) struct Located(pub(super) Value);

impl<'de> Deserializer<'de> for Located {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(value) => match (value.as_u64(), value.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(value.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(value) => visitor.visit_string(value),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.into_iter(),
                place: 0,
            }),
            Value::Object(members) => visitor.visit_map(ReadMembers {
                members: members.into_iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            other => Self(other).deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    place: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let place = self.place.to_string();
        self.place += 1;
        seed.deserialize(Located(item))
            .map(Some)
            .map_err(|misfit| misfit.under(&place))
    }
}

struct ReadMembers {
    members: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for ReadMembers {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.members.next() else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Misfit> = name.as_str().into_deserializer();
        let key = seed
            .deserialize(key)
            .map_err(|misfit| misfit.under(&name))?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some((name, value)) = self.value.take() else {
            return Err(Misfit::custom("expected a value after its name"));
        };
        seed.deserialize(Located(value))
            .map_err(|misfit| misfit.under(&name))
    }
}
