//! Text for people: values in one line, rows in columns, nothing that drives a
//! terminal (what is shown may come from a token that nobody has verified).

use serde_json::{Map, Value};

/// Whether a character could move the cursor, change colours or reorder text.
pub(crate) fn drives_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with such characters made visible.
pub(crate) fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if drives_terminal(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A value in one line: lists by comma, members as `name=value`, `–` for none.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => clean(text),
        Value::Array(items) if items.is_empty() => "–".to_owned(),
        Value::Array(items) => items.iter().map(inline).collect::<Vec<_>>().join(", "),
        Value::Object(members) if members.is_empty() => "–".to_owned(),
        Value::Object(members) => sorted(members)
            .map(|(name, value)| match value {
                Value::Object(_) => format!("{}=({})", clean(name), inline(value)),
                _ => format!("{}={}", clean(name), inline(value)),
            })
            .collect::<Vec<_>>()
            .join(" "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A member in one line, `–` where there is none.
pub(crate) fn member(value: &Value, path: &[&str]) -> String {
    path.iter()
        .try_fold(value, |value, name| value.get(name))
        .map_or_else(|| "–".to_owned(), inline)
}

/// Labelled lines, for one object.
pub(crate) fn fields(rows: &[(&str, String)]) -> String {
    let width = rows
        .iter()
        .map(|(label, _)| label.chars().count())
        .max()
        .unwrap_or(0);
    let lines = rows
        .iter()
        .map(|(label, text)| format!("{label:<width$}  {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every member of an object as labelled lines; anything else in one line.
pub(crate) fn object(value: &Value) -> String {
    let Some(members) = value.as_object() else {
        return inline(value);
    };
    let names: Vec<(String, &Value)> = sorted(members)
        .map(|(name, value)| (clean(name), value))
        .collect();
    let rows: Vec<(&str, String)> = names
        .iter()
        .map(|(name, value)| (name.as_str(), inline(value)))
        .collect();
    fields(&rows)
}

/// Members in one order wherever they come from: the id first, the rest by name.
fn sorted(members: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let mut all: Vec<_> = members.iter().collect();
    all.sort_by_key(|(name, _)| (name.as_str() != "id", name.as_str()));
    all.into_iter()
}

/// A table with a heading line.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(column, head)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.chars().count())
                .chain([head.chars().count()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let heads: Vec<String> = heads.iter().map(|head| head.to_uppercase()).collect();
    let line = |cells: &Vec<String>| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    std::iter::once(&heads)
        .chain(rows)
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_could_drive_a_terminal_is_made_visible() {
        assert_eq!(
            clean("a\u{1b}[31mb\u{202e}c\u{9b}"),
            "a\\u{1b}[31mb\\u{202e}c\\u{9b}"
        );
    }

    #[test]
    fn values_are_shown_in_one_line() {
        let value = json!({"scope":"a b","list":["x","y"],"none":null,"in":{"n":3}});
        assert_eq!(inline(&value), "in=(n=3) list=x, y none=– scope=a b");
        assert_eq!(inline(&json!({})), "–");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["sap".to_owned(), "urn:demo:sap".to_owned()],
            vec!["x".to_owned()],
        ];
        assert_eq!(
            table(&["id", "audience"], &rows),
            "ID   AUDIENCE\nsap  urn:demo:sap\nx"
        );
    }

    #[test]
    fn labels_stand_in_one_column() {
        assert_eq!(
            object(&json!({"id":"sap","state":"active"})),
            "id     sap\nstate  active"
        );
    }
}
