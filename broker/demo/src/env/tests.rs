#![allow(clippy::unwrap_used, reason = "tests")]
use super::super::test_world;
use super::super::world::DemoWorld;
use super::*;

fn announced(issuer: String, pid: u32) -> (tempfile::TempDir, DemoWorld) {
    let data = tempfile::Builder::new()
        .prefix("it's here")
        .tempdir()
        .unwrap();
    let world = DemoWorld::generate(&test_world::noise()).unwrap();
    let at = super::super::Addresses {
        issuer,
        ..test_world::addresses()
    };
    let ready = ready::ready((&world, &test_world::accounts()), &at, data.path(), pid).unwrap();
    ready::announce(&ready, data.path(), None).unwrap();
    (data, world)
}

#[test]
fn a_running_dev_world_is_printed_for_a_shell() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let (data, world) = announced(issuer.clone(), std::process::id());
    let text = env(&locate(Some(data.path()), None).unwrap()).unwrap();
    let secret = world.client_secret("invoice-agent").unwrap().expose();
    let path = data.path().join("dev-ready.json");
    let path = path.to_string_lossy().replace('\'', "'\\''");
    let first = format!(
        "export LOCUM_ISSUER={issuer} LOCUM_ADMIN_API={issuer}/admin/v1 LOCUM_ADMIN_TOKEN={} LOCUM_ADMIN_TOKEN_FILE='' \
         LOCUM_CLIENT_ID=invoice-agent LOCUM_CLIENT_SECRET={secret} LOCUM_CLIENT_SECRET_FILE='' LOCUM_DEV_READY='{path}' DEMO_IDP={} DEMO_ADA_PASSWORD={} DEMO_SAP={}",
        world.admin_token.expose(),
        test_world::addresses().idp() + "/token",
        world.password("ada").unwrap().expose(),
        test_world::addresses().target("sap"),
    );
    assert!(
        text.lines().next() == Some(first.as_str()),
        "the first line differs"
    );
    let ada = format!(
        "# ada signs in with {}",
        world.password("ada").unwrap().expose()
    );
    assert!(
        text.lines().any(|line| line == ada),
        "ada's line is missing"
    );
    assert!(
        text.lines().skip(1).all(|line| line.starts_with('#')),
        "a later line is no comment"
    );
}

#[test]
fn a_dead_dev_world_is_named_and_nothing_printed() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (data, _) = announced(format!("http://{port}"), std::process::id());
    let flaw = env(&locate(Some(data.path()), None).unwrap()).unwrap_err();
    assert!(flaw.to_string().contains("has ended"), "{flaw}");
}

#[test]
fn the_data_folder_asked_for_wins_over_the_environment() {
    let named = Path::new("/named/ready.json");
    assert_eq!(locate(None, Some(named)).unwrap(), named);
    let found = locate(Some(Path::new("/data")), Some(named)).unwrap();
    assert_eq!(found, Path::new("/data/dev-ready.json"));
    assert!(env(Path::new("/nowhere/dev-ready.json")).is_err());
}
