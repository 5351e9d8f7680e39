//! Everything of the dev world that is secret: made once, kept in
//! `<data>/dev-world.json`, so that a restart finds the same keys, passwords
//! and credentials.

use super::cast::{AGENTS, PEOPLE, TARGETS};
use super::keys::{DemoKey, KeyFlaw};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use locum_ambient::files::write_private;
use locum_core::jcs::hex;
use locum_core::secret::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use subtle::ConstantTimeEq;

/// Name of the file in the data folder.
pub const FILE: &str = "dev-world.json";
/// Version of the file's shape.
const VERSION: u32 = 1;
/// Bytes of randomness in a client secret or the admin token (contract §11).
const SECRET_BYTES: usize = 32;
/// Bytes of randomness in a person's password.
const PASSWORD_BYTES: usize = 18;

/// Why there is no dev world.
#[derive(Debug, thiserror::Error)]
pub enum WorldFlaw {
    /// The file system failed.
    #[error("cannot use `{FILE}`: {0}")]
    Io(#[from] io::Error),
    /// The file is not what this version writes. The parser's own words are
    /// left out: they may quote a secret.
    #[error(
        "expected a dev world of version {VERSION} in `{FILE}`, found line {line} to be something else"
    )]
    Shape {
        /// Line at which reading stopped.
        line: usize,
    },
    /// A key cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyFlaw),
    /// Part of the cast is missing from the file.
    #[error("expected `{0}` in `{FILE}`, found nothing; start over in a new data folder")]
    Missing(String),
}

/// A secret of the demo. It can be written into the files named `dev-*` and
/// the ready file, and nowhere else: no `Debug`, no `Display`.
pub struct DemoSecret(Secret<String>);

impl DemoSecret {
    /// A secret that was made elsewhere.
    pub(crate) const fn of(secret: Secret<String>) -> Self {
        Self(secret)
    }

    /// So many random bytes, as base64url.
    pub(crate) fn random(bytes: usize, fill: &dyn Fn(&mut [u8])) -> Self {
        let mut noise = vec![0; bytes];
        fill(&mut noise);
        Self(Secret::new(URL_SAFE_NO_PAD.encode(noise)))
    }

    /// Shows the secret.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether the offered text is the secret, in time that does not tell how
    /// much of it is.
    pub fn is(&self, offered: &str) -> bool {
        self.expose().as_bytes().ct_eq(offered.as_bytes()).into()
    }
}

impl Serialize for DemoSecret {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for DemoSecret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Secret::new(text)))
    }
}

/// What an agent proves itself with.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentProof {
    /// For `client_secret_basic` and `client_secret_post`.
    pub(crate) client_secret: DemoSecret,
    /// For `private_key_jwt`.
    pub(crate) private_jwk: DemoKey,
}

/// The secrets of the dev world.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoWorld {
    version: u32,
    /// Signs what the demo identity provider says.
    pub(crate) idp: DemoKey,
    /// Signs what the demo workload issuer says.
    pub(crate) workloads: DemoKey,
    people: BTreeMap<String, DemoSecret>,
    agents: BTreeMap<String, AgentProof>,
    targets: BTreeMap<String, DemoSecret>,
    /// Bearer of the role `admin`.
    pub admin_token: DemoSecret,
    master_key: DemoSecret,
}

impl DemoWorld {
    /// Loads the world of a data folder, or makes one and saves it. The folder
    /// must have been claimed ([`crate::mode::claim`]).
    ///
    /// # Errors
    /// [`WorldFlaw`].
    pub fn open(data: &Path, fill: &dyn Fn(&mut [u8])) -> Result<Self, WorldFlaw> {
        let path = data.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => Self::parse(&bytes),
            Err(flaw) if flaw.kind() == io::ErrorKind::NotFound => {
                let world = Self::generate(fill)?;
                let text = serde_json::to_vec_pretty(&world).map_err(io::Error::from)?;
                write_private(&path, &text)?;
                Ok(world)
            }
            Err(flaw) => Err(flaw.into()),
        }
    }

    /// Makes a world out of random bytes.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn generate(fill: &dyn Fn(&mut [u8])) -> Result<Self, WorldFlaw> {
        let key = |name: &str| DemoKey::generate(&format!("{name}-{}", suffix(fill)));
        let secret = || DemoSecret::random(SECRET_BYTES, fill);
        let mut agents = BTreeMap::new();
        for agent in &AGENTS {
            let proof = AgentProof {
                client_secret: secret(),
                private_jwk: key(agent.id)?,
            };
            agents.insert(agent.id.to_owned(), proof);
        }
        let password = || DemoSecret::random(PASSWORD_BYTES, fill);
        let mut master = [0; 32];
        fill(&mut master);
        Ok(Self {
            version: VERSION,
            idp: key("demo")?,
            workloads: key("demo-workloads")?,
            people: PEOPLE
                .iter()
                .map(|p| (p.name.to_owned(), password()))
                .collect(),
            agents,
            targets: TARGETS
                .iter()
                .map(|t| (t.id.to_owned(), secret()))
                .collect(),
            admin_token: secret(),
            master_key: DemoSecret(Secret::new(STANDARD.encode(master))),
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, WorldFlaw> {
        let world: Self =
            serde_json::from_slice(bytes).map_err(|flaw| WorldFlaw::Shape { line: flaw.line() })?;
        if world.version != VERSION {
            return Err(WorldFlaw::Shape { line: 1 });
        }
        for person in &PEOPLE {
            world.password(person.name)?;
        }
        for agent in &AGENTS {
            world.agent(agent.id)?;
        }
        for target in &TARGETS {
            world.server_secret(target.id)?;
        }
        world.master_key()?;
        Ok(world)
    }

    /// A person's password.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn password(&self, person: &str) -> Result<&DemoSecret, WorldFlaw> {
        self.people
            .get(person)
            .ok_or_else(|| WorldFlaw::Missing(person.to_owned()))
    }

    /// What an agent proves itself with.
    ///
    /// # Errors
    /// When there is no such agent.
    pub(crate) fn agent(&self, id: &str) -> Result<&AgentProof, WorldFlaw> {
        self.agents
            .get(id)
            .ok_or_else(|| WorldFlaw::Missing(id.to_owned()))
    }

    /// The client secret of a target's resource server.
    ///
    /// # Errors
    /// When there is no such target.
    pub fn server_secret(&self, target: &str) -> Result<&DemoSecret, WorldFlaw> {
        self.targets
            .get(target)
            .ok_or_else(|| WorldFlaw::Missing(target.to_owned()))
    }

    /// The secret of any client of the demo, by client id.
    pub fn client_secret(&self, client_id: &str) -> Option<&DemoSecret> {
        let server = TARGETS.iter().find(|t| t.client_id() == client_id);
        match server {
            Some(target) => self.targets.get(target.id),
            None => self.agents.get(client_id).map(|proof| &proof.client_secret),
        }
    }

    /// The 32 bytes that seal stored keys and pepper secrets (contract §14).
    ///
    /// # Errors
    /// When the file holds something else.
    pub fn master_key(&self) -> Result<[u8; 32], WorldFlaw> {
        STANDARD
            .decode(self.master_key.expose())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| WorldFlaw::Missing("master_key".to_owned()))
    }
}

/// Makes the ids of keys differ between worlds.
fn suffix(fill: &dyn Fn(&mut [u8])) -> String {
    let mut noise = [0; 6];
    fill(&mut noise);
    hex(&noise)
}

#[cfg(test)]
mod tests;
