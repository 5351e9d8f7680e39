//! The scenes at vendors, which hand out credentials of their own.

use super::play::{Play, SeenInTour};
use super::scenes::{ensure, exchange_for, refused};
use super::world::{TourAnswer, TourWorld, claims};
use crate::started::DemoFlaw;
use serde_json::{Value, json};
use std::time::Duration;

/// Longest that ending a credential at its vendor may take.
const ENDED_WITHIN: Duration = Duration::from_secs(10);
/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a vendor handed out, and how it is shown there.
struct Handed {
    credential: String,
    delegation: String,
    header: String,
    prefix: String,
}

/// Plays them.
///
/// # Errors
/// Which did not hold.
pub(super) async fn play(
    play: &mut Play,
    world: &TourWorld,
    ada: &str,
    eve: &str,
) -> Result<(), DemoFlaw> {
    let at_sap = play
        .step(
            "SAP BTP hands out a credential of its own, which SAP takes",
            sap(world, ada),
        )
        .await?;
    play.step(
        "Workday hands one out that outlives the permit: its owner accepted that",
        workday(world, ada),
    )
    .await?;
    play.step(
        "Without the owner's word it is refused before Workday is asked",
        unsafe_handout(world, ada),
    )
    .await?;
    play.step(
        "A firewall knows no people: a receipt says who acts for whom",
        firewall(world, ada),
    )
    .await?;
    play.step(
        "Eve is not entitled there, whatever the agent may do",
        not_entitled(world, eve),
    )
    .await?;
    play.step(
        "SAP's credential is revoked, and SAP itself refuses it",
        ended_at_vendor(world, &at_sap),
    )
    .await
}

async fn handed(
    world: &TourWorld,
    agent: &str,
    session: &str,
    (target, scope): (&str, &str),
) -> Result<(Handed, TourAnswer), DemoFlaw> {
    let more = [("audience", target), ("scope", scope)];
    let answer = exchange_for(world, agent, session, &more)
        .await?
        .expect(200)?;
    let text = |pointer: &str| answer.body.pointer(pointer).and_then(Value::as_str);
    let handed = Handed {
        credential: answer.text("access_token"),
        delegation: answer.text("delegation_id"),
        header: text("/present/header")
            .unwrap_or("Authorization")
            .to_owned(),
        prefix: text("/present/prefix").unwrap_or("Bearer ").to_owned(),
    };
    Ok((handed, answer))
}

impl Handed {
    /// A resource of the vendor's.
    async fn call(
        &self,
        world: &TourWorld,
        target: &str,
        path: &str,
    ) -> Result<TourAnswer, DemoFlaw> {
        let url = format!("{}{path}", world.known(&format!("/targets/{target}/url")));
        let value = format!("{}{}", self.prefix, self.credential);
        world.vendor(&url, (&self.header, &value)).await
    }

    /// What there is to see of it and of what the vendor saw.
    fn detail(&self, answer: &TourAnswer, called: &TourAnswer) -> Value {
        let told = |name: &str| answer.body.get(name).cloned().unwrap_or_default();
        json!({
            "token_type": told("token_type"), "scope": told("scope"), "expires_in": told("expires_in"),
            "shown_in": self.header, "seen": called.body.get("seen"),
        })
    }
}

/// The person and the agent reach SAP.
async fn sap(world: &TourWorld, ada: &str) -> Result<SeenInTour<Handed>, DemoFlaw> {
    let (handed, answer) = handed(world, "invoice-agent", ada, ("sap-btp", "invoice.read")).await?;
    let called = handed
        .call(world, "sap-btp", "/invoices/4711")
        .await?
        .expect(200)?;
    ensure(
        called.body.pointer("/seen/sub") == Some(&json!("ada")),
        "SAP knows the person",
    )?;
    let detail = handed.detail(&answer, &called);
    Ok(SeenInTour {
        value: handed,
        detail,
    })
}

/// Its life is told as it is.
async fn workday(world: &TourWorld, ada: &str) -> Result<SeenInTour<()>, DemoFlaw> {
    let (handed, answer) = handed(world, "hr-agent", ada, ("workday-hr", "worker.read")).await?;
    let called = handed
        .call(world, "workday-hr", "/workers/42")
        .await?
        .expect(200)?;
    let life_s = answer.body.get("expires_in").and_then(Value::as_u64);
    ensure(life_s > Some(300), "`expires_in` tells the truth")?;
    Ok(SeenInTour {
        value: (),
        detail: handed.detail(&answer, &called),
    })
}

/// The rule of delivery, and the target as it was afterwards.
async fn unsafe_handout(world: &TourWorld, ada: &str) -> Result<SeenInTour<()>, DemoFlaw> {
    let path = "/targets/workday-hr";
    let before = world.admin(path, None).await?.expect(200)?.body;
    let mut without = before.clone();
    if let Some(members) = without.as_object_mut() {
        members.remove("accept_overhang");
    }
    world.put(path, &without).await?.expect(200)?;
    let more = [("audience", "workday-hr"), ("scope", "worker.read")];
    let answer = exchange_for(world, "hr-agent", ada, &more)
        .await?
        .expect(400)?;
    world.put(path, &before).await?.expect(200)?;
    ensure(
        answer.text("code") == "LCM-HANDOUT-UNSAFE",
        "the rule of delivery refuses it",
    )?;
    Ok(SeenInTour {
        value: (),
        detail: refused(&answer),
    })
}

/// The key stands for an account; the receipt for the person.
async fn firewall(world: &TourWorld, ada: &str) -> Result<SeenInTour<()>, DemoFlaw> {
    let (handed, answer) = handed(world, "soc-agent", ada, ("panorama", "rule.read")).await?;
    let called = handed
        .call(world, "panorama", "/rules")
        .await?
        .expect(200)?;
    let receipt = claims(&answer.text("receipt"));
    ensure(
        receipt.pointer("/decision/sub") == Some(&json!("demo:ada")),
        "the receipt names the person",
    )?;
    let mut detail = handed.detail(&answer, &called);
    if let Some(members) = detail.as_object_mut() {
        members.insert("claims".into(), receipt);
    }
    Ok(SeenInTour { value: (), detail })
}

/// Who may do what stands at the target, by groups.
async fn not_entitled(world: &TourWorld, eve: &str) -> Result<SeenInTour<()>, DemoFlaw> {
    let more = [("audience", "panorama"), ("scope", "rule.read")];
    let answer = exchange_for(world, "soc-agent", eve, &more)
        .await?
        .expect(400)?;
    ensure(
        answer.text("code") == "LCM-POLICY-DENIED",
        "the entitlements say no",
    )?;
    Ok(SeenInTour {
        value: (),
        detail: refused(&answer),
    })
}

/// RFC 7009 by the credential, which ends it at the vendor too.
async fn ended_at_vendor(world: &TourWorld, handed: &Handed) -> Result<SeenInTour<()>, DemoFlaw> {
    let url = format!("{}/revoke", world.known("/issuer"));
    let form = [("token", handed.credential.as_str())];
    world
        .form(&url, Some("invoice-agent"), &form)
        .await?
        .expect(200)?;
    let decision = format!("/decisions/{}", handed.delegation);
    let ended = async {
        loop {
            let seen = world.admin(&decision, None).await?.expect(200)?;
            let credential = seen.body.get("credential").cloned().unwrap_or_default();
            if credential.get("revocation") == Some(&json!("done")) {
                return Ok::<_, DemoFlaw>(credential);
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "the broker ends it in the background, and says so on request only"
            )]
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let credential = tokio::time::timeout(ENDED_WITHIN, ended).await??;
    let called = handed.call(world, "sap-btp", "/invoices/4711").await?;
    ensure(called.status == 401, "SAP refuses it")?;
    Ok(SeenInTour {
        value: (),
        detail: json!({ "revoked": handed.delegation, "credential": credential, "sap": "401" }),
    })
}
