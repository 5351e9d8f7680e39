//! Files of authorities that vouch for others' servers beside those the machine
//! trusts: `trust.ca_file`, `downstream.ca_file`.

use locum_ambient::files::bounded;
use locum_outgoing::Authorities;
use std::path::Path;

/// Most bytes of the file.
const BUNDLE_MAX: usize = 1 << 20;

/// The certificates of the file that a key of the configuration names; none where
/// it names none.
///
/// # Errors
/// What is wrong with it.
pub fn read(key: &str, file: Option<&Path>) -> Result<Authorities, String> {
    let Some(file) = file else {
        return Ok(Authorities::default());
    };
    let read = bounded(file, BUNDLE_MAX);
    let read = read.and_then(|text| Authorities::of_pem(&text).map_err(str::to_owned));
    read.map_err(|found| format!("`{key}`: `{}`: {found}", file.display()))
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
            let found = read("trust.ca_file", Some(&file)).err().unwrap();
            assert!(found.starts_with("`trust.ca_file`: "), "{found}");
            assert!(found.contains(said), "{found}");
        }
        assert!(read("trust.ca_file", None).is_ok());
    }
}
