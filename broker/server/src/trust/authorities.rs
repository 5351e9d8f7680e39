//! `trust.ca_file`: authorities that vouch for issuers' servers beside those
//! the machine trusts.

use crate::config::bounded;
use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;

/// Most bytes of the file.
const BUNDLE_MAX: usize = 1 << 20;

/// The certificates of a file; none where no file is named.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(file: Option<&Path>) -> Result<Vec<Certificate>, String> {
    let Some(file) = file else {
        return Ok(Vec::new());
    };
    let flaw = |found: &str| format!("`trust.ca_file`: `{}`: {found}", file.display());
    let text = bounded(file, BUNDLE_MAX).map_err(|found| flaw(&found))?;
    let mut checked = RootCertStore::empty();
    let mut out = Vec::new();
    for one in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let one = one.map_err(|_| flaw("expected PEM, found something else"))?;
        let made = Certificate::from_der(&one);
        let (Ok(made), Ok(())) = (made, checked.add(one)) else {
            return Err(flaw("expected certificates of authorities, found another"));
        };
        out.push(made);
    }
    if out.is_empty() {
        return Err(flaw("expected a certificate, found none"));
    }
    Ok(out)
}
