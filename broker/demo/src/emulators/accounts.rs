//! The accounts that Locum has at the emulated vendors: made once, kept in
//! `<data>/dev-emulators.json`, so that a restart finds what was registered.

use super::super::certificates::{CertificateFlaw, Certified, self_signed};
use super::super::world::DemoSecret;
use locum_ambient::files::{bounded, write_private};
use locum_core::secret::Secret;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// Name of the file in the data folder.
const FILE: &str = "dev-emulators.json";
/// Version of the file's shape.
const VERSION: u32 = 1;
/// Longest file that is read, in bytes.
const FILE_MAX: usize = 65_536;
/// Names of the API clients at Workday: one reads, the other writes too.
const API_CLIENTS: [&str; 2] = ["locum-read", "locum-write"];
/// Bytes of randomness in a secret.
const SECRET_BYTES: usize = 32;

/// Why there are no accounts.
#[derive(Debug, thiserror::Error)]
pub enum AccountsFlaw {
    /// The file system failed.
    #[error("cannot use `{FILE}`: {0}")]
    Io(#[from] io::Error),
    /// The file cannot be read.
    #[error("`{FILE}`: {0}")]
    Unreadable(String),
    /// The file is not what this version writes. The parser's own words are
    /// left out: they may quote a secret.
    #[error(
        "expected accounts of version {VERSION} in `{FILE}`, found something else; start over in a new data folder"
    )]
    Shape,
    /// No certificate for an account.
    #[error(transparent)]
    Certificate(#[from] CertificateFlaw),
}

/// A client of an OAuth server.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuthAccount {
    /// Its name.
    pub client_id: String,
    /// Its secret.
    pub client_secret: DemoSecret,
}

/// An API client at Workday, which may do what it was registered for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiClientAccount {
    /// Its name.
    pub client_id: String,
    /// For the grant `client_credentials`.
    pub client_secret: DemoSecret,
    /// The certificate that was uploaded for it, as PEM.
    pub certificate: String,
    /// The certificate's key, as PEM: it signs assertions.
    pub private_key: DemoSecret,
    /// What it was registered for, in Locum's names.
    pub scopes: Vec<String>,
}

/// An administrator of a Panorama.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminAccount {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: DemoSecret,
    /// What its role allows, in Locum's names.
    pub scopes: Vec<String>,
}

/// All accounts at the emulators.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmulatorAccounts {
    version: u32,
    /// At `sap-btp`.
    pub sap_btp: OAuthAccount,
    /// At `workday-hr`: one that reads, one that also writes.
    pub workday_hr: [ApiClientAccount; 2],
    /// At `panorama`: one that reads, one that also writes.
    pub panorama: [AdminAccount; 2],
}

impl EmulatorAccounts {
    /// Loads the accounts of a data folder, or makes and saves them.
    ///
    /// # Errors
    /// [`AccountsFlaw`].
    pub fn open(data: &Path, fill: &dyn Fn(&mut [u8]), now_s: u64) -> Result<Self, AccountsFlaw> {
        let path = data.join(FILE);
        if !path.exists() {
            let accounts = Self::generate(fill, now_s)?;
            let text = serde_json::to_vec_pretty(&accounts).map_err(io::Error::from)?;
            write_private(&path, &text)?;
            return Ok(accounts);
        }
        let text = bounded(&path, FILE_MAX).map_err(AccountsFlaw::Unreadable)?;
        let accounts: Self = serde_json::from_str(&text).map_err(|_| AccountsFlaw::Shape)?;
        if accounts.version == VERSION {
            Ok(accounts)
        } else {
            Err(AccountsFlaw::Shape)
        }
    }

    /// Makes accounts.
    ///
    /// # Errors
    /// [`AccountsFlaw::Certificate`].
    pub fn generate(fill: &dyn Fn(&mut [u8]), now_s: u64) -> Result<Self, AccountsFlaw> {
        let secret = || DemoSecret::random(SECRET_BYTES, fill);
        let named = |scopes: &[&str]| scopes.iter().map(|s| (*s).to_owned()).collect();
        let api_client =
            |client_id: &str, certified: Certified, scopes: &[&str]| ApiClientAccount {
                client_id: client_id.to_owned(),
                client_secret: secret(),
                certificate: certified.certificate,
                private_key: DemoSecret::of(certified.key),
                scopes: named(scopes),
            };
        let [reads, writes] = API_CLIENTS;
        // An RSA key takes a while to be found: both at a time.
        let (reader, writer) = std::thread::scope(|scope| {
            let writer = scope.spawn(|| self_signed(writes, now_s));
            (self_signed(reads, now_s), writer.join())
        });
        let writer = writer.map_err(|_| CertificateFlaw::NotMade)?;
        let admin = |user: &str, scopes: &[&str]| AdminAccount {
            user: user.to_owned(),
            password: secret(),
            scopes: named(scopes),
        };
        Ok(Self {
            version: VERSION,
            sap_btp: OAuthAccount {
                client_id: "sb-locum!t1".to_owned(),
                client_secret: secret(),
            },
            workday_hr: [
                api_client(reads, reader?, &["worker.read"]),
                api_client(writes, writer?, &["worker.read", "worker.write"]),
            ],
            panorama: [
                admin("svc-read", &["rule.read"]),
                admin("svc-write", &["rule.read", "rule.write"]),
            ],
        })
    }

    /// What Locum proves itself with there, by the names that [`super::emulated`]
    /// gives: values of upstream secrets, to be sealed (contract §3).
    pub fn upstream_secrets(&self) -> Vec<(String, Secret<String>)> {
        let plain = |secret: &DemoSecret| Secret::new(secret.expose().to_owned());
        let mut all = vec![(
            SAP_BTP_CLIENT.to_owned(),
            plain(&self.sap_btp.client_secret),
        )];
        for client in &self.workday_hr {
            // A PEM pair: the key, and the certificate that names it.
            let pair = format!("{}{}", client.private_key.expose(), client.certificate);
            all.push((client.secret_name(), Secret::new(pair)));
        }
        for admin in &self.panorama {
            all.push((admin.secret_name(), plain(&admin.password)));
        }
        all
    }
}

/// Name of the upstream secret of the client at `sap-btp`.
pub(crate) const SAP_BTP_CLIENT: &str = "sap-btp-client";

impl ApiClientAccount {
    /// Name of the upstream secret with its key and certificate.
    pub(crate) fn secret_name(&self) -> String {
        format!("workday-hr-{}", self.client_id)
    }
}

impl AdminAccount {
    /// Name of the upstream secret with its password.
    pub(crate) fn secret_name(&self) -> String {
        format!("panorama-{}", self.user)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::super::test_world::{NOW, noise};
    use super::*;

    #[test]
    fn a_restart_finds_the_same_accounts() {
        let data = tempfile::tempdir().unwrap();
        let open = || EmulatorAccounts::open(data.path(), &noise(), NOW).unwrap();
        let (first, again) = (open(), open());
        let secrets = first.upstream_secrets();
        assert_eq!(secrets.len(), 5);
        for ((name, value), (name_again, value_again)) in
            secrets.iter().zip(again.upstream_secrets())
        {
            assert!(*name == name_again && value.expose() == value_again.expose());
        }
        std::fs::write(data.path().join(FILE), "{}").unwrap();
        let flaw = EmulatorAccounts::open(data.path(), &noise(), NOW).err();
        assert!(flaw.unwrap().to_string().contains("start over"));
    }
}
