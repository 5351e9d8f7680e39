//! Whether a value has the form that its row demands.

use super::words::{escaped, one_of};
use crate::profile::Form;
use locum_core::ids::SecretName;
use locum_core::registry::Problems;
use serde_json::{Map, Value};

/// Longest text, in bytes.
const TEXT_MAX: usize = 1_024;
/// Longest segment of a path, in bytes.
const SEGMENT_MAX: usize = 256;
/// Most members of a map, and entries of a list of texts.
const MEMBERS_MAX: usize = 1_024;
/// Most values of one parameter that is sent several times.
const TEXTS_MAX: usize = 16;

/// Members of a token request that a grant sends by itself.
const OWN: &[&str] = &[
    "grant_type",
    "assertion",
    "scope",
    "resource",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "refresh_token",
];

/// Adds a problem where the value has another form.
pub(super) fn check(pointer: &str, form: Form, value: &Value, out: &mut Problems) {
    match form {
        Form::Subjects | Form::Scopes => {
            for (name, member) in members(pointer, value, out) {
                let pointer = format!("{pointer}/{}", escaped(name));
                require(text(member), &pointer, TEXT, out);
            }
        }
        Form::Vault => {
            for (person, member) in members(pointer, value, out) {
                let pointer = format!("{pointer}/{}", escaped(person));
                let name = member.as_str().map(SecretName::parse);
                require(
                    !person.is_empty() && name.is_some_and(|name| name.is_ok()),
                    &pointer,
                    "expected a person's `sub`, and the name of the secret that holds their refresh token",
                    out,
                );
            }
        }
        Form::Extra => {
            for (name, member) in members(pointer, value, out) {
                let pointer = format!("{pointer}/{}", escaped(name));
                let fine = !name.is_empty() && !OWN.contains(&name.as_str());
                require(
                    fine,
                    &pointer,
                    "expected a name that the grant itself does not send",
                    out,
                );
                require(text(member), &pointer, TEXT, out);
            }
        }
        // Checked with the catalogue at hand (`principals.rs`).
        Form::Principals(_) => {}
        _ => {
            if let Some(expected) = flaw(form, value) {
                out.add(pointer, expected);
            }
        }
    }
}

const TEXT: &str = "expected a text of 1 to 1,024 bytes without control characters";

/// What was expected of a value that is no map.
pub(super) fn flaw(form: Form, value: &Value) -> Option<String> {
    let (fine, expected) = match form {
        Form::Text => (text(value), TEXT.to_owned()),
        Form::Token => (
            text(value) && value.as_str().is_some_and(graphic),
            "expected a text of 1 to 1,024 printable ASCII characters without space".to_owned(),
        ),
        Form::Segment => (
            value.as_str().is_some_and(is_segment),
            "expected one segment of a path: 1 to 256 printable ASCII characters without `/`"
                .to_owned(),
        ),
        Form::Path => (
            value.as_str().is_some_and(is_path),
            "expected a path that starts with `/`, without query, fragment, `//` and `..`"
                .to_owned(),
        ),
        Form::Choice(choices) => (
            value.as_str().is_some_and(|text| choices.contains(&text)),
            format!("expected one of {}", one_of(choices.iter().copied())),
        ),
        Form::Flag => (value.is_boolean(), "expected `true` or `false`".to_owned()),
        Form::Seconds { min, max } => (
            value
                .as_u64()
                .is_some_and(|seconds| (u64::from(min)..=u64::from(max)).contains(&seconds)),
            format!("expected a whole number of seconds from {min} to {max}"),
        ),
        Form::Object => (value.is_object(), "expected an object".to_owned()),
        Form::Template => (
            text(value) && value.as_str().is_some_and(is_template),
            "expected a text with `{sub}` or `{issuer}` and no other braces".to_owned(),
        ),
        Form::Texts => (
            texts(value),
            format!("{TEXT}, or a list of 1 to 16 of them"),
        ),
        Form::Subjects | Form::Vault | Form::Extra | Form::Scopes | Form::Principals(_) => {
            return None;
        }
    };
    (!fine).then_some(expected)
}

fn require(holds: bool, pointer: &str, expected: &str, out: &mut Problems) {
    out.require(holds, pointer, expected);
}

fn members<'a>(
    pointer: &str,
    value: &'a Value,
    out: &mut Problems,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    let object = value
        .as_object()
        .filter(|object| object.len() <= MEMBERS_MAX);
    require(
        object.is_some(),
        pointer,
        "expected an object of at most 1,024 members, each a text",
        out,
    );
    object.into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        !text.is_empty() && text.len() <= TEXT_MAX && !text.chars().any(char::is_control)
    })
}

fn texts(value: &Value) -> bool {
    match value {
        Value::Array(list) => (1..=TEXTS_MAX).contains(&list.len()) && list.iter().all(text),
        _ => text(value),
    }
}

fn graphic(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= SEGMENT_MAX
        && graphic(text)
        && !text.contains('/')
        && !matches!(text, "." | "..")
}

/// RFC 3986 §3.3, with what would be read in two ways left out.
fn is_path(text: &str) -> bool {
    let pchar = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&b);
    text.starts_with('/')
        && text.len() <= TEXT_MAX
        && text.bytes().all(pchar)
        && !text.contains("//")
        && !text.split('/').any(|segment| matches!(segment, "." | ".."))
        && !text.to_ascii_lowercase().contains("%2e")
}

fn is_template(text: &str) -> bool {
    let rest = text.replace("{sub}", "").replace("{issuer}", "");
    !rest.contains(['{', '}'])
}
