//! `locum dev env`: what a shell needs to talk to a running dev world. The one
//! command that shows secrets, since it is asked for them.

use super::pointer::{self, PointerFlaw};
use super::ready;
use serde_json::Value;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The agent whose credentials are given out.
const AGENT: &str = "invoice-agent";
/// How long a running dev world may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Why there is nothing to print.
#[derive(Debug, thiserror::Error)]
pub enum EnvFlaw {
    /// Nobody told us of a dev world.
    #[error(transparent)]
    Pointer(#[from] PointerFlaw),
    /// The ready file is not there, or not ours.
    #[error("expected the ready file of a dev world, found none to read at `{}`: {flaw}; start one with: locum dev", path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// What went wrong.
        flaw: std::io::Error,
    },
    /// The ready file lacks a member.
    #[error("expected `{member}` in the ready file, found nothing")]
    Shape {
        /// JSON pointer.
        member: &'static str,
    },
    /// It has ended.
    #[error(
        "expected a running dev world, found that process {pid} of `{data}` has ended; start it again with: locum dev --data {data}"
    )]
    Ended {
        /// Of the process that wrote the ready file.
        pid: u64,
        /// Its data folder.
        data: String,
    },
}

/// Which dev world is meant: `--data`, else `LOCUM_DEV_READY`, else the one
/// this user started last. The answer is the path of its ready file.
///
/// # Errors
/// When nothing points to one.
pub fn locate(data: Option<&Path>, named: Option<&Path>) -> Result<PathBuf, EnvFlaw> {
    match (data, named) {
        (Some(data), _) => Ok(data.join(ready::FILE)),
        (None, Some(path)) => Ok(path.to_owned()),
        (None, None) => Ok(pointer::read(&pointer::place()?)?.join(ready::FILE)),
    }
}

/// The text to be evaluated by a shell: one `export`, then comments, so that
/// it also works unquoted.
///
/// # Errors
/// [`EnvFlaw`].
pub fn env(ready_file: &Path) -> Result<String, EnvFlaw> {
    let unreadable = |flaw| EnvFlaw::Unreadable {
        path: ready_file.to_owned(),
        flaw,
    };
    let path = std::path::absolute(ready_file).map_err(unreadable)?;
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    let ready: Value =
        serde_json::from_slice(&bytes).map_err(|_| EnvFlaw::Shape { member: "/" })?;
    if !is_running(&ready)? {
        let pid = ready
            .pointer("/pid")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        return Err(EnvFlaw::Ended {
            pid,
            data: text(&ready, "/data")?.to_owned(),
        });
    }
    render(&ready, &path)
}

fn render(ready: &Value, path: &Path) -> Result<String, EnvFlaw> {
    let path = path.to_string_lossy();
    let variables = [
        ("LOCUM_ISSUER", text(ready, "/issuer")?),
        ("LOCUM_ADMIN_API", text(ready, "/admin_api")?),
        ("LOCUM_ADMIN_TOKEN", text(ready, "/admin_token")?),
        // Empty counts as unset: a file that a shell named before is another's.
        ("LOCUM_ADMIN_TOKEN_FILE", ""),
        (
            "LOCUM_CLIENT_ID",
            text(ready, "/agents/invoice-agent/client_id")?,
        ),
        (
            "LOCUM_CLIENT_SECRET",
            text(ready, "/agents/invoice-agent/client_secret")?,
        ),
        ("LOCUM_CLIENT_SECRET_FILE", ""),
        ("LOCUM_DEV_READY", &path),
        ("DEMO_IDP", text(ready, "/idp/token_endpoint")?),
        ("DEMO_ADA_PASSWORD", text(ready, "/people/ada/password")?),
        ("DEMO_SAP", text(ready, "/targets/sap/url")?),
    ];
    let mut out = "export".to_owned();
    for (name, value) in variables {
        out.push_str(&format!(" {name}={}", quoted(value)));
    }
    // Over https, what the commands trust instead of the system's authorities.
    if let Some(ca) = ready.get("ca_file").and_then(Value::as_str) {
        out.push_str(&format!(" SSL_CERT_FILE={}", quoted(ca)));
    }
    out.push('\n');
    out.push_str(&format!(
        "# the agent is {AGENT}; the other agents' secrets are in the ready file\n"
    ));
    let people = ready.pointer("/people").and_then(Value::as_object);
    for (name, person) in people.ok_or(EnvFlaw::Shape { member: "/people" })? {
        out.push_str(&format!(
            "# {name} signs in with {}\n",
            text(person, "/password")?
        ));
    }
    Ok(out)
}

fn text<'a>(ready: &'a Value, member: &'static str) -> Result<&'a str, EnvFlaw> {
    ready
        .pointer(member)
        .and_then(Value::as_str)
        .ok_or(EnvFlaw::Shape { member })
}

/// Whether the process lives, where `/proc` tells, and answers. A process id
/// alone may have been given to somebody else.
fn is_running(ready: &Value) -> Result<bool, EnvFlaw> {
    let pid = ready
        .pointer("/pid")
        .and_then(Value::as_u64)
        .ok_or(EnvFlaw::Shape { member: "/pid" })?;
    let proc = Path::new("/proc");
    if proc.join("self").exists() && !proc.join(pid.to_string()).exists() {
        return Ok(false);
    }
    let issuer = url::Url::parse(text(ready, "/issuer")?);
    let issuer = issuer.map_err(|_| EnvFlaw::Shape { member: "/issuer" })?;
    let host = issuer
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']']);
    let port = issuer.port_or_known_default().unwrap_or_default();
    let mut places = (host, port).to_socket_addrs().into_iter().flatten();
    Ok(places.any(|place| TcpStream::connect_timeout(&place, CONNECT_TIMEOUT).is_ok()))
}

/// A word for a POSIX shell.
fn quoted(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:".contains(&b);
    if !value.is_empty() && value.bytes().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests;
