//! SPIFFE IDs (SPIFFE ID §2): whose a workload's name is.

const SCHEME: &str = "spiffe://";

/// Longest trust domain name, in bytes (SPIFFE ID §2.3).
const DOMAIN_MAX: usize = 255;

/// The trust domain of a SPIFFE ID, with the scheme: `spiffe://acme.example` of
/// `spiffe://acme.example/ns/finance`. `None` for what is no ID of a workload: a
/// trust domain alone, an empty segment, one of dots alone, other characters.
#[must_use]
pub fn trust_domain(id: &str) -> Option<&str> {
    let rest = id.strip_prefix(SCHEME)?;
    let (domain, path) = rest.split_once('/')?;
    let segment = |segment: &str| {
        let dots = matches!(segment, "" | "." | "..");
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        !dots && segment.bytes().all(plain)
    };
    (is_name(domain) && path.split('/').all(segment))
        .then(|| id.get(..SCHEME.len() + domain.len()))
        .flatten()
}

/// Whether a text is a trust domain with the scheme and nothing after it.
#[must_use]
pub fn is_trust_domain(text: &str) -> bool {
    text.strip_prefix(SCHEME).is_some_and(is_name)
}

fn is_name(domain: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
    (1..=DOMAIN_MAX).contains(&domain.len()) && domain.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spiffe_id_belongs_to_its_trust_domain() {
        for (id, domain) in [
            ("spiffe://acme.example/ns/a", Some("spiffe://acme.example")),
            ("spiffe://acme/a", Some("spiffe://acme")),
            ("spiffe://acme.example", None),
            ("spiffe://acme.example/", None),
            ("spiffe://acme.example/a/", None),
            ("spiffe://acme.example//a", None),
            ("spiffe://acme.example/a/../b", None),
            ("spiffe://acme.example/./b", None),
            ("spiffe://acme.example/a?b", None),
            ("spiffe://ACME.example/a", None),
            ("SPIFFE://acme.example/a", None),
            ("spiffe://user@acme.example/a", None),
            ("spiffe://acme.example:8080/a", None),
            ("spiffe:///a", None),
            ("https://acme.example/a", None),
            ("", None),
        ] {
            assert_eq!(trust_domain(id), domain, "{id}");
        }
    }

    #[test]
    fn a_trust_domain_alone_names_no_path() {
        assert!(is_trust_domain("spiffe://acme.example"));
        for other in ["spiffe://", "spiffe://a/", "acme.example", "spiffe://A"] {
            assert!(!is_trust_domain(other), "{other}");
        }
    }
}
