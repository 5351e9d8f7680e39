//! What files declare: issuers, targets, agents and clients with the fields of
//! the admin API (contract §12, §14).

use super::files::{DeclaredEntry, beside, unknown_key};
use super::flaw::ConfigFlaw;
use super::reference::OBJECTS;
use super::secrets::{self, Environment};
use locum_core::ids::{IssuerId, TargetId};
use locum_core::registry::{AuthMethod, FieldProblem, IssuerSpec, TargetSpec};
use locum_engine::declared::{
    Build, Declared, DeclaredAgent, DeclaredClient, DeclaredSecret, Named,
};
use locum_engine::secrets::OVERLAP_MAX;
use locum_engine::{read, times};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::Path;

/// Reads every entry into its type, by itself.
///
/// # Errors
/// The first flaw.
pub(super) fn read(
    entries: &[DeclaredEntry],
    environment: Environment<'_>,
) -> Result<Declared, ConfigFlaw> {
    let mut out = Declared::default();
    for entry in entries {
        known(entry)?;
        let mut members = json(entry)?;
        match entry.array {
            "issuers" => {
                let id = IssuerId::parse(&entry.id).map_err(|flaw| at(entry, &flaw.to_string()))?;
                members.remove("id");
                let spec: IssuerSpec = spec(entry, members)?;
                out.issuers.push(Named { id, spec });
            }
            "targets" => {
                let id = TargetId::parse(&entry.id).map_err(|flaw| at(entry, &flaw.to_string()))?;
                members.remove("id");
                let spec: TargetSpec = spec(entry, members)?;
                out.targets.push(Named { id, spec });
            }
            "agents" => out.agents.push(agent(entry, members, environment)?),
            _ => out.clients.push(client(entry, members, environment)?),
        }
    }
    Ok(out)
}

/// A flaw of an entry.
fn at(entry: &DeclaredEntry, detail: &str) -> ConfigFlaw {
    let (array, id) = (entry.array, &entry.id);
    ConfigFlaw::new(&entry.file, format!("`{array}.{id}`: {detail}"))
}

/// Every member is known.
fn known(entry: &DeclaredEntry) -> Result<(), ConfigFlaw> {
    let of_array = OBJECTS.iter().find(|(array, ..)| *array == entry.array);
    let Some((array, spec, more)) = of_array else {
        return Ok(());
    };
    let schemas = locum_admin::schemas();
    let members = schemas
        .get(*spec)
        .and_then(|schema| schema.get("properties")?.as_object());
    let names: Vec<&str> = members
        .into_iter()
        .flat_map(|members| members.keys().map(String::as_str))
        .chain(more.iter().copied())
        .collect();
    match entry
        .table
        .keys()
        .find(|name| !names.contains(&name.as_str()))
    {
        None => Ok(()),
        Some(unknown) => {
            let detail = unknown_key(unknown, names);
            Err(ConfigFlaw::new(
                &entry.file,
                format!("`{array}.{}`: {detail}", entry.id),
            ))
        }
    }
}

/// The entry as JSON; times become texts.
fn json(entry: &DeclaredEntry) -> Result<Map<String, Value>, ConfigFlaw> {
    fn convert(value: &toml::Value) -> Value {
        match value {
            toml::Value::Datetime(time) => Value::String(time.to_string()),
            toml::Value::Array(items) => items.iter().map(convert).collect(),
            toml::Value::Table(members) => {
                let each = |(name, value): (&String, &toml::Value)| (name.clone(), convert(value));
                Value::Object(members.iter().map(each).collect())
            }
            toml::Value::String(text) => Value::String(text.clone()),
            toml::Value::Integer(number) => Value::from(*number),
            toml::Value::Float(number) => Value::from(*number),
            toml::Value::Boolean(flag) => Value::Bool(*flag),
        }
    }
    match convert(&toml::Value::Table(entry.table.clone())) {
        Value::Object(members) => Ok(members),
        _ => Err(at(entry, "expected a table")),
    }
}

fn spec<T: DeserializeOwned>(
    entry: &DeclaredEntry,
    members: Map<String, Value>,
) -> Result<T, ConfigFlaw> {
    read::whole(members).map_err(|flaws| at(entry, &sentence(&flaws)))
}

/// The first flaws of an object, as one sentence.
pub(super) fn sentence(flaws: &[FieldProblem]) -> String {
    let each = flaws.iter().take(3).map(|flaw| {
        let place = flaw.pointer.trim_start_matches('/').replace('/', ".");
        format!("{place}: {}", flaw.detail)
    });
    each.collect::<Vec<_>>().join("; ")
}

fn text(
    entry: &DeclaredEntry,
    members: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<String>, ConfigFlaw> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(at(entry, &format!("{name}: expected a text"))),
    }
}

fn agent(
    entry: &DeclaredEntry,
    mut members: Map<String, Value>,
    environment: Environment<'_>,
) -> Result<DeclaredAgent, ConfigFlaw> {
    let until = text(entry, &mut members, "certified_until")?;
    let certified_until = until.map(|until| {
        times::read_ms(&until).map(|ms| ms / 1000).ok_or_else(|| {
            at(
                entry,
                "certified_until: expected a time as of RFC 3339 with its offset",
            )
        })
    });
    let build = Build {
        version: text(entry, &mut members, "version")?,
        digest: text(entry, &mut members, "digest")?,
        model: text(entry, &mut members, "model")?,
    };
    let named = SecretNamed::take(entry, &mut members)?;
    let spec: locum_core::registry::AgentSpec = spec(entry, members)?;
    let secret = secret(entry, &spec.auth, named, environment)?;
    Ok(DeclaredAgent {
        spec,
        certified_until: certified_until.transpose()?,
        build,
        secret,
    })
}

fn client(
    entry: &DeclaredEntry,
    mut members: Map<String, Value>,
    environment: Environment<'_>,
) -> Result<DeclaredClient, ConfigFlaw> {
    let named = SecretNamed::take(entry, &mut members)?;
    let spec: locum_core::registry::ClientSpec = spec(entry, members)?;
    let secret = secret(entry, &spec.auth, named, environment)?;
    Ok(DeclaredClient { spec, secret })
}

/// What an entry says of its secret.
struct SecretNamed {
    file: Option<String>,
    overlap_s: Option<u64>,
}

impl SecretNamed {
    fn take(entry: &DeclaredEntry, members: &mut Map<String, Value>) -> Result<Self, ConfigFlaw> {
        let overlap = members.remove("client_secret_overlap_seconds");
        let fits = |value: Value| value.as_u64().filter(|seconds| *seconds <= OVERLAP_MAX);
        let expected =
            || format!("client_secret_overlap_seconds: expected 0 to {OVERLAP_MAX} seconds");
        let overlap = overlap.map(|value| fits(value).ok_or_else(|| at(entry, &expected())));
        Ok(Self {
            file: text(entry, members, "client_secret_file")?,
            overlap_s: overlap.transpose()?,
        })
    }
}

/// The secret of a client whose methods have one, and of no other.
fn secret(
    entry: &DeclaredEntry,
    auth: &[AuthMethod],
    named: SecretNamed,
    environment: Environment<'_>,
) -> Result<Option<DeclaredSecret>, ConfigFlaw> {
    let takes = auth
        .iter()
        .any(|method| matches!(method, AuthMethod::ClientSecret {}));
    let name = secrets::client_secret_name(&entry.id);
    if !takes {
        let without = match (&named.file, named.overlap_s) {
            (Some(_), _) => "client_secret_file",
            (None, Some(_)) => "client_secret_overlap_seconds",
            (None, None) => return Ok(None),
        };
        let detail = format!("{without}: expected `client_secret` among `auth`");
        return Err(at(entry, &detail));
    }
    let path = named.file.map(|file| beside(&entry.file, &file));
    let key = format!("{}.{}.client_secret_file", entry.array, entry.id);
    let found = secrets::presented(
        &entry.file,
        &key,
        path.as_deref().map(Path::new),
        (&name, environment),
    )?;
    let detail = format!("expected its secret in `client_secret_file` or `{name}`, found none");
    let secret = found.ok_or_else(|| at(entry, &detail))?;
    Ok(Some(DeclaredSecret {
        secret,
        overlap_s: named.overlap_s.unwrap_or(0),
    }))
}
