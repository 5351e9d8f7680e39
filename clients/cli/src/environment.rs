//! Where the broker is and who asks: `LOCUM_*` variables, the files they name,
//! and in the dev world the ready file.

use std::collections::BTreeMap;

use url::{Host, Url};

use crate::dev::Ready;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::secret::Secret;

/// The variables a command may read (contract §1). `LOCUM_DEV_READY` names the
/// ready file of a running dev world, which holds its demo secrets.
const NAMES: [&str; 9] = [
    "LOCUM_ISSUER",
    "LOCUM_ADMIN_API",
    "LOCUM_ADMIN_TOKEN",
    "LOCUM_ADMIN_TOKEN_FILE",
    "LOCUM_CLIENT_ID",
    "LOCUM_CLIENT_SECRET",
    "LOCUM_CLIENT_SECRET_FILE",
    "LOCUM_DEV_READY",
    "LOCUM_OPERATIONS",
];

/// The settings of one run. Cheap to build: nothing is checked before a
/// command needs it, so that `decode` works with nothing set.
pub(crate) struct Environment(BTreeMap<&'static str, String>);

/// A client and its secret, for HTTP Basic (RFC 6749 §2.3.1).
pub(crate) struct ClientSettings {
    /// The client id, which for an agent is the agent's id.
    pub(crate) id: String,
    /// Its secret.
    pub(crate) secret: Secret,
}

impl Environment {
    /// Reads the variables through `lookup`; an empty one counts as unset.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = NAMES
            .into_iter()
            .filter_map(|name| Some((name, lookup(name).filter(|text| !text.is_empty())?)));
        Self(set.collect())
    }

    /// The ready file's content.
    pub(crate) fn ready(&self) -> Result<Ready, Failure> {
        let path = self.get("LOCUM_DEV_READY").ok_or_else(|| {
            Failure::setup(
                "expected `LOCUM_DEV_READY` of a running dev world, found none; \
                 start `locum dev`, then run eval \"$(locum dev env)\"",
            )
        })?;
        Ready::load(path)
    }

    /// The broker's issuer URL.
    pub(crate) fn issuer(&self) -> Result<Url, Failure> {
        match self.get("LOCUM_ISSUER") {
            Some(text) => base_url("LOCUM_ISSUER", text),
            None if self.get("LOCUM_DEV_READY").is_some() => {
                base_url("issuer of the ready file", self.ready()?.text(&["issuer"])?)
            }
            None => Err(Failure::setup(
                "expected `LOCUM_ISSUER`, found none; set it to the broker's issuer URL, \
                 or run eval \"$(locum dev env)\"",
            )),
        }
    }

    /// An endpoint below the issuer, such as `token` (contract §4).
    pub(crate) fn endpoint(&self, name: &str) -> Result<Url, Failure> {
        below(&self.issuer()?, name)
    }

    /// The operations listener: as named, of the environment, of the dev world.
    pub(crate) fn operations(&self, named: Option<&str>) -> Result<Option<Url>, Failure> {
        if let Some(text) = named {
            return base_url("--operations", text).map(Some);
        }
        if let Some(text) = self.get("LOCUM_OPERATIONS") {
            return base_url("LOCUM_OPERATIONS", text).map(Some);
        }
        if self.get("LOCUM_DEV_READY").is_none() {
            return Ok(None);
        }
        let ready = self.ready()?;
        base_url("operations of the ready file", ready.text(&["operations"])?).map(Some)
    }

    /// The admin API and the credential for it.
    pub(crate) fn admin(&self) -> Result<(Url, Secret), Failure> {
        let api = match self.get("LOCUM_ADMIN_API") {
            Some(text) => base_url("LOCUM_ADMIN_API", text)?,
            None => self.endpoint("admin/v1")?,
        };
        if let Some(secret) = self.secret("LOCUM_ADMIN_TOKEN", "LOCUM_ADMIN_TOKEN_FILE")? {
            return Ok((api, secret));
        }
        if self.get("LOCUM_DEV_READY").is_some() {
            let ready = self.ready()?;
            ready.same_broker("admin_api", &api)?;
            return Ok((api, Secret::new(ready.text(&["admin_token"])?)));
        }
        if self.get("LOCUM_ADMIN_API").is_some() {
            return Err(Failure::local(
                Exit::AuthRequired,
                "CLI-ADMIN-TOKEN",
                "expected a credential beside `LOCUM_ADMIN_API`, found none; set \
                 `LOCUM_ADMIN_TOKEN` or `LOCUM_ADMIN_TOKEN_FILE`",
            ));
        }
        Err(Failure::local(
            Exit::AuthRequired,
            "CLI-ADMIN-TOKEN",
            "expected an admin credential in `LOCUM_ADMIN_TOKEN` or in the file that \
             `LOCUM_ADMIN_TOKEN_FILE` names, found none",
        ))
    }

    /// The client that asks: `agent` with its secret from the dev world, or
    /// else the one in the environment, which `agent` must then be.
    pub(crate) fn client(&self, agent: Option<&str>) -> Result<ClientSettings, Failure> {
        let id = self.get("LOCUM_CLIENT_ID");
        let secret = self.secret("LOCUM_CLIENT_SECRET", "LOCUM_CLIENT_SECRET_FILE")?;
        match (agent, id, secret) {
            (None, Some(id), Some(secret)) => Ok(ClientSettings {
                id: id.to_owned(),
                secret,
            }),
            (Some(agent), Some(id), Some(secret)) if agent == id => Ok(ClientSettings {
                id: id.to_owned(),
                secret,
            }),
            (Some(agent), _, _) if self.get("LOCUM_DEV_READY").is_some() => {
                let ready = self.ready()?;
                ready.same_broker("issuer", &self.issuer()?)?;
                Ok(ClientSettings {
                    id: agent.to_owned(),
                    secret: ready.client_secret(agent)?,
                })
            }
            (None, None, Some(_)) => Err(half(
                "expected `LOCUM_CLIENT_ID` beside the secret in `LOCUM_CLIENT_SECRET` or \
                 `LOCUM_CLIENT_SECRET_FILE`, found none; set it to the client's id, or unset the secret",
            )),
            (None, Some(id), None) => Err(half(&format!(
                "expected the secret of `{id}`, which `LOCUM_CLIENT_ID` names, in \
                 `LOCUM_CLIENT_SECRET` or in the file that `LOCUM_CLIENT_SECRET_FILE` names, \
                 found none; set one of them, or unset `LOCUM_CLIENT_ID`"
            ))),
            (Some(agent), Some(id), Some(_)) => Err(half(&format!(
                "expected `LOCUM_CLIENT_ID` = `{agent}`, as --agent says, found `{id}`; set it and \
                 the secret to those of `{agent}`, or leave --agent out"
            ))),
            _ => Err(Failure::local(
                Exit::AuthRequired,
                "CLI-CLIENT",
                format!(
                    "expected `LOCUM_CLIENT_ID`{} and its secret in `LOCUM_CLIENT_SECRET` or in \
                     the file that `LOCUM_CLIENT_SECRET_FILE` names; in a dev world name the \
                     agent with --agent",
                    agent.map_or_else(String::new, |agent| format!(" = `{agent}`")),
                ),
            )),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn secret(&self, name: &str, file: &str) -> Result<Option<Secret>, Failure> {
        match (self.get(name), self.get(file)) {
            (Some(_), Some(_)) => Err(Failure::setup(format!(
                "expected `{name}` or `{file}`, found both; unset one of them"
            ))),
            (Some(text), None) => Ok(Some(Secret::new(text))),
            (None, Some(path)) => secret_file(path, file).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// The secret in the file that the variable `by` names.
fn secret_file(path: &str, by: &str) -> Result<Secret, Failure> {
    let text = input::read_text(path).map_err(|failure| Failure {
        message: format!("{}; `{by}` names it", failure.message),
        ..failure
    })?;
    let secret = Secret::new(&text);
    match secret.expose().is_empty() {
        false => Ok(secret),
        true => Err(Failure::setup(format!(
            "expected a secret in `{path}`, found an empty file; `{by}` names it"
        ))),
    }
}

/// A client of which the environment names one half.
fn half(message: &str) -> Failure {
    Failure::local(Exit::AuthRequired, "CLI-CLIENT", message)
}

/// A URL below another, whatever path that one has.
pub(crate) fn below(base: &Url, path: &str) -> Result<Url, Failure> {
    let text = format!("{}/{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).map_err(|_| Failure::usage(format!("expected a path, found `{path}`")))
}

/// Parses a broker URL. Secrets go there, so plain http is only for loopback.
pub(crate) fn base_url(what: &str, text: &str) -> Result<Url, Failure> {
    let wrong = || {
        Failure::setup(format!(
            "expected {what} to be an https URL, or http on loopback, found `{text}`"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let plain = url.username().is_empty() && url.password().is_none();
    let clean = plain && url.query().is_none() && url.fragment().is_none();
    match url.scheme() {
        "https" if clean => Ok(url),
        "http" if clean && loopback => Ok(url),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests;
