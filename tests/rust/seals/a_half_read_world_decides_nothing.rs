use locum_core::decide::{Facts, Limits, TargetRequest, DelegateTo};

fn without_standings(limits: Limits) -> Facts {
    Facts {
        now_ms: 0,
        issuer: "https://broker.example".into(),
        limits,
        named: TargetRequest::Nothing,
        delegate: DelegateTo::NotAsked,
        grants: Vec::new(),
        root_grant: None,
    }
}

fn main() {}
