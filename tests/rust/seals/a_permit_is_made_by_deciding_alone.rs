use locum_core::decide::{Case, Permit};

fn forge(case: Case) -> Permit {
    Permit {
        case,
        target: None,
        grant: None,
        claims: Default::default(),
        lifetime: 300,
        scope: "invoice.post".into(),
        details: None,
        policies: Vec::new(),
        trail: Vec::new(),
        bundle: String::new(),
    }
}

fn main() {}
