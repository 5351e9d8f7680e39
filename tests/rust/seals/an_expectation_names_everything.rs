use locum_core::token::{Audiences, Demands, Expectation, IssuerRule, TokenKind, TypRule};

fn without_algorithms(audiences: Audiences<'_>) -> Expectation<'_> {
    Expectation {
        kind: TokenKind::IdToken,
        issuer: IssuerRule::Claim("https://idp.example"),
        demands: Demands::default(),
        audiences,
        typ: TypRule::JWT,
        skew_s: 30,
        max_age_s: 86_400,
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    }
}

fn by_default() -> Expectation<'static> {
    Expectation::default()
}

fn main() {}
