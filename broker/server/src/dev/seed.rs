//! The facts of the dev world (contract §3), recorded once, at the first start
//! on a data folder, in one record.

use locum_core::ids::{CredentialId, IssuerId, SecretName, TargetId, VersionId};
use locum_core::registry::{
    Agent, AgentSpec, Client, ClientSpec, Issuer, Target, Version, VersionState,
};
use locum_demo::facts::DemoFacts;
use locum_demo::world::DemoWorld;
use locum_engine::broker::Broker;
use locum_engine::unavailable::Unavailable;
use locum_policy::Bundle;
use locum_stores::state::{AdminCredential, Author, Change, Policies, Role};
use serde_json::Value;

/// Records the facts, unless the folder has some already.
///
/// # Errors
/// [`Unavailable`] when a fact is not of its shape or cannot be recorded.
pub(crate) async fn seed(
    broker: &Broker,
    world: &DemoWorld,
    facts: &DemoFacts,
) -> Result<(), Unavailable> {
    let changing = broker.records.changing().await?;
    if broker
        .records
        .state
        .read()
        .registry
        .agents()
        .next()
        .is_some()
    {
        return Ok(());
    }
    let bundle = Bundle::load(&facts.policies)
        .map_err(|_| Unavailable("the demo policies do not load".into()))?;
    let mut changes = registry(broker, facts)?;
    changes.extend(secrets(broker, facts)?);
    changes.extend(credentials(broker, world, facts));
    changes.push(Change::Policies {
        policies: Policies {
            bundle: bundle.address().to_owned(),
            count: bundle.count(),
            files: facts.policies.clone(),
        },
    });
    let author = Author {
        by: "locum dev".into(),
        credential: None,
        reason: "the demo facts".into(),
        request_id: None,
    };
    let draft = broker.records.draft(&changes, &author)?;
    broker.policies.checked(bundle);
    broker.records.change(&changing, draft).await?;
    drop(changing);
    broker.ensure_declared_keys().await
}

fn shape<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, Unavailable> {
    serde_json::from_value(value.clone()).map_err(|e| Unavailable(format!("a demo fact: {e}")))
}

fn registry(broker: &Broker, facts: &DemoFacts) -> Result<Vec<Change>, Unavailable> {
    let created_at_ms = broker.records.clock.now_ms();
    let flaw = |e: locum_core::ids::IdFlaw| Unavailable(e.to_string());
    let mut changes = Vec::new();
    for (id, value) in &facts.issuers {
        let issuer = Issuer {
            id: IssuerId::parse(id).map_err(flaw)?,
            spec: shape(value)?,
            created_at_ms,
        };
        changes.push(Change::Issuer { issuer });
    }
    for value in &facts.clients {
        let spec: ClientSpec = shape(value)?;
        changes.push(Change::Client {
            client: Client {
                spec,
                created_at_ms,
            },
        });
    }
    for (id, value) in &facts.targets {
        let target = Target {
            id: TargetId::parse(id).map_err(flaw)?,
            spec: shape(value)?,
            created_at_ms,
        };
        changes.push(Change::Target { target });
    }
    for fact in &facts.agents {
        let spec: AgentSpec = shape(&fact.body)?;
        changes.push(Change::Agent {
            agent: certified(broker, spec, &fact.version, &fact.certify)?,
        });
    }
    Ok(changes)
}

/// What Locum proves itself with at the emulated vendors.
fn secrets(broker: &Broker, facts: &DemoFacts) -> Result<Vec<Change>, Unavailable> {
    let mut changes = Vec::new();
    for (name, value) in &facts.secrets {
        let name = SecretName::parse(name).map_err(|e| Unavailable(e.to_string()))?;
        let now_ms = broker.records.clock.now_ms();
        let secret = broker.upstream.made(name, value, now_ms)?;
        changes.push(Change::UpstreamSecret { secret });
    }
    Ok(changes)
}

/// An agent with one certified version, as its two requests would make it.
fn certified(
    broker: &Broker,
    spec: AgentSpec,
    version: &Value,
    certify: &Value,
) -> Result<Agent, Unavailable> {
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = VersionId(broker.records.mint());
    let until: jiff::Timestamp = text(certify, "until")
        .and_then(|until| until.parse().ok())
        .ok_or_else(|| Unavailable("a demo certification without an end".into()))?;
    let mut agent = Agent::new(spec, broker.records.clock.now_ms());
    agent.versions.push(Version {
        id,
        version: text(version, "version").unwrap_or_default(),
        digest: text(version, "digest"),
        model: text(version, "model"),
        state: VersionState::Draft,
        created_at_ms: broker.records.clock.now_ms(),
    });
    let until = u64::try_from(until.as_second()).unwrap_or_default();
    agent
        .certify(id, until)
        .map_err(|e| Unavailable(e.to_string()))
}

/// The hashes of the demo secrets and of the admin token.
fn credentials(broker: &Broker, world: &DemoWorld, facts: &DemoFacts) -> Vec<Change> {
    let agents = facts.agents.iter().map(|fact| fact.id.to_owned());
    let servers = facts
        .clients
        .iter()
        .filter_map(|value| value.get("id")?.as_str().map(str::to_owned));
    let secrets = agents.chain(servers).filter_map(|client| {
        let secret = world.client_secret(&client)?;
        Some(Change::Secrets {
            hashes: vec![broker.records.vault.hash(secret.expose(), None)],
            client,
        })
    });
    let admin = AdminCredential {
        id: CredentialId(broker.records.mint()),
        name: "dev-admin".into(),
        role: Role::Admin,
        expires_s: None,
        created_at_ms: broker.records.clock.now_ms(),
        revoked: false,
        hash: broker
            .records
            .vault
            .hash(world.admin_token.expose(), None)
            .hash,
    };
    secrets
        .chain([Change::Credential { credential: admin }])
        .collect()
}
