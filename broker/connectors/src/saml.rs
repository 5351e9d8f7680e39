//! A SAML 2.0 assertion as text that is canonical already (exclusive XML
//! canonicalization 1.0), so that no XML library has to sign it: namespaces
//! first, then attributes in the order of their names, no empty-element tags,
//! no white space between elements.

use crate::trouble::Trouble;
use crate::wire::text::base64;
use locum_core::secret::Secret;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

mod instant;

use instant::instant;

/// Seconds before now from which it counts: clocks differ.
const BEFORE_S: u64 = 60;
/// Seconds after now until which it counts.
const AFTER_S: u64 = 300;

/// What an assertion says.
pub(crate) struct Assertion<'a> {
    /// `ID`: a name that does not start with a digit.
    pub(crate) id: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) name_id: &'a str,
    pub(crate) name_id_format: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) recipient: &'a str,
    /// Unix seconds.
    pub(crate) now_s: u64,
    pub(crate) attributes: &'a [Attribute],
}

/// An attribute of the person.
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// The signed assertion. `sign` is RSA PKCS #1 v1.5 with SHA-256; `certificate`
/// is DER.
pub(crate) fn text(
    assertion: &Assertion<'_>,
    certificate: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Trouble>,
) -> Result<Secret<String>, Trouble> {
    let values = [
        assertion.issuer,
        assertion.name_id,
        assertion.name_id_format,
        assertion.audience,
        assertion.recipient,
    ];
    let fits = |text: &str| text.chars().all(is_char);
    if !values.into_iter().all(fits) || !assertion.attributes.iter().all(|a| fits(&a.value)) {
        return Err(Trouble::unable(
            "a name with a character that XML cannot hold",
        ));
    }
    let head = head(assertion);
    let rest = rest(assertion);
    // The signature stands behind `Issuer` and is no part of what is digested.
    let mut digest = Sha256::new();
    digest.update(&head);
    digest.update(&rest);
    let digest = base64(&digest.finalize());
    let inside = signed_info(assertion.id, digest.expose());
    let signed = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{inside}</ds:SignedInfo>");
    let signature = base64(&sign(signed.as_bytes())?);
    Ok(Secret::new(format!(
        "{head}<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{inside}</ds:SignedInfo>\
         <ds:SignatureValue>{}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
         <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>{rest}",
        signature.expose(),
        base64(certificate).expose(),
    )))
}

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const PREVIOUS_SESSION: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession";
const UNSPECIFIED_NAME: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified";

/// Up to where the signature stands.
fn head(assertion: &Assertion<'_>) -> String {
    format!(
        "<saml:Assertion xmlns:saml=\"{SAML}\" ID=\"{}\" IssueInstant=\"{}\" Version=\"2.0\">\
         <saml:Issuer>{}</saml:Issuer>",
        in_attribute(assertion.id),
        instant(assertion.now_s),
        in_text(assertion.issuer),
    )
}

/// What stands behind it (SAML core 2.0 §2.3.3).
fn rest(assertion: &Assertion<'_>) -> String {
    let not_before = instant(assertion.now_s.saturating_sub(BEFORE_S));
    let not_after = instant(assertion.now_s.saturating_add(AFTER_S));
    let now = instant(assertion.now_s);
    format!(
        "<saml:Subject><saml:NameID Format=\"{}\">{}</saml:NameID>\
         <saml:SubjectConfirmation Method=\"{BEARER}\"><saml:SubjectConfirmationData \
         NotBefore=\"{not_before}\" NotOnOrAfter=\"{not_after}\" Recipient=\"{}\">\
         </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>\
         <saml:Conditions NotBefore=\"{not_before}\" NotOnOrAfter=\"{not_after}\">\
         <saml:AudienceRestriction><saml:Audience>{}</saml:Audience></saml:AudienceRestriction>\
         </saml:Conditions><saml:AuthnStatement AuthnInstant=\"{now}\"><saml:AuthnContext>\
         <saml:AuthnContextClassRef>{PREVIOUS_SESSION}</saml:AuthnContextClassRef>\
         </saml:AuthnContext></saml:AuthnStatement>{}</saml:Assertion>",
        in_attribute(assertion.name_id_format),
        in_text(assertion.name_id),
        in_attribute(assertion.recipient),
        in_text(assertion.audience),
        attributes(assertion.attributes),
    )
}

fn attributes(attributes: &[Attribute]) -> String {
    if attributes.is_empty() {
        return String::new();
    }
    let each = |attribute: &Attribute| {
        format!(
            "<saml:Attribute Name=\"{}\" NameFormat=\"{UNSPECIFIED_NAME}\">\
             <saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>",
            in_attribute(attribute.name),
            in_text(&attribute.value),
        )
    };
    let all: String = attributes.iter().map(each).collect();
    format!("<saml:AttributeStatement>{all}</saml:AttributeStatement>")
}

/// What is inside `SignedInfo` (XML Signature 1.1 §4.4).
fn signed_info(id: &str, digest: &str) -> String {
    format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>",
        in_attribute(id),
    )
}

/// XML 1.0 §2.2.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Text as canonical XML has it (Canonical XML 1.0 §2.3).
fn in_text(text: &str) -> Cow<'_, str> {
    escaped(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#xD;"),
        _ => None,
    })
}

/// An attribute's value as canonical XML has it.
fn in_attribute(text: &str) -> Cow<'_, str> {
    escaped(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#x9;"),
        '\n' => Some("&#xA;"),
        '\r' => Some("&#xD;"),
        _ => None,
    })
}

fn escaped(text: &str, escape: fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    if !text.chars().any(|c| escape(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match escape(c) {
            Some(reference) => out.push_str(reference),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
