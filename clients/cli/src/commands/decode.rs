//! `locum decode`: a token taken apart, offline.

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::input::read_text;
use crate::output::{Report, json_text};
use crate::{chain, jwt};

/// Which token.
#[derive(Debug, Args)]
pub struct DecodeArgs {
    /// The token, or `-` to read it from standard input
    #[arg(value_name = "TOKEN|-")]
    token: String,
}

const WARNING: &str = "signature NOT verified: anyone could have written this";

/// Shows header, claims and chain.
pub(crate) fn run(args: &DecodeArgs) -> Result<Report, Failure> {
    let token = match args.token.as_str() {
        "-" => read_text("-")?,
        token => token.to_owned(),
    };
    let seen = jwt::read(token.trim())?;
    let line = chain::of_claims(&seen.claims);
    let text = format!(
        "{line}\n\nheader {}\nclaims {}",
        json_text(&seen.header),
        json_text(&seen.claims)
    );
    Ok(Report {
        data: json!({"header": seen.header, "claims": seen.claims, "chain": line,
            "signature_verified": false}),
        text,
        aside: String::new(),
        warnings: vec![WARNING.to_owned()],
        exit: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn decoded(token: &str) -> Result<Report, Failure> {
        run(&DecodeArgs {
            token: token.to_owned(),
        })
    }

    #[test]
    fn header_claims_and_chain_are_shown_and_marked_unverified() {
        // {"alg":"ES256"} . {"sub":"demo:ada","aud":"urn:demo:sap"}
        let report = decoded(
            "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkZW1vOmFkYSIsImF1ZCI6InVybjpkZW1vOnNhcCJ9.c2ln",
        )
        .unwrap();
        assert!(
            report.text.starts_with("demo:ada → sap\n"),
            "{}",
            report.text
        );
        assert_eq!(report.data.get("chain").unwrap(), "demo:ada → sap");
        assert_eq!(report.data.get("header").unwrap(), &json!({"alg":"ES256"}));
        assert!(report.warnings.concat().contains("NOT verified"));
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        for wrong in ["hunter2", "a.b.c", "e30.W10.c2ln", ""] {
            let failure = decoded(wrong).unwrap_err();
            assert_eq!(failure.exit.code(), 2);
            assert!(!failure.message.contains("hunter2"));
        }
    }
}
