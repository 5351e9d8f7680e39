//! A file for every profile in `deploy/examples`: a target as an operator declares
//! it, made of the example that the profile's rows hold. `tests/deploy` has `locum
//! config check` read each.
//!
//! `LOCUM_BLESS=1 cargo test -p locum-tests examples` writes them anew.

use crate::tree::{none, read, root};
use locum_connectors::{Prepared, Profile, prepare, profiles};
use locum_core::handout::Able;
use locum_core::registry::{Connector, ConnectorKind, LIFETIME_MAX};
use locum_core::scope::Scope;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Longest permit of the examples, in seconds.
const LIFETIME_S: u32 = 300;
/// The scope of a target whose profile names none.
const ONE_SCOPE: &str = "data.read";

#[test]
fn every_profile_has_an_example_that_its_page_names() {
    #[expect(clippy::disallowed_methods, reason = "the switch that blesses")]
    let bless = std::env::var_os("LOCUM_BLESS").is_some();
    let mut findings = Vec::new();
    for profile in profiles() {
        let path = format!("deploy/examples/{}.toml", profile.id());
        let fresh = file(profile);
        if bless {
            std::fs::create_dir_all(root().join("deploy/examples")).unwrap();
            std::fs::write(root().join(&path), &fresh).unwrap();
        } else if std::fs::read_to_string(root().join(&path)).ok() != Some(fresh) {
            findings.push(format!(
                "{path}: stale: run `LOCUM_BLESS=1 cargo test -p locum-tests examples`"
            ));
        }
        // Another test writes the pages meanwhile.
        if !bless && !read(&profile.documentation()).contains(&format!("(../../{path})")) {
            findings.push(format!("{}: no link to `{path}`", profile.documentation()));
        }
    }
    none("examples of profiles", &findings);
}

fn file(profile: &Profile) -> String {
    let example = profile.example();
    let scopes = scopes(&example);
    let prepared = prepared(&example, &scopes);
    let terms = prepared.terms();
    let catalogue = Scope::parse(&scopes.join(" ")).unwrap();
    let mut out = head(profile, &prepared);
    if !terms.never_safe(&catalogue, LIFETIME_S).is_empty() {
        out.push_str(&overhang(&terms.able));
    }
    out.push_str("\n[targets.scopes]\n");
    for scope in &scopes {
        let risk = if scope.ends_with(".read") {
            "low"
        } else {
            "high"
        };
        writeln!(out, "\"{scope}\" = {{ risk = \"{risk}\" }}").unwrap();
    }
    if !terms.able.carries_person {
        out.push_str("\n# The credential does not carry the person: who may do what stands here.\n[targets.entitlements]\n");
        for scope in &scopes {
            writeln!(out, "\"{scope}\" = [\"corp:{}\"]", scope.replace('.', "-")).unwrap();
        }
    }
    connector(&example, &mut out);
    out
}

/// Why the target accepts what outlives its permits.
fn overhang(able: &Able) -> String {
    let life = able.life_s(LIFETIME_S);
    let lives = match life {
        Some(life_s) => format!("A credential lives {life_s} s, longer than `max_lifetime`"),
        None => "How long a credential lives was not declared".to_owned(),
    };
    let without = match life {
        None => {
            "# `token_validity_s` up to `max_lifetime` does without these words where it is true.\n"
        }
        Some(life_s) if life_s <= LIFETIME_MAX => {
            "# A `max_lifetime` of as many seconds does without these words where people's\n# tokens have that long to live.\n"
        }
        Some(_) => "",
    };
    format!(
        "# {lives}, and Locum\n# cannot revoke it: without these words every handout is refused.\n{without}accept_overhang = {{ reason = \"accepted by the owner of the system\" }}\n"
    )
}

/// What to do with the file, and how the target begins.
fn head(profile: &Profile, prepared: &Prepared) -> String {
    let id = profile.id();
    let host = prepared.base_url().trim_start_matches("https://");
    let mut secrets: Vec<_> = prepared
        .secrets()
        .iter()
        .map(|used| used.name.as_str())
        .collect();
    secrets.sort_unstable();
    // A refresh token has to be kept where the vendor rotates it.
    let files = match prepared.kind() {
        ConnectorKind::RefreshVault => "",
        _ => ", or finds them as files in `secrets_dir`",
    };
    let given: String = secrets
        .iter()
        .map(|name| format!("#     locum secrets set {name} --file FILE --reason \"registered\"\n"))
        .collect();
    format!(
        "# {}. What to enter here, and what this cannot do: {}
# The whole way to a first credential: docs/how-to/add-a-vendor.md
# Generated from broker/connectors/src/profiles:
#     LOCUM_BLESS=1 cargo test -p locum-tests examples
#
# Give a running broker the secrets that it names. A broker that never ran starts
# without this file first{files}:
{given}# Allow the host, in `locum.toml`. A name counts at public addresses alone: at a private
# address list the network instead, such as \"10.20.0.0/16\". `ca_file` names an authority
# of your own, where one vouches for the host:
#     [downstream]
#     allow = [\"{host}\"]
#     ca_file = \"/etc/locum/downstream-ca.pem\"
# Copy the file into the folder that `include` names, check, restart, and try:
#     locum config check --config locum.toml
#     locum targets test {id}

[[targets]]
id = \"{id}\"
audience = \"urn:example:{id}\"
delivery = \"handout\"
max_lifetime = {LIFETIME_S}
",
        profile.what(),
        profile.documentation(),
    )
}

fn connector(example: &Value, out: &mut String) {
    out.push_str("\n[targets.connector]\n");
    for name in ["profile", "kind", "base_url"] {
        writeln!(out, "{name} = {}", toml(&example[name])).unwrap();
    }
    for table in ["parameters", "secrets"] {
        let members = sorted(&example[table]);
        if members.is_empty() {
            continue;
        }
        writeln!(out, "\n[targets.connector.{table}]").unwrap();
        for (name, value) in members {
            match value.as_array() {
                Some(items) if items.iter().all(Value::is_object) => {
                    writeln!(out, "{name} = [").unwrap();
                    for item in items {
                        writeln!(out, "  {},", toml(item)).unwrap();
                    }
                    out.push_str("]\n");
                }
                _ => writeln!(out, "{name} = {}", toml(value)).unwrap(),
            }
        }
    }
}

/// The scopes that the example names, by `scopes` or by `principals`.
fn scopes(example: &Value) -> Vec<String> {
    let parameters = &example["parameters"];
    let mapped = sorted(&parameters["scopes"]).into_keys();
    let listed = parameters["principals"].as_array().into_iter().flatten();
    let listed = listed.flat_map(|principal| principal["scopes"].as_array().unwrap());
    let mut names: Vec<String> = mapped
        .chain(listed.map(|name| name.as_str().unwrap().to_owned()))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        names.push(ONE_SCOPE.to_owned());
    }
    names
}

fn prepared(example: &Value, scopes: &[String]) -> Prepared {
    let connector: Connector = serde_json::from_value(example.clone()).unwrap();
    let scope = Scope::parse(&scopes.join(" ")).unwrap();
    prepare(connector.downstream().unwrap(), &scope, false)
        .unwrap_or_else(|flaws| panic!("{flaws:?}"))
}

/// The members by name, whatever the order of maps is in this build.
fn sorted(value: &Value) -> BTreeMap<String, &Value> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), value)).collect()
}

/// A value on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(_) => {
            let members = sorted(value);
            let members = members.iter().map(|(name, value)| {
                let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                let name = if plain {
                    name.clone()
                } else {
                    format!("\"{name}\"")
                };
                format!("{name} = {}", toml(value))
            });
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        // A basic string of TOML is written as one of JSON.
        other => other.to_string(),
    }
}
