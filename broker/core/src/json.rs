//! Strict JSON: one text has one meaning. Members named twice are refused at
//! every depth (RFC 7519 §4 lets a reader choose; "last wins" lets two readers
//! of one token disagree), and so are deep nesting and trailing data.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::fmt;

/// Deepest nesting of arrays and objects that is read (contract §5).
pub const DEPTH_MAX: usize = 32;

/// Longest body that is read, in bytes (contract §5).
pub const BODY_MAX: usize = 65_536;

/// What a text may cost before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Longest text, in bytes.
    pub bytes: usize,
    /// Deepest nesting: `{}` and `[]` are one deep, `1` is none.
    pub depth: usize,
}

impl JsonLimits {
    /// Of a request's body: 64 KiB, 32 deep (contract §5).
    pub const BODY: Self = Self {
        bytes: BODY_MAX,
        depth: DEPTH_MAX,
    };
}

/// Why a text is not JSON that we read. Places, never contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonFlaw {
    /// Longer than allowed.
    #[error("expected at most {max} bytes of JSON, found {found}")]
    TooLong {
        /// The limit, in bytes.
        max: usize,
        /// The length, in bytes.
        found: usize,
    },
    /// Nested deeper than allowed.
    #[error("expected JSON nested at most {max} deep, found more")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// A member named twice in one object.
    #[error(
        "expected every member once, found one named twice at line {line} column {column} of the JSON"
    )]
    Duplicate {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// No JSON (RFC 8259), a number out of range, or more than one value.
    #[error("expected one JSON value in UTF-8, found an error at line {line} column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
}

/// Parses exactly one JSON value.
///
/// # Errors
/// [`Flaw`] when the text is too long, too deep, names a member twice, is no
/// JSON or is followed by anything but white space.
pub fn parse(bytes: &[u8], limits: JsonLimits) -> Result<Value, JsonFlaw> {
    if bytes.len() > limits.bytes {
        return Err(JsonFlaw::TooLong {
            max: limits.bytes,
            found: bytes.len(),
        });
    }
    let why = Cell::new(JsonCause::Syntax);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict {
        left: limits.depth,
        why: &why,
    };
    seed.deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            let (line, column) = (error.line(), error.column());
            match why.get() {
                JsonCause::Syntax => JsonFlaw::Syntax { line, column },
                JsonCause::Depth => JsonFlaw::TooDeep { max: limits.depth },
                JsonCause::Duplicate => JsonFlaw::Duplicate { line, column },
            }
        })
}

/// Which of our own rules stopped the reader; serde's error carries only text.
#[derive(Clone, Copy)]
enum JsonCause {
    Syntax,
    Depth,
    Duplicate,
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    left: usize,
    why: &'a Cell<JsonCause>,
}

impl Strict<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => {
                self.why.set(JsonCause::Depth);
                Err(E::custom("too deep"))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if out.contains_key(&name) {
                self.why.set(JsonCause::Duplicate);
                return Err(A::Error::custom("named twice"));
            }
            let value = members.next_value_seed(inner)?;
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests;
