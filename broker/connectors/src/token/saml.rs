//! SAML assertions about the person (RFC 7522 §3).

use super::asking::Asking;
use crate::manner::{Alphabet, SamlAttributes, SamlManner};
use crate::saml::{Assertion, Attribute, text};
use crate::trouble::Trouble;
use crate::wire;
use locum_core::secret::Secret;

/// Of SuccessFactors, whatever the name is.
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// The signed assertion, encoded.
pub(super) fn assertion(
    asking: &Asking<'_>,
    manner: &SamlManner,
) -> Result<Secret<String>, Trouble> {
    let values = &asking.prepared.values;
    let key = asking
        .signing()
        .ok_or_else(|| Trouble::unable("no key to sign a SAML assertion with"))?;
    let certificate = asking.aid.certificate(key)?;
    let issuer = values
        .text("issuer")
        .or(certificate.common_name.as_deref())
        .ok_or_else(|| Trouble::unable("a certificate without one common name; set `issuer`"))?;
    let subject = asking.subject();
    let assertion = Assertion {
        id: &format!("_{}", asking.order.delegation),
        issuer,
        name_id: &subject,
        name_id_format: values.text("name_id_format").unwrap_or(UNSPECIFIED),
        audience: values.text("audience").unwrap_or_default(),
        recipient: &asking.url,
        now_s: asking.order.now_s,
        attributes: &attributes(asking, manner.attributes),
    };
    let signed = text(&assertion, &certificate.der, |info| {
        asking.aid.sign_rsa_sha256(key, info)
    })?;
    Ok(match manner.alphabet {
        Alphabet::Url => wire::text::base64url(signed.expose().as_bytes()),
        Alphabet::Standard => wire::text::base64(signed.expose().as_bytes()),
    })
}

/// The attributes, by name.
fn attributes(asking: &Asking<'_>, which: SamlAttributes) -> Vec<Attribute> {
    let values = &asking.prepared.values;
    let client = asking.account.name.clone().unwrap_or_default();
    match which {
        SamlAttributes::None => Vec::new(),
        SamlAttributes::ClientId => {
            let wanted = values.flag("attribute_client_id") == Some(true);
            let attribute = wanted.then_some(Attribute {
                name: "client_id",
                value: client,
            });
            attribute.into_iter().collect()
        }
        SamlAttributes::SuccessFactors => {
            let mut attributes = vec![Attribute {
                name: "api_key",
                value: client,
            }];
            let by = match values.text("name_id") {
                Some("email") => Some("use_email"),
                Some("username") => Some("use_username"),
                _ => None,
            };
            attributes.extend(by.map(|name| Attribute {
                name,
                value: "true".to_owned(),
            }));
            attributes
        }
    }
}
