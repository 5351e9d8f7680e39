//! Certificates of the dev world, made once and kept in its data folder: those
//! of `--tls` and those of accounts at emulated vendors.

use locum_ambient::files::write_private;
use locum_core::secret::Secret;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The authority's certificate.
const CA: &str = "dev-ca.pem";
/// The certificate of every listener.
const CERT: &str = "dev-tls.pem";
/// Its key.
const KEY: &str = "dev-tls-key.pem";
/// Years that a certificate holds: longer than a data folder of the demo is kept.
const YEARS: i32 = 10;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFlaw {
    /// The file system failed.
    #[error("cannot use the certificates of the dev world: {0}")]
    Io(#[from] io::Error),
    /// The library made none.
    #[error("expected a certificate to be made, found: {0}")]
    Library(#[from] rcgen::Error),
    /// Its maker ended early.
    #[error("expected a certificate to be made, found its maker gone")]
    NotMade,
    /// No year can be told.
    #[error("expected the time of a clock, found something else")]
    Clock,
}

/// A certificate and its key, as PEM.
pub(crate) struct Certified {
    /// Certificate.
    pub(crate) certificate: String,
    /// PKCS#8.
    pub(crate) key: Secret<String>,
}

/// A self-signed certificate over an RSA key of 2048 bits, as vendors have it
/// uploaded for a client of theirs.
///
/// # Errors
/// [`CertificateFlaw`].
pub(crate) fn self_signed(name: &str, now_s: u64) -> Result<Certified, CertificateFlaw> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let certificate = named(name, Vec::new(), now_s)?.self_signed(&key)?;
    Ok(Certified {
        certificate: certificate.pem(),
        key: Secret::new(key.serialize_pem()),
    })
}

/// The throw-away authority of `locum dev --tls` and the one certificate under
/// it. The authority's key is kept nowhere: it vouches for nothing else.
pub struct DevTls {
    /// The authority's certificate.
    pub ca_file: PathBuf,
    /// The same, as PEM.
    pub ca_pem: String,
    /// The certificate of every listener.
    pub cert_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
}

impl DevTls {
    /// The certificates of a data folder, made at the first start, for loopback
    /// and the address that is listened on.
    ///
    /// # Errors
    /// [`CertificateFlaw`].
    pub fn open(data: &Path, listen: IpAddr, now_s: u64) -> Result<Self, CertificateFlaw> {
        let [ca_file, cert_file, key_file] = [CA, CERT, KEY].map(|name| data.join(name));
        // Written last: with it, the others are there.
        let ca_pem = match std::fs::read_to_string(&ca_file) {
            Ok(pem) => pem,
            Err(flaw) if flaw.kind() == io::ErrorKind::NotFound => {
                let (ca, server) = authority(listen, now_s)?;
                write_private(&key_file, server.key.expose().as_bytes())?;
                write_private(&cert_file, server.certificate.as_bytes())?;
                write_private(&ca_file, ca.as_bytes())?;
                ca
            }
            Err(flaw) => return Err(flaw.into()),
        };
        Ok(Self {
            ca_file,
            ca_pem,
            cert_file,
            key_file,
        })
    }
}

/// An authority's certificate, and one for the listeners.
fn authority(listen: IpAddr, now_s: u64) -> Result<(String, Certified), CertificateFlaw> {
    let mut params = named("Locum dev CA", Vec::new(), now_s)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let mut names: Vec<String> = ["127.0.0.1", "::1", "localhost"].map(str::to_owned).into();
    let own = listen.to_string();
    if !names.contains(&own) {
        names.push(own);
    }
    let key = KeyPair::generate()?;
    let mut params = named("Locum dev", names, now_s)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &ca)?;
    let server = Certified {
        certificate: certificate.pem(),
        key: Secret::new(key.serialize_pem()),
    };
    Ok((ca.pem(), server))
}

fn named(
    name: &str,
    alternatives: Vec<String>,
    now_s: u64,
) -> Result<CertificateParams, CertificateFlaw> {
    let year = i64::try_from(now_s)
        .ok()
        .and_then(|now_s| jiff::Timestamp::from_second(now_s).ok())
        .map(|now| i32::from(jiff::tz::Offset::UTC.to_datetime(now).year()))
        .ok_or(CertificateFlaw::Clock)?;
    let mut params = CertificateParams::new(alternatives)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(year - 1, 1, 1);
    params.not_after = date_time_ymd(year + YEARS, 1, 1);
    Ok(params)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::test_world::NOW;
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_restart_finds_the_same_authority_and_its_key_is_in_no_file() {
        let data = tempfile::tempdir().unwrap();
        let listen = IpAddr::from(Ipv4Addr::LOCALHOST);
        let first = DevTls::open(data.path(), listen, NOW).unwrap();
        let again = DevTls::open(data.path(), listen, NOW).unwrap();
        assert_eq!(first.ca_pem, again.ca_pem);
        let files: Vec<_> = std::fs::read_dir(data.path()).unwrap().collect();
        assert_eq!(files.len(), 3);
        let keys = std::fs::read_to_string(&first.key_file).unwrap();
        assert_eq!(keys.matches("BEGIN PRIVATE KEY").count(), 1);
        locum_web::tls::load(&first.cert_file, &first.key_file)
            .map(drop)
            .unwrap();
    }
}
