//! Authorities that vouch for servers beside those the machine trusts.

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::collections::BTreeSet;

/// Authorities beside those of the machine.
#[derive(Default)]
pub struct Authorities {
    /// Their certificates.
    pub(crate) certificates: Vec<Certificate>,
    /// The same, to compare.
    der: BTreeSet<Vec<u8>>,
}

impl Authorities {
    /// Whether these are exactly those.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.der == other.der
    }

    /// The certificates of a bundle, PEM, at least one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of_pem(text: &str) -> Result<Self, &'static str> {
        let mut checked = RootCertStore::empty();
        let mut out = Self::default();
        for one in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let one = one.map_err(|_| "expected PEM, found something else")?;
            let made = Certificate::from_der(&one);
            let der = one.to_vec();
            let (Ok(made), Ok(())) = (made, checked.add(one)) else {
                return Err("expected X.509 certificates, found something else");
            };
            out.certificates.push(made);
            out.der.insert(der);
        }
        if out.der.is_empty() {
            return Err("expected a certificate, found none");
        }
        Ok(out)
    }
}
