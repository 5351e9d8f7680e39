#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use std::fmt::Write;

#[test]
fn the_reference_shows_every_operation_and_schema() {
    let document = document("http://127.0.0.1:8420");
    let mut text = String::from("## Operations\n");
    for operation in TABLE {
        section(operation, &document, &mut text);
    }
    text.push_str("\n## Objects\n");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if schema["properties"].is_object() {
            object(name, schema, &mut text);
        }
    }
    let by_hand = locum_ambient::testing::is_behind_the_mark("http.md", &text);
    for path in public_paths() {
        assert!(
            by_hand.contains(&format!(" {path}")),
            "{path} is not in http.md"
        );
    }
}

/// Every path of the public and the operations listener.
fn public_paths() -> impl Iterator<Item = &'static str> {
    super::tests::sources()
        .0
        .split(".route(")
        .skip(1)
        .map(|call| {
            // Both nodes name it: the one that asks, and the one that answers.
            if call.starts_with("PEER_PATH,") {
                return locum_stores::redis::PEER_PATH;
            }
            let path = call.split('"').nth(1).unwrap();
            path.strip_suffix("{path}").unwrap_or(path)
        })
}

/// What is shown is the document alone.
fn section(operation: &Operation, document: &Value, out: &mut String) {
    let (method, path) = (operation.method, operation.path);
    let shown = &document["paths"][path][method];
    let said = |name: &str| shown[name].as_str().unwrap();
    writeln!(out, "\n### {} {path}\n", method.to_uppercase()).unwrap();
    writeln!(out, "{}. {}\n", said("summary"), said("description")).unwrap();
    let mut parts = Vec::new();
    for (place, label) in [("query", "query"), ("header", "header")] {
        let named = shown["parameters"].as_array().unwrap().iter();
        let names: Vec<String> = named
            .filter(|parameter| parameter["in"] == place)
            .map(|parameter| format!("`{}`", parameter["name"].as_str().unwrap()))
            .collect();
        if !names.is_empty() {
            parts.push(format!("{label} {}", names.join(", ")));
        }
    }
    if let Some(body) = shown["requestBody"]["content"]["application/json"].get("schema") {
        parts.push(format!("body {}", link(body)));
    }
    let mut refused = Vec::new();
    for (status, answer) in shown["responses"].as_object().unwrap() {
        let content = answer["content"].as_object().unwrap();
        let (media, schema) = content.iter().next().unwrap();
        match media.as_str() {
            "application/problem+json" => refused.push(status.as_str()),
            "application/json" => parts.push(format!("{status} {}", link(&schema["schema"]))),
            _ => parts.push(format!("{status} `{media}`")),
        }
    }
    parts.push(format!("else {}", refused.join(", ")));
    writeln!(out, "{}", parts.join(" · ")).unwrap();
}

fn link(schema: &Value) -> String {
    let items = &schema["properties"]["items"]["items"];
    let (of, page) = if items.is_object() {
        (items, "a page of ")
    } else {
        (schema, "")
    };
    let name = of["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    format!("{page}[{name}](#{})", name.to_lowercase())
}

fn object(name: &str, schema: &Value, out: &mut String) {
    writeln!(
        out,
        "\n### {name}\n\n| member | type | what |\n|---|---|---|"
    )
    .unwrap();
    let required = schema["required"].as_array().unwrap();
    for (member, holds) in schema["properties"].as_object().unwrap() {
        let needed = if required.contains(&json!(member)) {
            ""
        } else {
            ", optional"
        };
        let about = holds["description"].as_str().unwrap().replace('|', "\\|");
        writeln!(out, "| `{member}` | {}{needed} | {about} |", kind(holds)).unwrap();
    }
}

fn kind(holds: &Value) -> String {
    let name = |value: &Value| match value.as_str().unwrap() {
        "array" => "list".to_owned(),
        other => other.to_owned(),
    };
    match holds["type"].as_array() {
        Some(types) => types.iter().map(name).collect::<Vec<_>>().join(" or "),
        None => name(&holds["type"]),
    }
}
