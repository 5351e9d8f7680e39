use locum_core::chain::Chain;
use locum_core::lineage::Lineage;
use locum_core::party::Subject;
use locum_core::proof::{ActorFrom, ActorProof, Authenticated, Caller, SubjectProof};
use locum_core::registry::Agent;
use std::sync::Arc;

fn authenticated(who: Caller) -> Authenticated<Caller> {
    Authenticated { who, by: "client_secret", since_ms: 0 }
}

fn actor(agent: Arc<Agent>, ours: Arc<str>) -> ActorProof {
    ActorProof {
        agent,
        ours,
        from: ActorFrom::Client,
        presenter: None,
        expires_s: None,
        lineage: Lineage::default(),
        token: None,
    }
}

fn subject(known: &SubjectProof, subject: Subject) -> SubjectProof {
    SubjectProof { subject, ..known.clone() }
}

fn chain(subject: Subject) -> Chain {
    Chain { subject, links: Vec::new(), hops: 0 }
}

fn main() {}
