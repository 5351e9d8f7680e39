//! A question answered: by those policies that can matter, with the annotations
//! of what determined it. An error of Cedar is no answer, and becomes a refusal in
//! `broker/core/src/decide/question.rs`.

use crate::annotations::Annotations;
use crate::bundle::Bundle;
use crate::request::{CedarFacts, fault};
use crate::told::RequestFacts;
use cedar_policy::{Authorizer, Decision, PolicySet, Response};
use locum_core::policy::{PolicyAnswer, PolicyCheck, PolicyFault, Question};
use std::collections::BTreeSet;

impl PolicyCheck for Bundle {
    fn ask(&self, question: &Question) -> Result<PolicyAnswer, PolicyFault> {
        let facts = CedarFacts::of(question, &self.mentions)?;
        if let Some(answer) = self.remembered.get(&facts) {
            return Ok(answer);
        }
        let answer = self.work_out(&facts)?;
        self.remembered.put(facts, answer.clone());
        Ok(answer)
    }

    fn bundle(&self) -> &str {
        self.address()
    }
}

/// What Cedar said.
#[derive(Debug, Default)]
struct Determining {
    permits: BTreeSet<String>,
    forbids: BTreeSet<String>,
}

impl Determining {
    /// Cedar names the permits that hold when it allows, and the forbids that
    /// hold when it denies.
    fn take(&mut self, response: &Response) -> Result<(), PolicyFault> {
        // Cedar skips a policy that errs; Locum refuses (contract §13).
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(fault(error));
        }
        let holding = match response.decision() {
            Decision::Allow => &mut self.permits,
            Decision::Deny => &mut self.forbids,
        };
        let ids = response.diagnostics().reason();
        holding.extend(ids.map(|id| AsRef::<str>::as_ref(id).to_owned()));
        Ok(())
    }
}

impl Bundle {
    /// Asks Cedar.
    pub(crate) fn work_out(&self, facts: &CedarFacts) -> Result<PolicyAnswer, PolicyFault> {
        if let Some(flaw) = self.flaw() {
            return Err(fault(format!("the policies do not load: {flaw}")));
        }
        let told = RequestFacts::of(facts);
        let about = (facts.action, facts.target.as_str());
        let asked = self.slices.asked(about, facts.groups_known, &told);
        let policies = PolicySet::from_policies(asked.cloned()).map_err(fault)?;
        let mut verdict = Determining::default();
        if !policies.is_empty() {
            let request = facts.request(self.words)?;
            let entities = facts.entities(self.words)?;
            verdict.take(&Authorizer::new().is_authorized(&request, &policies, &entities))?;
        }
        Ok(self.answer(verdict))
    }

    fn answer(&self, verdict: Determining) -> PolicyAnswer {
        let allowed = verdict.forbids.is_empty() && !verdict.permits.is_empty();
        let determining = if allowed {
            verdict.permits
        } else {
            verdict.forbids
        };
        let marks = || determining.iter().filter_map(|id| self.marks.get(id));
        let lists = marks().map(|found| &found.require_acr);
        PolicyAnswer {
            allowed,
            reason: marks().find_map(|found| found.reason.clone()),
            advice: marks().find_map(|found| found.advice.clone()),
            max_lifetime: marks()
                .filter_map(|found: &Annotations| found.max_lifetime)
                .min(),
            require_acr: lists.filter(|list| !list.is_empty()).cloned().collect(),
            policies: determining.into_iter().collect(),
        }
    }
}
