//! What the broker gave, told: the bare token, the whole answer, the chain.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::Report;
use crate::text::{clean, fields, member};
use crate::{chain, jwt};

/// Turns the answer of the token endpoint into a report whose text is the
/// token alone, so that it can be put into a variable.
pub(super) fn report(mut granted: Value, show_chain: bool) -> Result<Report, Failure> {
    let token = granted
        .get("access_token")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Failure::answer(
            "expected a token of visible ASCII, found something else",
        ));
    }
    // A downstream system's own credential need not be a JWT.
    let claims = jwt::read(&token).ok().map(|seen| seen.claims);
    let line = claims.as_ref().map(chain::of_claims);
    let aside = match show_chain {
        true => why(&granted, claims.as_ref(), line.as_deref()),
        false => String::new(),
    };
    if let Some(members) = granted.as_object_mut() {
        members.insert("chain".to_owned(), json!(line));
        members.insert("claims".to_owned(), json!(claims));
    }
    Ok(Report {
        data: granted,
        text: token,
        aside,
        warnings: Vec::new(),
        exit: None,
    })
}

fn why(granted: &Value, claims: Option<&Value>, line: Option<&str>) -> String {
    let said = claims.map_or_else(|| of_receipt(granted), Clone::clone);
    let claims = &said;
    let line = line.map(str::to_owned).or_else(|| {
        let known = claims.get("sub").is_some();
        known.then(|| chain::of_claims(claims))
    });
    let delegation = member(granted, &["delegation_id"]);
    let mut rows = vec![
        (
            "chain",
            line.unwrap_or_else(|| {
                "only the target's own system reads it in the credential".to_owned()
            }),
        ),
        ("subject", member(claims, &["sub"])),
        ("actor", member(claims, &["act", "sub"])),
        (
            "may do",
            format!(
                "{} on {}",
                member(granted, &["scope"]),
                member(claims, &["aud"])
            ),
        ),
    ];
    if granted.get("present").is_some() {
        rows.push(("goes into", place(granted)));
    }
    if granted.get("authorization_details").is_some() {
        rows.push(("limits", member(granted, &["authorization_details"])));
    }
    rows.push((
        "expires",
        format!("in {} s", member(granted, &["expires_in"])),
    ));
    let basis = claims.pointer("/del/basis").and_then(Value::as_str);
    let by = basis.map_or_else(String::new, |basis| format!("by {}; ", clean(basis)));
    rows.push(("why", format!("{by}see: locum explain {delegation}")));
    fields(&rows)
}

/// What the receipt says, by the names of a token's claims. Nobody has checked it:
/// `locum verify` does.
fn of_receipt(granted: &Value) -> Value {
    let receipt = granted.get("receipt").and_then(Value::as_str);
    let claims = receipt.and_then(|receipt| jwt::read(receipt).ok());
    let Some(claims) = claims.map(|seen| seen.claims) else {
        return Value::Null;
    };
    let of = |name: &str| claims.pointer(&format!("/decision/{name}")).cloned();
    json!({ "iss": claims.get("iss"), "sub": of("sub"), "act": of("act"), "aud": of("target") })
}

/// Where the credential goes in a request (contract §15).
fn place(granted: &Value) -> String {
    let of = |name: &str| member(granted, &["present", name]);
    let has = |name: &str| granted.pointer(&format!("/present/{name}")).is_some();
    if has("header") {
        format!("the header {}", of("header"))
    } else if has("cookie") {
        format!("the cookie {}", of("cookie"))
    } else {
        format!("the member {} of the JSON", of("json"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn the_text_is_the_token_alone_and_the_chain_goes_beside_it() {
        let claims = json!({"iss":"l","sub":"demo:ada","aud":"urn:demo:sap",
            "act":{"iss":"l","sub":"invoice-agent"},"del":{"basis":"policy"}});
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let granted = json!({"access_token":token,"scope":"invoice.read","expires_in":300,
            "delegation_id":"dlg_1"});
        let report = report(granted, true).unwrap();
        assert_eq!(report.text, token);
        assert!(
            report.aside.contains("demo:ada → invoice-agent → sap"),
            "{}",
            report.aside
        );
        assert!(report.aside.contains("locum explain dlg_1"));
        assert_eq!(report.data.get("claims").unwrap(), &claims);
    }

    #[test]
    fn a_credential_that_is_no_jwt_is_passed_on_whole() {
        let report = report(json!({"access_token":"opaque"}), false).unwrap();
        assert_eq!(
            (report.text.as_str(), report.aside.as_str()),
            ("opaque", "")
        );
        assert_eq!(report.data.get("chain").unwrap(), &Value::Null);
    }

    #[test]
    fn of_a_vendors_credential_the_receipt_tells_who_and_present_tells_where() {
        let decision =
            json!({"sub":"demo:ada","act":{"iss":"l","sub":"soc-agent"},"target":"panorama"});
        let claims = json!({"iss":"l","decision":decision});
        let receipt = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let granted = json!({"access_token":"opaque","scope":"rule.read","expires_in":60,
            "delegation_id":"dlg_1","receipt":receipt,"present":{"header":"X-PAN-KEY","prefix":""}});
        let aside = report(granted.clone(), true).unwrap().aside;
        for part in [
            "demo:ada → soc-agent → panorama",
            "the header X-PAN-KEY",
            "rule.read on panorama",
            "locum explain dlg_1",
        ] {
            assert!(aside.contains(part), "no `{part}` in:\n{aside}");
        }
        let mut without = granted;
        without.as_object_mut().unwrap().remove("receipt");
        let aside = report(without, true).unwrap().aside;
        assert!(aside.contains("only the target's own system"), "{aside}");
    }

    #[test]
    fn a_token_that_could_drive_a_terminal_is_not_printed() {
        assert!(report(json!({"access_token":"a\u{1b}[2J"}), false).is_err());
    }
}
