//! A policy that answers as told and remembers what it was asked.

use crate::policy::{Action, PolicyAnswer, PolicyCheck, PolicyFault, Question};
use crate::scope::Scope;
use std::cell::RefCell;
use std::fmt;

type StubRule = dyn Fn(&Question) -> Result<PolicyAnswer, PolicyFault>;

/// A policy made of one function.
pub struct Stub {
    rule: Box<StubRule>,
    asked: RefCell<Vec<Question>>,
}

impl Stub {
    /// Answers by the function.
    pub fn new(rule: impl Fn(&Question) -> Result<PolicyAnswer, PolicyFault> + 'static) -> Self {
        Self {
            rule: Box::new(rule),
            asked: RefCell::default(),
        }
    }

    /// Permits what the function says.
    pub fn when(rule: impl Fn(&Question) -> bool + 'static) -> Self {
        Self::new(move |question| {
            let allowed = rule(question);
            let id = format!("{:?}", question.action).to_lowercase();
            Ok(PolicyAnswer {
                allowed,
                policies: allowed.then_some(id).into_iter().collect(),
                ..PolicyAnswer::default()
            })
        })
    }

    /// Permits those scopes to be exchanged and those without a grant.
    #[must_use]
    pub fn scopes(exchange: Scope, pre_authorise: Scope) -> Self {
        Self::when(move |question| match question.action {
            Action::Exchange => question.scopes.is_within(&exchange),
            Action::PreAuthorise => question.scopes.is_within(&pre_authorise),
        })
    }

    /// Permits everything, without a grant nothing.
    #[must_use]
    pub fn exchange_only() -> Self {
        Self::when(|question| question.action == Action::Exchange)
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.asked.borrow().clone()
    }
}

impl PolicyCheck for Stub {
    fn ask(&self, question: &Question) -> Result<PolicyAnswer, PolicyFault> {
        self.asked.borrow_mut().push(question.clone());
        (self.rule)(question)
    }

    fn bundle(&self) -> &'static str {
        "sha256:stub"
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub").finish_non_exhaustive()
    }
}
