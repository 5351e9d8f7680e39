use locum_core::token::{Claims, Kid, Verified};

fn believe(claims: Claims) -> Verified<Claims> {
    Verified {
        value: claims,
        kid: Kid::new("mine"),
        typ: None,
        digest: [0; 32],
    }
}

fn main() {}
