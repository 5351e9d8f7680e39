//! `trust.ca_file`: authorities that vouch for issuers' servers beside those
//! the machine trusts.

use crate::config::bounded;
use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeSet;
use std::path::Path;

/// Most bytes of the file.
const BUNDLE_MAX: usize = 1 << 20;

/// Authorities beside those of the machine.
#[derive(Default)]
pub(crate) struct Authorities {
    /// Their certificates.
    pub(super) certificates: Vec<Certificate>,
    /// The same, to compare.
    der: BTreeSet<Vec<u8>>,
}

impl Authorities {
    /// Whether these are exactly those.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

/// The certificates of a file; none where no file is named.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(file: Option<&Path>) -> Result<Authorities, String> {
    let Some(file) = file else {
        return Ok(Authorities::default());
    };
    let flaw = |found: &str| format!("`trust.ca_file`: `{}`: {found}", file.display());
    let text = bounded(file, BUNDLE_MAX).map_err(|found| flaw(&found))?;
    let mut checked = RootCertStore::empty();
    let mut out = Authorities::default();
    for one in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let one = one.map_err(|_| flaw("expected PEM, found something else"))?;
        let made = Certificate::from_der(&one);
        let der = one.to_vec();
        let (Ok(made), Ok(())) = (made, checked.add(one)) else {
            return Err(flaw("expected X.509 certificates, found something else"));
        };
        out.certificates.push(made);
        out.der.insert(der);
    }
    if out.der.is_empty() {
        return Err(flaw("expected a certificate, found none"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_no_bundle_is_refused_by_the_name_of_its_key() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("ca.pem");
        let pem = |inside: &str| {
            format!("-----BEGIN CERTIFICATE-----\n{inside}\n-----END CERTIFICATE-----\n")
        };
        for (text, said) in [
            (String::new(), "expected a certificate, found none"),
            (
                "no certificate".to_owned(),
                "expected a certificate, found none",
            ),
            (pem("AAAA"), "expected X.509 certificates"),
            (pem("*"), "expected PEM"),
            ("x".repeat(BUNDLE_MAX + 1), "expected at most"),
        ] {
            std::fs::write(&file, text).unwrap();
            let found = read(Some(&file)).err().unwrap();
            assert!(found.starts_with("`trust.ca_file`: "), "{found}");
            assert!(found.contains(said), "{found}");
        }
        assert!(read(None).unwrap().certificates.is_empty());
    }
}
