use locum_connectors::{IssuedCredential, Signer, issue};
use locum_core::decide::Permit;

fn off_the_record(permit: &Permit, signer: &impl Signer) -> Option<IssuedCredential> {
    issue(permit, signer).ok()
}

fn main() {}
