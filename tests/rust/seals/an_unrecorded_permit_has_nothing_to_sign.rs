use locum_core::decide::Permit;

fn sign(permit: &Permit) -> String {
    format!("{:?}", permit.claims())
}

fn main() {}
