use locum_core::decide::{Facts, DecisionLimits, TargetRequest, DelegateTo};

fn without_standings(limits: DecisionLimits) -> Facts {
    Facts {
        now_ms: 0,
        issuer: "https://broker.example".into(),
        limits,
        named: TargetRequest::Nothing,
        delegate: DelegateTo::NotAsked,
        ended_grants: Vec::new(),
        grants: Vec::new(),
        root_grant: None,
    }
}

fn main() {}
