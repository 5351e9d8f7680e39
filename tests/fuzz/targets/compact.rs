//! A compact JWS, header and claims: whatever the bytes, every slot either
//! refuses or hands out claims that keep its rules.
#![no_main]

use libfuzzer_sys::fuzz_target;
use locum_core::token::{
    Alg, Audiences, DATE_MAX, Demands, Expectation, IssuerRule, Kid, TokenKind, NAME_MAX, SignatureCheck, SignatureFlaw,
    TOKEN_MAX, TypRule, Unverified, verify,
};

const NOW: u64 = 1_795_400_000;
const SLOTS: [(TokenKind, TypRule<'static>); 5] = [
    (TokenKind::IdToken, TypRule::JWT),
    (TokenKind::ForeignAccess, TypRule::ACCESS_OR_UNTYPED),
    (TokenKind::Workload, TypRule::JWT),
    (TokenKind::Own, TypRule::ACCESS),
    (TokenKind::ClientAssertion, TypRule::CLIENT_ASSERTION),
];

/// Accepts every signature, so that the claims are reached at all.
struct Agreeing;

impl SignatureCheck for Agreeing {
    fn check(
        &self,
        _: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw> {
        assert!(!signature.is_empty() && signed.iter().filter(|b| **b == b'.').count() == 1);
        Ok(Kid::new(kid.unwrap_or("only")))
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let audiences = ["app".to_owned()];
    for (kind, typ) in SLOTS {
        let unverified = match Unverified::parse(text, TOKEN_MAX) {
            Ok(unverified) => unverified,
            Err(flaw) => {
                // Nothing of an unverified token is shown, and all of it is legal text.
                assert!(flaw.public().bytes().all(|b| (b' '..=b'~').contains(&b)));
                return;
            }
        };
        let expectation = Expectation {
            kind,
            issuer: IssuerRule::Claim("https://idp.example"),
        demands: Demands::default(),
            audiences: Audiences::AnyOf(&audiences),
            algs: &Alg::ALL,
            typ,
            skew_s: 30,
            max_age_s: 3_600,
            iat_required: true,
            jti_required: false,
            exp_max_ahead_s: Some(3_600),
        };
        match verify(unverified, &expectation, NOW, &Agreeing) {
            Ok(verified) => {
                let claims = verified.get();
                assert_eq!(claims.iss, "https://idp.example");
                assert!(claims.exp > NOW && claims.exp <= DATE_MAX);
                assert!((1..=NAME_MAX).contains(&claims.sub.len()));
                assert!(claims.aud.contains(&audiences[0]));
            }
            Err(flaw) => {
                let text = flaw.public();
                assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'));
            }
        }
    }
});
