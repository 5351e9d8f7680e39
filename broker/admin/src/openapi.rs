//! `/openapi.json`: the admin API in its own words, OpenAPI 3.1, made from one
//! table of operations.

mod about;
mod schemas;
mod table;

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use serde_json::{Map, Value, json};
use table::{Operation, TABLE};

/// The schemas of everything that is sent and shown, by name.
#[must_use]
pub fn schemas() -> Map<String, Value> {
    schemas::all()
}

/// `GET /openapi.json`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(document(&call.api.broker.issuer)))
}

/// The document; `issuer` is Locum's.
fn document(issuer: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in TABLE {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| json!({ "parameters": in_path(operation.path) }));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.to_owned(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Locum admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Agents, targets, issuers, grants, policies, locks, revocations and the record of decisions.",
        },
        "servers": [{ "url": format!("{issuer}/admin/v1") }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas::all(),
        },
    })
}

/// The parameters that a path's braces name.
fn in_path(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|step| step.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        })
        .collect()
}

fn described(operation: &Operation) -> Value {
    let mut out = Map::new();
    out.insert("summary".into(), json!(operation.summary));
    let roles = match operation.role {
        Some(role) => format!("Roles: `admin`{role}."),
        None => "Roles: every one.".to_owned(),
    };
    out.insert("description".into(), json!(roles));
    out.insert("parameters".into(), json!(parameters(operation)));
    if let Some(body) = operation.body {
        out.insert(
            "requestBody".into(),
            json!({ "required": true, "content": content("application/json", body) }),
        );
    }
    let mut responses = Map::new();
    for (status, schema) in operation.answers {
        let answer = json!({
            "description": table::meaning(*status),
            "content": content(media(schema), schema),
        });
        responses.insert(status.to_string(), answer);
    }
    for status in operation.refusals() {
        let answer = json!({
            "description": table::meaning(status),
            "content": content("application/problem+json", "Problem"),
        });
        responses.insert(status.to_string(), answer);
    }
    out.insert("responses".into(), Value::Object(responses));
    Value::Object(out)
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let text = json!({ "type": "string" });
    let query = |name: &&str| json!({ "name": name, "in": "query", "schema": text });
    let header = |name: &str| json!({ "name": name, "in": "header", "schema": text });
    let mut out: Vec<Value> = operation.query.iter().map(query).collect();
    if operation.method == "post" {
        out.push(header("Idempotency-Key"));
    }
    if matches!(operation.method, "put" | "delete") {
        out.push(header("If-Match"));
    }
    out
}

fn media(schema: &str) -> &'static str {
    if schema == table::TAR {
        "application/x-tar"
    } else {
        "application/json"
    }
}

/// A body of that schema; `[X]` is a page of `X`.
fn content(media: &str, schema: &str) -> Value {
    let link = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let schema = match schema
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
    {
        None => link(schema),
        Some(name) => json!({
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": { "type": "array", "items": link(name) },
                "next": { "type": ["string", "null"], "description": "the `cursor` of the next page" },
            },
        }),
    };
    let mut out = Map::new();
    out.insert(media.to_owned(), json!({ "schema": schema }));
    Value::Object(out)
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
