#![allow(clippy::unwrap_used, reason = "tests")]
use super::super::test_world::{self, TestWorld};
use super::*;
use locum_core::token::{
    Alg, Audiences, Demands, Expectation, IssuerRule, TOKEN_MAX, TokenKind, TypRule, Unverified,
    verify,
};
use locum_tokens::keys::KeySet;

#[tokio::test]
async fn the_listeners_answer_until_they_are_stopped() {
    let test_world = TestWorld::new();
    let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listeners = Listeners {
        demo: bind().await,
        emulators: PerEmulator {
            sap_btp: bind().await,
            workday_hr: bind().await,
            panorama: bind().await,
        },
        certificates: None,
    };
    let at = |listener: &TcpListener, path: &str| {
        format!("http://{}{path}", listener.local_addr().unwrap())
    };
    let urls = [
        at(&listeners.demo, "/"),
        at(&listeners.emulators.sap_btp, "/sap-btp"),
        at(&listeners.emulators.workday_hr, "/workday-hr"),
        at(&listeners.emulators.panorama, "/panorama"),
    ];
    let accounts = test_world::accounts();
    let parties = (&test_world.world, &Arc::new(accounts));
    let (at, ambient) = (test_world::addresses(), test_world::ambient());
    let running = serve(parties, &at, &ambient, listeners).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a client of the test's own")]
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for url in &urls {
        let answer = http.get(url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{url}");
    }
    running.stop().await;
    for url in &urls {
        assert!(http.get(url).send().await.is_err(), "{url}");
    }
}

/// As the broker will look at them (contract §5).
fn expected<'a>(
    kind: TokenKind,
    issuer: &'a str,
    audience: &'a [String],
    typ: TypRule<'a>,
) -> Expectation<'a> {
    Expectation {
        kind,
        issuer: IssuerRule::Claim(issuer),
        demands: Demands::default(),
        audiences: Audiences::AnyOf(audience),
        algs: &[Alg::ES256],
        typ,
        skew_s: 30,
        max_age_s: 3600,
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    }
}

#[tokio::test]
async fn what_the_demo_issuers_say_passes_the_brokers_own_checks() {
    let test_world = TestWorld::new();
    let at = test_world::addresses();
    let password = test_world.world.password("bob").unwrap().expose();
    let sign_in = format!("username=bob&password={password}");
    let (_, person) = test_world.form("/idp/token", &sign_in).await;
    let (_, workload) = test_world.form("/workloads/token", "agent=hr-agent").await;
    let (idp, platform) = (at.idp(), at.workloads());
    let (app, locum) = (["demo-app".to_owned()], [at.issuer]);
    let id = expected(TokenKind::IdToken, &idp, &app, TypRule::JWT);
    let access = expected(TokenKind::ForeignAccess, &idp, &locum, TypRule::ACCESS);
    let actor = expected(TokenKind::Workload, &platform, &locum, TypRule::JWT);
    for (answer, member, keys, expectation) in [
        (&person, "id_token", "/idp/jwks", id),
        (&person, "access_token", "/idp/jwks", access),
        (&workload, "token", "/workloads/jwks", actor),
    ] {
        let (_, jwks) = test_world.get(keys).await;
        let keys = KeySet::from_jwks(&jwks, &[Alg::ES256]).unwrap();
        let token = answer.get(member).and_then(Value::as_str).unwrap();
        let token = Unverified::parse(token, TOKEN_MAX).unwrap();
        assert!(
            verify(token, &expectation, test_world::NOW, &keys).is_ok(),
            "{member}"
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let test_world = TestWorld::new();
    let long = format!("username=ada&password={}", "a".repeat(70_000));
    assert_eq!(test_world.form("/idp/token", &long).await.0, 413);
}
