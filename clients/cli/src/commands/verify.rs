//! `locum verify`: a receipt is checked, with nothing but public keys (contract
//! §15, "Receipts").

use clap::Args;
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::http::Http;
use crate::input::{now_s, read_text, read_text_within};
use crate::output::Report;
use crate::receipt::{self, Compared, Receipt};
use crate::text::{fields, inline, member};

/// Longest credential that is compared, in bytes: the longest answer of a vendor
/// that Locum reads (contract §15).
const CREDENTIAL_MAX: u64 = 256 * 1024;

/// Which receipt, and what it is checked with.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The receipt, or `-` to read it from standard input
    #[arg(value_name = "RECEIPT|-")]
    receipt: String,
    /// A copy of the broker's `/receipts/jwks`: then no broker is asked. Without
    /// it the broker that `LOCUM_ISSUER` names is asked
    #[arg(long, value_name = "FILE")]
    jwks: Option<String>,
    /// The credential to compare with the receipt: a file, or `-` for standard
    /// input
    #[arg(long, value_name = "FILE|-")]
    credential: Option<String>,
}

/// Checks it.
pub(crate) async fn run(args: VerifyArgs, environment: &Environment) -> Result<Report, Failure> {
    if args.receipt == "-" && args.credential.as_deref() == Some("-") {
        return Err(Failure::usage(
            "expected one of receipt and credential on standard input, found both; put one into a file",
        ));
    }
    let text = match args.receipt.as_str() {
        "-" => read_text("-")?,
        receipt => receipt.to_owned(),
    };
    let (jwks, issuer) = match &args.jwks {
        Some(path) => (kept(path)?, None),
        None => asked(environment).await?,
    };
    let checked = receipt::check(text.trim(), &jwks, issuer.as_deref(), now_s())?;
    let compared = match &args.credential {
        None => None,
        Some(path) => {
            let text = read_text_within(path, CREDENTIAL_MAX)?;
            Some(checked.compare(text.trim_end_matches(['\r', '\n'])))
        }
    };
    if compared == Some(Compared::Other) {
        return Err(Failure::local(
            Exit::General,
            "CLI-RECEIPT",
            "expected the credential that the receipt names, found another",
        ));
    }
    Ok(told(&checked, compared))
}

/// The key set in a file.
fn kept(path: &str) -> Result<Value, Failure> {
    let wrong = || {
        Failure::setup(format!(
            "expected a JWK set in `{path}`, found something else; fetch `/receipts/jwks` of the broker into it"
        ))
    };
    serde_json::from_str(&read_text(path)?).map_err(|_| wrong())
}

/// The key set that the broker publishes now, and the issuer that it is of.
async fn asked(environment: &Environment) -> Result<(Value, Option<String>), Failure> {
    let issuer = environment.issuer()?;
    let url = environment.endpoint("receipts/jwks")?;
    let http = Http::new(&url)?;
    let answer = http.send(http.get(url)).await?;
    let issuer = issuer.as_str().trim_end_matches('/').to_owned();
    Ok((answer.ok()?, Some(issuer)))
}

fn told(checked: &Receipt, compared: Option<Compared>) -> Report {
    let none = Value::Null;
    let decision = checked.claims.get("decision").unwrap_or(&none);
    let line = checked.chain();
    let (word, sentence) = match compared {
        None if checked.is_keyed() => ("not_compared", "not compared, and cannot be"),
        None => ("not_compared", "not compared; name it with --credential"),
        Some(Compared::Same) => ("same", "the one that was handed out"),
        Some(Compared::Keyed | Compared::Other) => ("not_comparable", "cannot be compared"),
    };
    let mut rows = vec![
        (
            "signature",
            format!("verified with the key {}", inline(&json!(checked.kid))),
        ),
        ("issuer", member(&checked.claims, &["iss"])),
        ("decision", member(decision, &["delegation_id"])),
        (
            "may do",
            format!(
                "{} on {}",
                member(decision, &["scope"]),
                member(decision, &["target"])
            ),
        ),
    ];
    if decision
        .get("authorization_details")
        .is_some_and(|found| !found.is_null())
    {
        rows.push(("limits", member(decision, &["authorization_details"])));
    }
    rows.push(("until", member(decision, &["expires_at"])));
    rows.push(("credential", sentence.to_owned()));
    let warnings = match compared {
        Some(Compared::Keyed) => vec![
            "the credential is too short for a hash that anybody may see, so the receipt names it by a keyed one: only Locum can compare".to_owned(),
        ],
        _ => Vec::new(),
    };
    Report {
        data: json!({
            "signature_verified": true, "kid": checked.kid, "claims": checked.claims,
            "chain": line, "credential": word,
        }),
        text: format!("{line}\n\n{}", fields(&rows)),
        aside: String::new(),
        warnings,
        exit: None,
    }
}
