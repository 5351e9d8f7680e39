#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::registry::IssuerKind;
use locum_engine::bounds::Bounds;
use locum_engine::issuer_keys::TrustSettings;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

const LEAST: &str = "issuer = 'https://broker.example'\ndata_dir = 'data'\n";

fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    home
}

fn read(home: &TempDir) -> Result<Config, ConfigFlaw> {
    load(&home.path().join("locum.toml"), &|_| None)
}

fn refused(text: &str) -> String {
    match read(&home(&[("locum.toml", text)])) {
        Ok(_) => panic!("accepted: {text}"),
        Err(flaw) => flaw.detail,
    }
}

#[test]
fn every_default_is_that_of_the_contract() {
    let config = read(&home(&[("locum.toml", LEAST)])).unwrap();
    let settings = config.settings;
    assert_eq!(settings.listen.public.to_string(), "0.0.0.0:8420");
    assert_eq!(settings.listen.operations.to_string(), "127.0.0.1:8423");
    assert_eq!(settings.listen.admin, None);
    assert_eq!(settings.keys.rotate_days, 30);
    let limits = Bounds {
        requests_per_client_per_s: Some(1000),
        ..Bounds::default()
    };
    assert_eq!(settings.limits, limits);
    assert_eq!(settings.trust, TrustSettings::default());
    assert!(!settings.grants.allow_administrator);
    let unbounded = format!("{LEAST}[limits]\nrequests_per_client_per_s = 0\n");
    let settings = read(&home(&[("locum.toml", &unbounded)])).unwrap().settings;
    assert_eq!(settings.limits, Bounds::default());
}

#[test]
fn paths_count_from_the_file_that_names_them() {
    let text = format!("include = ['conf.d/*.toml']\n{LEAST}");
    let more = "[policy]\ndir = 'policies'\n[keys]\nmaster_key_file = '/etc/master.key'\n";
    let home = home(&[
        ("locum.toml", &text),
        ("conf.d/b.toml", more),
        ("conf.d/.hidden.toml", "nonsense"),
        ("conf.d/b.txt", "nonsense"),
    ]);
    let settings = read(&home).unwrap().settings;
    assert_eq!(settings.data_dir, home.path().join("data"));
    assert_eq!(
        settings.policy.dir,
        Some(home.path().join("conf.d/policies"))
    );
    assert_eq!(
        settings.keys.master_key_file,
        Some("/etc/master.key".into())
    );
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    for (text, said) in [
        (
            "isuer = 1",
            "unknown key `isuer`; the nearest known one is `issuer`",
        ),
        (
            "[limit]\nx = 1",
            "unknown key `limit`; the nearest known one is `limits`",
        ),
        (
            "[limits]\nbody_byte = 1",
            "unknown key `limits.body_byte`; the nearest known one is `limits.body_bytes`",
        ),
        (
            "body_bytes = 1",
            "the nearest known one is `limits.body_bytes`",
        ),
        (
            "[[agent]]\nid = 'x'",
            "unknown key `agent`; the nearest known one is `agents`",
        ),
        (
            "[[agents]]\nid = 'x'\nownr = 1",
            "`agents.x`: unknown key `ownr`; the nearest known one is `owner`",
        ),
        (
            "[[agents]]\nid = 'x'\nowner = { kind = 'team', di = 'y' }",
            "the nearest is `id`",
        ),
        ("'limits.body_bytes' = 1", "unknown key"),
        (
            "[store]\nreddis = 'x'",
            "the nearest known one is `store.redis`",
        ),
    ] {
        let found = refused(&format!("{LEAST}{text}\n"));
        assert!(found.contains(said), "{text}: {found}");
    }
}

#[test]
fn a_value_of_another_kind_is_refused_and_not_repeated() {
    for text in [
        "[limits]\nbody_bytes = 'visible'",
        "[limits]\nmax_depth = 17",
        "[limits]\nmax_depth = -1",
        "[listen]\npublic = 'visible'",
        "[listen]\npublic = 8420",
        "[network]\nallow_private = ['visible']",
        "[network]\nallow_private = ['10.0.0.1/8']",
        "[grants]\nallow_administrator = 'visible'",
        "[tls]\ncert_file = ''",
        "limits = 'visible'",
        "[[issuers]]\nissuer = 'visible'",
        "issuers = 'visible'",
        "agents = ['visible']",
        "include = 'visible'",
        "include = ['*/visible.toml']",
        "x = visible",
    ] {
        let found =
            refused(&format!("include = []\n{LEAST}{text}\n").replacen("include = []\n", "", 1));
        assert!(
            !found.contains("visible") || found.contains("TOML"),
            "{text}: {found}"
        );
    }
    assert!(refused("data_dir = 'x'").contains("`issuer`"));
}

#[test]
fn an_included_file_that_is_missing_is_a_flaw_and_an_empty_folder_is_none() {
    let text = format!("include = ['nowhere/*.toml']\n{LEAST}");
    read(&home(&[("locum.toml", &text)])).unwrap();
    assert!(refused(&format!("include = ['nowhere.toml']\n{LEAST}")).contains("cannot be read"));
}

#[test]
fn of_a_file_without_an_end_no_more_is_read_than_one_may_hold() {
    let text = format!("include = ['/dev/zero']\n{LEAST}");
    let found = refused(&text);
    assert!(found.contains("expected at most"), "{found}");
    let text = format!("{LEAST}[[clients]]\nid = 'x'\nkind = 'presenter'\n");
    let more = "auth = [{ method = 'client_secret' }]\nclient_secret_file = '/dev/zero'\n";
    let found = refused(&format!("{text}{more}"));
    assert!(found.contains("expected at most"), "{found}");
}

#[test]
fn objects_are_read_with_the_fields_of_the_api() {
    let more = r#"
[[issuers]]
id = "corp"
issuer = "https://idp.example"
kind = "oidc"
role = "subject"
scope_map = { read = ["sap:invoice.read"] }
[[agents]]
id = "bot"
owner = { kind = "team", id = "finance-it" }
certified_until = 2027-01-31T00:00:00Z
version = "3"
"#;
    let config = read(&home(&[("locum.toml", &format!("{LEAST}{more}"))])).unwrap();
    let issuer = &config.declared.issuers[0];
    assert_eq!(
        (issuer.id.as_str(), issuer.spec.kind),
        ("corp", IssuerKind::Oidc)
    );
    let agent = &config.declared.agents[0];
    assert_eq!(agent.certified_until, Some(1_801_353_600));
    assert_eq!(agent.build.version.as_deref(), Some("3"));
    assert!(
        config
            .declared
            .names()
            .contains(&("agents", "bot".to_owned()))
    );
    for text in [
        "certified_until = 'tomorrow'",
        "certified_until = 2027-01-31",
        "client_secret_file = 'x'",
        "client_secret_overlap_seconds = 60",
        "auth = [{ method = 'client_secret' }]\nclient_secret_overlap_seconds = 86401",
        "auth = [{ method = 'client_secret' }]\nclient_secret_overlap_seconds = '60'",
        "auth = [{ method = 'client_secret' }]",
        "auth = [{ method = 'trust_me' }]",
    ] {
        let entry =
            format!("[[agents]]\nid = 'x'\nowner = {{ kind = 'team', id = 'y' }}\n{text}\n");
        let found = refused(&format!("{LEAST}{entry}"));
        assert!(found.starts_with("`agents.x`: "), "{text}: {found}");
    }
}

#[test]
fn explain_knows_every_key_and_where_it_came_from() {
    let home = home(&[("locum.toml", &format!("{LEAST}[limits]\nmax_hops = 6\n"))]);
    let file = home.path().join("locum.toml");
    for key in reference::KEYS {
        let rows = explain(&file, key.name).unwrap();
        assert_eq!((rows.len(), rows[0].key.as_str()), (1, key.name));
        let said = rows[0].to_string();
        let given = ["issuer", "data_dir", "limits.max_hops"].contains(&key.name);
        assert_eq!(said.contains("locum.toml"), given, "{said}");
        assert_eq!(said.contains("# default"), !given, "{said}");
    }
    assert_eq!(explain(&file, "limits").unwrap().len(), 10);
    assert!(
        explain(&file, "limits.max_hop")
            .unwrap_err()
            .detail
            .contains("`limits.max_hops`")
    );
    assert!(explain(&file, "agents.x").is_err());
}

#[test]
fn an_explanation_is_data_as_well_as_text() {
    let text = "[[agents]]\nid = \"x\"\nowner = { kind = \"team\", id = \"y\" }\n\
        name = \"\"\"\na  # b\nc = 1\"\"\"\ncertified_until = 2099-12-31T00:00:00Z\n";
    let home = home(&[("locum.toml", &format!("{LEAST}{text}"))]);
    let file = home.path().join("locum.toml");
    let from = file.display().to_string();
    let row = |key: &str| explain(&file, key).unwrap().remove(0);
    let shown = |key: &str| row(key).to_json();
    let given = |key: &str, value| json!({"key": key, "value": value, "from": from});
    let missing = |key: &str, value| json!({"key": key, "value": value, "from": "default"});
    for (key, value) in [
        ("agents.x.name", json!("a  # b\nc = 1")),
        ("agents.x.owner", json!({"kind": "team", "id": "y"})),
        ("agents.x.certified_until", json!("2099-12-31T00:00:00Z")),
    ] {
        assert_eq!(shown(key), given(key, value));
    }
    for (key, value) in [
        ("limits.max_hops", json!(8)),
        ("tls.cert_file", json!(null)),
        ("targets", json!([])),
    ] {
        assert_eq!(shown(key), missing(key, value));
    }
    let read: toml::Table = toml::from_str(&row("agents.x.name").to_string()).unwrap();
    assert_eq!(read["agents"]["x"]["name"].as_str(), Some("a  # b\nc = 1"));
}

#[test]
fn every_default_and_every_key_reach_the_settings() {
    let config = read(&home(&[("locum.toml", LEAST)]));
    assert!(
        config.is_ok(),
        "no key of the table is unknown to the settings"
    );
    for key in reference::KEYS {
        if let Some(default) = key.default {
            assert!(
                serde_json::from_str::<Value>(default).is_ok(),
                "{}",
                key.name
            );
        }
    }
}

#[test]
fn the_reference_schema_is_the_one_the_command_prints() {
    locum_ambient::testing::is_whole("locum.schema.json", &schema::text());
}

#[test]
fn the_reference_names_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/configuration.md");
    let page = fs::read_to_string(path).unwrap();
    for key in reference::KEYS {
        let row = format!("| `{}` |", key.name);
        let line = page.lines().find(|line| line.starts_with(&row));
        let line = line.unwrap_or_else(|| panic!("{} has no row", key.name));
        let default = key
            .default
            .map_or("–".to_owned(), |text| format!("`{text}`"));
        assert_eq!(
            line,
            format!("{row} {default} | {} |", key.about),
            "{}",
            key.name
        );
    }
    for name in [
        secrets::MASTER_KEY,
        secrets::BOOTSTRAP_TOKEN,
        secrets::CLIENT_SECRET,
    ] {
        assert!(page.contains(name), "{name}");
    }
}
