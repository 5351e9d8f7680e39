use locum_core::decide::{Facts, Limits, Named, Place};

fn without_standings(limits: Limits) -> Facts {
    Facts {
        now_ms: 0,
        issuer: "https://broker.example".into(),
        limits,
        named: Named::Nothing,
        delegate: Place::NotAsked,
        grants: Vec::new(),
        root_grant: None,
    }
}

fn main() {}
