#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

/// Everything that has to be escaped, and what looks as if it had to.
const ODD: &str = "a&b<c>d\"e'f\tg\nh\ri\u{dc}\u{1f600}]]>";

fn assertion<'a>(name_id: &'a str, attributes: &'a [Attribute]) -> Assertion<'a> {
    Assertion {
        id: "_dlg_1",
        issuer: "LOCUM",
        name_id,
        name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        audience: "https://a.example?x=1&y=2",
        recipient: "https://r.example/token?\"x\"&y",
        now_s: 1_795_400_000,
        attributes,
    }
}

fn signed(assertion: &Assertion<'_>) -> (String, String) {
    let mut seen = String::new();
    let text = text(assertion, b"cert", |info| {
        seen = String::from_utf8(info.to_vec()).unwrap();
        Ok(b"sig".to_vec())
    });
    (text.unwrap().expose().clone(), seen)
}

#[test]
fn the_text_is_canonical_and_complete() {
    let attributes = [Attribute {
        name: "client_id",
        value: ODD.to_owned(),
    }];
    let (text, info) = signed(&assertion(ODD, &attributes));
    let escaped = "a&amp;b&lt;c&gt;d\"e'f\tg\nh&#xD;i\u{dc}\u{1f600}]]&gt;";
    let without_signature = format!(
        "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_dlg_1\" IssueInstant=\"2026-11-23T02:13:20Z\" Version=\"2.0\"><saml:Issuer>LOCUM</saml:Issuer><saml:Subject><saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">{escaped}</saml:NameID><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData NotBefore=\"2026-11-23T02:12:20Z\" NotOnOrAfter=\"2026-11-23T02:18:20Z\" Recipient=\"https://r.example/token?&quot;x&quot;&amp;y\"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore=\"2026-11-23T02:12:20Z\" NotOnOrAfter=\"2026-11-23T02:18:20Z\"><saml:AudienceRestriction><saml:Audience>https://a.example?x=1&amp;y=2</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant=\"2026-11-23T02:13:20Z\"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name=\"client_id\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified\"><saml:AttributeValue>{escaped}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>"
    );
    let digest = base64(&Sha256::digest(&without_signature));
    let inside = format!(
        "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod><ds:Reference URI=\"#_dlg_1\"><ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
        digest.expose()
    );
    assert_eq!(
        info,
        format!(
            "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{inside}</ds:SignedInfo>"
        )
    );
    let signature = format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>{inside}</ds:SignedInfo><ds:SignatureValue>c2ln</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>Y2VydA==</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    );
    assert_eq!(
        text,
        without_signature.replace("</saml:Issuer>", &format!("</saml:Issuer>{signature}"))
    );
}

#[test]
fn no_attributes_are_no_statement() {
    let (text, _) = signed(&assertion("ada", &[]));
    assert!(!text.contains("AttributeStatement"), "{text}");
}

#[test]
fn what_xml_cannot_hold_is_not_signed() {
    for bad in ["\u{0}", "\u{b}", "\u{fffe}", "\u{ffff}"] {
        let signed = text(&assertion(bad, &[]), b"cert", |_| Ok(Vec::new()));
        assert!(matches!(signed, Err(Trouble::Unable { .. })), "{bad:?}");
    }
}
