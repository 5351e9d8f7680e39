//! The ready file (contract §3): everything a test or a script needs to know
//! of a running dev world.

use super::Addresses;
use super::cast::{AGENTS, APP, IDP, PEOPLE, TARGETS, WORKLOADS};
use super::emulators::{EmulatorAccounts, emulated};
use super::world::{DemoWorld, WorldFlaw};
use locum_ambient::files::write_private;
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;

/// Name of the copy in the data folder, which `locum dev env` reads.
pub const FILE: &str = "dev-ready.json";

/// The ready file's content. `data` is the absolute path of the data folder.
///
/// # Errors
/// When the world lacks part of the cast.
pub fn ready(
    (world, accounts): (&DemoWorld, &EmulatorAccounts),
    at: &Addresses,
    data: &Path,
    pid: u32,
) -> Result<Value, WorldFlaw> {
    let mut all = targets(world, at)?;
    all.extend(vendors(at, accounts));
    let mut ready = json!({
        "pid": pid,
        "issuer": at.issuer,
        "token_endpoint": format!("{}/token", at.issuer),
        "admin_api": format!("{}/admin/v1", at.issuer),
        "admin_token": world.admin_token,
        "operations": at.operations,
        "data": data.to_string_lossy(),
        "idp": {
            "id": IDP, "issuer": at.idp(), "audience": APP,
            "token_endpoint": format!("{}/token", at.idp()), "private_jwk": world.idp,
        },
        "workloads": {
            "id": WORKLOADS, "issuer": at.workloads(),
            "token_endpoint": format!("{}/token", at.workloads()), "private_jwk": world.workloads,
        },
        "people": people(world)?,
        "agents": agents(world)?,
        "targets": all,
    });
    if let (Value::Object(members), Some(ca)) = (&mut ready, &at.ca) {
        let file = ca.file.to_string_lossy().into_owned();
        members.insert("ca_file".to_owned(), Value::String(file));
    }
    Ok(ready)
}

/// The emulated vendors' targets, by id.
fn vendors(at: &Addresses, accounts: &EmulatorAccounts) -> Map<String, Value> {
    let member = |one: super::emulators::Emulated| {
        let audience = format!("urn:demo:{}", one.id);
        let body = json!({"audience": audience, "url": one.url, "vendor": one.vendor()});
        (one.id.to_owned(), body)
    };
    emulated(at, accounts).into_iter().map(member).collect()
}

/// Writes the ready file into the data folder and, if asked, elsewhere: whole,
/// by rename, mode 0600. To be called once requests are answered.
///
/// # Errors
/// Whatever the file system says.
pub fn announce(ready: &Value, data: &Path, elsewhere: Option<&Path>) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(ready)?;
    write_private(&data.join(FILE), &text)?;
    match elsewhere {
        Some(path) => write_private(path, &text),
        None => Ok(()),
    }
}

fn people(world: &DemoWorld) -> Result<Map<String, Value>, WorldFlaw> {
    let mut all = Map::new();
    for person in &PEOPLE {
        let body = json!({
            "sub": format!("{IDP}:{}", person.name), "idp_sub": person.name,
            "password": world.password(person.name)?,
        });
        all.insert(person.name.to_owned(), body);
    }
    Ok(all)
}

fn agents(world: &DemoWorld) -> Result<Map<String, Value>, WorldFlaw> {
    let mut all = Map::new();
    for agent in &AGENTS {
        let proof = world.agent(agent.id)?;
        let body = json!({
            "client_id": agent.id, "client_secret": proof.client_secret,
            "private_jwk": proof.private_jwk,
        });
        all.insert(agent.id.to_owned(), body);
    }
    Ok(all)
}

fn targets(world: &DemoWorld, at: &Addresses) -> Result<Map<String, Value>, WorldFlaw> {
    let mut all = Map::new();
    for target in &TARGETS {
        let body = json!({
            "audience": target.audience(), "url": at.target(target.id),
            "rs_client_id": target.client_id(), "rs_client_secret": world.server_secret(target.id)?,
        });
        all.insert(target.id.to_owned(), body);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::{DevAuthority, test_world};
    use super::*;

    #[test]
    fn the_ready_file_has_every_member_of_the_contract() {
        let world = DemoWorld::generate(&test_world::noise()).unwrap();
        let accounts = test_world::accounts();
        let at = test_world::addresses();
        let ready = ready((&world, &accounts), &at, Path::new("/data"), 4711).unwrap();
        let names = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let top = "pid issuer token_endpoint admin_api admin_token operations data idp workloads people agents targets";
        assert_eq!(names(&ready), top.split(' ').collect::<Vec<_>>());
        assert_eq!(ready["pid"], 4711);
        assert_eq!(ready["admin_api"], "http://127.0.0.1:8420/admin/v1");
        assert_eq!(
            names(&ready["idp"]),
            ["id", "issuer", "audience", "token_endpoint", "private_jwk"]
        );
        assert_eq!(
            ready["workloads"]["token_endpoint"],
            "http://127.0.0.1:8421/workloads/token"
        );
        assert_eq!(ready["people"]["eve"]["sub"], "demo:eve");
        assert_eq!(
            names(&ready["agents"]["soc-agent"]),
            ["client_id", "client_secret", "private_jwk"]
        );
        assert!(ready["agents"]["hr-agent"]["private_jwk"]["d"].is_string());
        let sap = &ready["targets"]["sap"];
        assert_eq!(
            names(sap),
            ["audience", "url", "rs_client_id", "rs_client_secret"]
        );
        assert_eq!(sap["url"], "http://127.0.0.1:8421/sap");
    }

    #[test]
    fn over_https_the_ready_file_names_the_authority() {
        let world = DemoWorld::generate(&test_world::noise()).unwrap();
        let mut at = test_world::addresses();
        at.ca = Some(DevAuthority {
            file: "/data/dev-ca.pem".into(),
            pem: String::new(),
        });
        let ready = ready(
            (&world, &test_world::accounts()),
            &at,
            Path::new("/data"),
            4711,
        )
        .unwrap();
        assert_eq!(ready["ca_file"], "/data/dev-ca.pem");
    }

    #[test]
    fn both_copies_are_the_same() {
        let data = tempfile::tempdir().unwrap();
        let elsewhere = data.path().join("elsewhere.json");
        announce(&json!({"pid": 1}), data.path(), Some(&elsewhere)).unwrap();
        let read = |path: &Path| std::fs::read(path).unwrap();
        assert_eq!(read(&elsewhere), read(&data.path().join(FILE)));
    }
}
