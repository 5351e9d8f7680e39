//! The scenes of the tour, one function each.

use super::play::SeenInTour;
use super::world::{TourAnswer, TourWorld, claims};
use crate::started::DemoFlaw;
use serde_json::{Value, json};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A token with its delegation id.
pub(super) struct TourToken {
    token: String,
    delegation: String,
}

/// Holds, or the step does not.
pub(super) fn ensure(holds: bool, what: &str) -> Result<(), DemoFlaw> {
    if holds {
        Ok(())
    } else {
        Err(format!("expected that {what}").into())
    }
}

/// A session by name and password.
pub(super) async fn sign_in(
    world: &TourWorld,
    person: &str,
) -> Result<SeenInTour<String>, DemoFlaw> {
    let password = world.known(&format!("/people/{person}/password"));
    let form = [("username", person), ("password", password.as_str())];
    let answer = world
        .form(&world.known("/idp/token_endpoint"), None, &form)
        .await?
        .expect(200)?;
    let token = answer.text("id_token");
    let claims = claims(&token);
    Ok(SeenInTour {
        detail: json!({ "claims": claims }),
        value: token,
    })
}

async fn ask(
    world: &TourWorld,
    agent: &str,
    session: &str,
    more: &[(&str, &str)],
) -> Result<TourAnswer, DemoFlaw> {
    let mut form = vec![("audience", "sap")];
    form.extend_from_slice(more);
    exchange_for(world, agent, session, &form).await
}

/// An exchange of a session, for the target that `more` names.
pub(super) async fn exchange_for(
    world: &TourWorld,
    agent: &str,
    session: &str,
    more: &[(&str, &str)],
) -> Result<TourAnswer, DemoFlaw> {
    let mut form = vec![
        ("grant_type", EXCHANGE),
        ("subject_token", session),
        ("subject_token_type", ID_TOKEN),
    ];
    form.extend_from_slice(more);
    world.token(agent, &form).await
}

fn issued(answer: &TourAnswer) -> SeenInTour<TourToken> {
    let token = answer.text("access_token");
    let delegation = answer.text("delegation_id");
    SeenInTour {
        detail: json!({ "scope": answer.text("scope"), "claims": claims(&token) }),
        value: TourToken { token, delegation },
    }
}

/// What a refusal says.
pub(super) fn refused(answer: &TourAnswer) -> Value {
    json!({ "code": answer.text("code"), "says": answer.text("error_description"), "would_pass": answer.body.get("would_pass") })
}

/// The main job.
pub(super) async fn exchange(
    world: &TourWorld,
    session: &str,
) -> Result<SeenInTour<TourToken>, DemoFlaw> {
    let answer = ask(
        world,
        "invoice-agent",
        session,
        &[("scope", "invoice.read"), ("purpose", "monthly close")],
    )
    .await?
    .expect(200)?;
    let seen = issued(&answer);
    let actor = claims(&seen.value.token).pointer("/act/sub").cloned();
    ensure(
        actor == Some(json!("invoice-agent")),
        "the token names the actor",
    )?;
    Ok(seen)
}

/// The target looks at the token itself.
pub(super) async fn call_sap(
    world: &TourWorld,
    token: &TourToken,
) -> Result<SeenInTour<()>, DemoFlaw> {
    let answer = world
        .target("/sap/invoices/4711", &token.token, None)
        .await?
        .expect(200)?;
    let seen = answer.body.get("seen").cloned().unwrap_or_default();
    ensure(
        seen.get("sub") == Some(&json!("demo:ada")),
        "SAP sees on whose behalf",
    )?;
    Ok(SeenInTour {
        value: (),
        detail: json!({ "invoice": answer.text("id"), "seen": seen }),
    })
}

/// A refusal that says what would pass; what it says does pass.
pub(super) async fn too_much(world: &TourWorld, session: &str) -> Result<SeenInTour<()>, DemoFlaw> {
    let answer = ask(
        world,
        "invoice-agent",
        session,
        &[("scope", "invoice.read invoice.post")],
    )
    .await?
    .expect(400)?;
    let advice = answer
        .body
        .pointer("/would_pass/scope")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    ensure(!advice.is_empty(), "the refusal says what would pass")?;
    ask(world, "invoice-agent", session, &[("scope", &advice)])
        .await?
        .expect(200)?;
    Ok(SeenInTour {
        value: (),
        detail: refused(&answer),
    })
}

/// No `may_act`, no grant, no policy.
pub(super) async fn no_basis(world: &TourWorld, session: &str) -> Result<SeenInTour<()>, DemoFlaw> {
    let answer = ask(
        world,
        "invoice-agent",
        session,
        &[("scope", "invoice.read")],
    )
    .await?
    .expect(400)?;
    ensure(
        answer.text("error") == "consent_required",
        "only the basis is missing",
    )?;
    Ok(SeenInTour {
        value: (),
        detail: refused(&answer),
    })
}

/// A standing delegation, made by the administrator.
pub(super) async fn grant(world: &TourWorld) -> Result<SeenInTour<()>, DemoFlaw> {
    let until = in_an_hour(world)?;
    let grant = json!({
        "person": "demo:ada", "groups": ["demo:staff"], "agent": "invoice-agent", "expires_at": until.to_string(), "max_uses": 1,
        "targets": [{ "target": "sap", "scopes": ["invoice.post"], "authorization_details": [
            { "type": "invoice_post", "company": "1000", "amount": "5000.00", "invoices": ["4711", "4712"] }] }],
        "reason": "monthly close",
    });
    let answer = world.admin("/grants", Some(&grant)).await?.expect(201)?;
    Ok(SeenInTour {
        value: (),
        detail: json!({ "grant": answer.text("id"), "state": answer.text("state"), "limits": grant.get("targets") }),
    })
}

fn in_an_hour(world: &TourWorld) -> Result<jiff::Timestamp, DemoFlaw> {
    let now = i64::try_from(world.now_s())?;
    Ok(jiff::Timestamp::from_second(now + 3_600)?)
}

const INVOICE: &str =
    r#"[{"type":"invoice_post","company":"1000","amount":"4200.00","invoices":["4711"]}]"#;

/// Within the grant: narrower than it, and used up by it.
pub(super) async fn post_invoice(
    world: &TourWorld,
    session: &str,
) -> Result<SeenInTour<TourToken>, DemoFlaw> {
    let more = [
        ("scope", "invoice.post"),
        ("authorization_details", INVOICE),
    ];
    let answer = ask(world, "invoice-agent", session, &more)
        .await?
        .expect(200)?;
    let mut seen = issued(&answer);
    let invoice = json!({ "invoice": "4711", "company": "1000", "amount": "4200.00" });
    let posted = world
        .target("/sap/invoices", &seen.value.token, Some(&invoice))
        .await?;
    ensure(matches!(posted.status, 200 | 201), "SAP takes the invoice")?;
    if let Some(detail) = seen.detail.as_object_mut() {
        detail.insert("posted".into(), posted.body.clone());
    }
    Ok(seen)
}

/// One use was granted.
pub(super) async fn used_up(world: &TourWorld, session: &str) -> Result<SeenInTour<()>, DemoFlaw> {
    let more = [
        ("scope", "invoice.post"),
        ("authorization_details", INVOICE),
    ];
    let answer = ask(world, "invoice-agent", session, &more)
        .await?
        .expect(400)?;
    ensure(
        answer.text("error") == "consent_required",
        "the grant is used up",
    )?;
    Ok(SeenInTour {
        value: (),
        detail: refused(&answer),
    })
}

/// `delegate_to`: a token that only the next agent can use.
pub(super) async fn pass_on(
    world: &TourWorld,
    session: &str,
) -> Result<SeenInTour<TourToken>, DemoFlaw> {
    let more = [("scope", "invoice.read"), ("delegate_to", "hr-agent")];
    let answer = ask(world, "invoice-agent", session, &more)
        .await?
        .expect(200)?;
    let seen = issued(&answer);
    let audience = claims(&seen.value.token).get("aud").cloned();
    ensure(
        audience == Some(json!("urn:locum:agent:hr-agent")),
        "it is for the HR agent alone",
    )?;
    ensure(
        world
            .target("/sap/invoices/4711", &seen.value.token, None)
            .await?
            .status
            == 401,
        "no resource accepts it",
    )?;
    Ok(seen)
}

/// The next agent's exchange wraps the chain.
pub(super) async fn take_over(
    world: &TourWorld,
    passed: &TourToken,
) -> Result<SeenInTour<TourToken>, DemoFlaw> {
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", passed.token.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", "sap"),
        ("scope", "invoice.read"),
    ];
    let answer = world.token("hr-agent", &form).await?.expect(200)?;
    let seen = issued(&answer);
    let inner = claims(&seen.value.token).pointer("/act/act/sub").cloned();
    ensure(
        inner == Some(json!("invoice-agent")),
        "the chain holds both agents",
    )?;
    world
        .target("/sap/invoices/4711", &seen.value.token, None)
        .await?
        .expect(200)?;
    Ok(seen)
}

/// RFC 7009 on the first token kills the second.
pub(super) async fn cascade(
    world: &TourWorld,
    first: &TourToken,
    second: &TourToken,
) -> Result<SeenInTour<()>, DemoFlaw> {
    ensure(
        world.is_active(&second.token).await?,
        "the second token is alive",
    )?;
    let url = format!("{}/revoke", world.known("/issuer"));
    world
        .form(&url, Some("invoice-agent"), &[("token", &first.token)])
        .await?
        .expect(200)?;
    ensure(
        !world.is_active(&second.token).await?,
        "the second token is dead",
    )?;
    let sap = world
        .target("/sap/invoices/4711", &second.token, None)
        .await?;
    ensure(sap.status == 401, "SAP refuses it")?;
    Ok(SeenInTour {
        value: (),
        detail: json!({ "revoked": first.delegation, "died": second.delegation, "sap": "401 invalid_token" }),
    })
}

/// A lock stops everything at once, and lifting it revives what is not yet
/// expired.
pub(super) async fn lock(
    world: &TourWorld,
    session: &str,
    token: &TourToken,
) -> Result<SeenInTour<()>, DemoFlaw> {
    let what = json!({ "what": { "kind": "agent", "id": "invoice-agent" }, "reason": "tour" });
    let locked = world.admin("/locks", Some(&what)).await?.expect(201)?;
    let answer = ask(
        world,
        "invoice-agent",
        session,
        &[("scope", "invoice.read")],
    )
    .await?
    .expect(400)?;
    ensure(
        answer.text("code") == "LCM-LOCKED",
        "no new token is issued",
    )?;
    ensure(
        !world.is_active(&token.token).await?,
        "live tokens are refused",
    )?;
    let lift = format!("/locks/{}/lift", locked.text("id"));
    world
        .admin(&lift, Some(&json!({ "reason": "tour" })))
        .await?
        .expect(200)?;
    ensure(world.is_active(&token.token).await?, "it lives again")?;
    Ok(SeenInTour {
        value: (),
        detail: json!({ "lock": locked.text("id"), "affected": locked.body.get("affected"), "says": answer.text("error_description") }),
    })
}

/// What the record says of a decision.
pub(super) async fn explain(
    world: &TourWorld,
    of: &TourToken,
) -> Result<SeenInTour<(String, Value)>, DemoFlaw> {
    let answer = world
        .admin(&format!("/decisions/{}", of.delegation), None)
        .await?
        .expect(200)?;
    let detail = json!({ "decision": answer.body });
    Ok(SeenInTour {
        value: (of.delegation.clone(), answer.body),
        detail,
    })
}

/// After the restart: the same decision at the same place, the dead still dead.
pub(super) async fn intact(
    world: &TourWorld,
    before: &(String, Value),
    dead: &TourToken,
) -> Result<SeenInTour<()>, DemoFlaw> {
    let answer = world
        .admin(&format!("/decisions/{}", before.0), None)
        .await?
        .expect(200)?;
    ensure(answer.body == before.1, "the decision reads as before")?;
    ensure(
        !world.is_active(&dead.token).await?,
        "the revoked chain is still dead",
    )?;
    Ok(SeenInTour {
        value: (),
        detail: json!({ "record": answer.body.get("record"), "dead": dead.delegation }),
    })
}
