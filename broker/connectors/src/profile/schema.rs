//! A profile as JSON shows it.

use super::{Chosen, Form, Member, Need, Parameter, Profile, Row};
use locum_core::registry::ConnectorKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl Profile {
    /// An item of `GET /admin/v1/profiles` (contract §15). The schema holds the
    /// parameters of all kinds, and requires those that every kind requires;
    /// the abilities are those of the first kind with defaults.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let kinds: Vec<_> = self.kinds().collect();
        json!({
            "id": self.id,
            "kinds": kinds,
            "parameters": self.schema(self.rows),
            "secrets": self.roles(self.rows),
            "credential": self.able_by_default(),
            "documentation": self.documentation(),
        })
    }

    /// The JSON Schema of the parameters of one kind.
    #[must_use]
    pub fn parameters(&self, kind: ConnectorKind) -> Option<Value> {
        let row = self.row(Some(kind))?;
        Some(self.schema(std::slice::from_ref(row)))
    }

    /// The roles of secrets of one kind: name and what it is.
    #[must_use]
    pub fn secrets(&self, kind: ConnectorKind) -> Option<Value> {
        let row = self.row(Some(kind))?;
        Some(self.roles(std::slice::from_ref(row)))
    }

    /// A connector that passes the check, for a catalogue of the scopes that it
    /// names.
    #[must_use]
    pub fn example(&self) -> Value {
        let Some(row) = self.rows.first() else {
            return Value::Null;
        };
        let mut parameters = Map::new();
        for parameter in row.parameters {
            if let Ok(value) = serde_json::from_str::<Value>(parameter.example) {
                parameters.insert(parameter.name.to_owned(), value);
            }
        }
        let principals = parameters.contains_key("principals");
        let secrets: Map<String, Value> = row
            .roles
            .iter()
            .filter(|role| role.needed != super::Needed::Never)
            .filter(|role| !(principals && role.name == row.account_role))
            .map(|role| {
                let name = format!("{}-{}", self.id, role.name);
                (role.name.to_owned(), Value::String(name))
            })
            .collect();
        let mut example = json!({
            "kind": row.kind, "profile": self.id, "base_url": self.example_url,
            "parameters": parameters,
        });
        if let (Some(members), false) = (example.as_object_mut(), secrets.is_empty()) {
            members.insert("secrets".to_owned(), Value::Object(secrets));
        }
        example
    }

    fn able_by_default(&self) -> Option<Value> {
        let row = self.rows.first()?;
        let values = row.defaults();
        let able = (self.able)(&Chosen {
            kind: row.kind,
            values: &values,
            principals: false,
        });
        Some(able.to_json())
    }

    fn roles(&self, rows: &[Row]) -> Value {
        let mut roles: Vec<Value> = Vec::new();
        for role in rows.iter().flat_map(|row| row.roles) {
            if !roles.iter().any(|known| known["name"] == role.name) {
                roles.push(json!({"name": role.name, "what": role.what}));
            }
        }
        Value::Array(roles)
    }

    fn schema(&self, rows: &[Row]) -> Value {
        let mut all: BTreeMap<&str, (&Parameter, Vec<ConnectorKind>)> = BTreeMap::new();
        for row in rows {
            for parameter in row.parameters {
                let entry = all.entry(parameter.name);
                entry
                    .or_insert_with(|| (parameter, Vec::new()))
                    .1
                    .push(row.kind);
            }
        }
        let every = |name: &str, is: fn(Need) -> bool| {
            rows.iter()
                .all(|row| row.parameter(name).is_some_and(|p| is(p.need)))
        };
        let mut properties = Map::new();
        for (name, (parameter, kinds)) in &all {
            let only = (kinds.len() < rows.len()).then_some(kinds.as_slice());
            properties.insert((*name).to_owned(), property(parameter, only));
        }
        let required: Vec<_> = all
            .keys()
            .filter(|name| every(name, |need| matches!(need, Need::Required)))
            .collect();
        let mut schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object", "additionalProperties": false,
            "properties": properties, "required": required,
        });
        let either = all
            .keys()
            .find(|name| every(name, |need| matches!(need, Need::UnlessPrincipals)));
        if let (Some(name), Some(members)) = (either, schema.as_object_mut()) {
            members.insert(
                "anyOf".to_owned(),
                json!([{"required": [name]}, {"required": ["principals"]}]),
            );
        }
        schema
    }
}

fn property(parameter: &Parameter, only: Option<&[ConnectorKind]>) -> Value {
    let mut property = form(parameter.form);
    let Some(members) = property.as_object_mut() else {
        return property;
    };
    let mut what = parameter.what.to_owned();
    if let Some(kinds) = only {
        let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
        what.push_str(&format!(" Only with `kind` {}.", names.join(", ")));
    }
    let default = match parameter.need {
        Need::Required | Need::UnlessPrincipals | Need::Optional => None,
        Need::Text(text) => Some(json!(text)),
        Need::Number(number) => Some(json!(number)),
        Need::Flag(flag) => Some(json!(flag)),
        Need::Derived(words) => {
            what.push_str(&format!(" Default: {words}."));
            None
        }
    };
    members.insert("description".to_owned(), Value::String(what));
    if let Some(default) = default {
        members.insert("default".to_owned(), default);
    }
    property
}

fn form(form: Form) -> Value {
    let text = json!({"type": "string", "minLength": 1, "maxLength": 1024});
    match form {
        Form::Text | Form::Token | Form::Template => text,
        Form::Segment => json!({"type": "string", "minLength": 1, "maxLength": 256}),
        Form::Path => {
            json!({"type": "string", "pattern": "^/", "minLength": 1, "maxLength": 1024})
        }
        Form::Choice(choices) => json!({"type": "string", "enum": choices}),
        Form::Flag => json!({"type": "boolean"}),
        Form::Seconds { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Form::Object => json!({"type": "object"}),
        Form::Subjects | Form::Vault | Form::Extra | Form::Scopes => {
            json!({"type": "object", "additionalProperties": text})
        }
        Form::Texts => json!({"oneOf": [
            text, {"type": "array", "items": text, "minItems": 1, "maxItems": 16},
        ]}),
        Form::Principals(members) => json!({
            "type": "array", "minItems": 1, "maxItems": 64, "items": principal(members),
        }),
    }
}

fn principal(members: &[Member]) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "scopes".to_owned(),
        json!({
            "type": "array", "minItems": 1, "maxItems": 64, "items": {"type": "string"},
            "description": "Our scopes: exactly what the account may do.",
        }),
    );
    properties.insert(
        "secret".to_owned(),
        json!({"type": "string", "description": "The name of the account's secret."}),
    );
    for member in members {
        let mut property = form(member.form);
        if let Some(object) = property.as_object_mut() {
            object.insert("description".to_owned(), json!(member.what));
        }
        properties.insert(member.name.to_owned(), property);
    }
    json!({
        "type": "object", "additionalProperties": false,
        "properties": properties, "required": ["scopes", "secret"],
    })
}
