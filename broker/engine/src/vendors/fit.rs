//! Whether a target, its secrets and its vendor fit together, step by step: without
//! a person, without a permit, and so without a credential.

use super::aid::For;
pub use super::fitting::{FitResult, FitStep};
use super::fitting::{Reached, reached, refused, secret};
use crate::broker::Broker;
use crate::keyring::Series;
use locum_connectors::{Prepared, Probed, RevokedAt, SecretUse};
use locum_core::ids::RequestId;
use locum_core::registry::{Connector, Downstream, Target};
use locum_core::token::Alg;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Longest that one question takes.
const ASKED_WITHIN: Duration = Duration::from_secs(5);
/// Most accounts that are asked for in one test, so that it ends in the time of a
/// request.
const ASKED_MAX: usize = 4;

/// Tries the target.
pub async fn fit(broker: &Broker, target: &Arc<Target>) -> Vec<FitStep> {
    let connector = match &target.spec.connector {
        Connector::Issue(alg) => {
            let detail = "kind `issue`: Locum signs, and no vendor is asked";
            let profile = FitStep::passed("profile", detail);
            return vec![profile, signing_key(broker, *alg).await];
        }
        Connector::Downstream(connector) => &**connector,
    };
    let prepared = match broker.vendors.prepared(&target.spec) {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return Vec::new(),
        Err(flaws) => {
            let next = "correct that member of the target, as `GET /admin/v1/profiles` has it";
            let step = |pointer: &str, detail| {
                FitStep::failed("profile", detail, (pointer, next)).about(Some(pointer))
            };
            let steps = flaws
                .into_iter()
                .map(|flaw| step(&flaw.pointer, flaw.detail));
            return steps.collect();
        }
    };
    let mut steps = vec![FitStep::passed(
        "profile",
        format!(
            "profile `{}`, kind `{}`: its parameters hold",
            prepared.profile().id(),
            prepared.kind().as_str()
        ),
    )];
    if prepared.needs_published_key() {
        steps.push(signing_key(broker, Alg::RS256).await);
    }
    let asking = Asking {
        broker,
        target,
        connector,
        prepared: &prepared,
    };
    asking.secrets(&mut steps);
    asking.vendor(&mut steps).await;
    steps
}

/// Locum's own key. Where there is none it is made now, as the first exchange would.
async fn signing_key(broker: &Broker, alg: Alg) -> FitStep {
    let name = "signing_key";
    let ensured = broker.keyring.ensure(&broker.records, Series::tokens(alg));
    let step = match ensured.await {
        Ok(()) => FitStep::passed(name, "a key of Locum's that `/jwks` shows signs"),
        Err(_) => {
            let detail = "expected a key of that algorithm, found none that can be recorded";
            FitStep::failed(name, detail, ("/connector", "look at `locum doctor`"))
        }
    };
    step.about(Some(alg.as_str()))
}

/// What is tried.
struct Asking<'a> {
    broker: &'a Broker,
    target: &'a Target,
    connector: &'a Downstream,
    prepared: &'a Prepared,
}

impl Asking<'_> {
    /// Every secret that the target names, each once.
    fn secrets(&self, steps: &mut Vec<FitStep>) {
        let mut seen = BTreeSet::new();
        let fresh = |used: &&SecretUse| seen.insert((used.name.clone(), used.form));
        let now_s = self.broker.records.clock.now_s();
        let upstream = &self.broker.upstream;
        for used in self.prepared.secrets().iter().filter(fresh) {
            let opened = upstream.for_connector(&used.name, self.connector);
            steps.push(secret(used, opened, now_s));
        }
    }

    /// The way to the vendor, and whether it takes each account.
    async fn vendor(&self, steps: &mut Vec<FitStep>) {
        for place in 0..self.prepared.probes() {
            if place >= ASKED_MAX {
                let detail = "more accounts than one test asks for";
                steps.push(FitStep::not_seen("account", detail));
                break;
            }
            match self.ask(place).await {
                Ok(None) => continue,
                Ok(Some((way, found))) => {
                    if !steps.iter().any(|step| step.name == "answer") {
                        steps.extend(way);
                    }
                    steps.extend(found);
                }
                Err(way) => {
                    // The way is the same for all.
                    steps.extend(way);
                    return;
                }
            }
        }
        if !steps.iter().any(|step| step.result == FitResult::Failed) {
            let detail = "no credential is asked for without a permit: what the vendor grants shows at an exchange";
            steps.push(FitStep::not_seen("credential", detail));
        }
    }

    /// One question. `None`: a secret that it needs is of no use, as was told.
    async fn ask(
        &self,
        place: usize,
    ) -> Result<Option<(Vec<FitStep>, Option<FitStep>)>, Vec<FitStep>> {
        let aid = For {
            broker: self.broker,
            connector: self.connector,
            kept: None,
        };
        let id = RequestId(self.broker.records.mint()).to_string();
        let at = RevokedAt {
            now_s: self.broker.records.clock.now_s(),
            id: &id,
        };
        let Ok((probe, sending)) = self.prepared.probe(place, at, &aid) else {
            return Ok(None);
        };
        let Ok(identity) = aid.identity(&sending) else {
            return Ok(None);
        };
        // Places, pauses and failures of their own: a test costs nobody a credential.
        let calls = format!("{} tested", self.target.id);
        let sent = self.broker.vendors.client.send_within(
            &calls,
            sending.request,
            identity.as_ref(),
            ASKED_WITHIN,
        );
        let (account, named) = self.prepared.probed(place);
        let mut way = reached(Reached::Yes);
        match sent.await.map(|reply| probe.read(reply)) {
            Err(flaw) => Err(reached(Reached::No(&flaw))),
            Ok(Probed::Other { detail }) => Err(reached(Reached::Other(detail))),
            Ok(Probed::Answers) => {
                let detail = "the vendor tells only at an exchange whether it takes the account";
                way.push(FitStep::not_seen("account", detail).about(account));
                Ok(Some((way, None)))
            }
            Ok(Probed::Taken) => {
                let step = FitStep::passed("account", "the vendor takes it").about(account);
                Ok(Some((way, Some(step))))
            }
            Ok(Probed::Refused { detail }) => {
                let step = refused(detail, named).about(account);
                Ok(Some((way, Some(step))))
            }
        }
    }
}
