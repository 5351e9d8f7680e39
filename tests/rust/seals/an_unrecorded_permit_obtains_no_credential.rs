use locum_connectors::{Credential, Signer, issue};
use locum_core::decide::Permit;

fn off_the_record(permit: &Permit, signer: &impl Signer) -> Option<Credential> {
    issue(permit, signer).ok()
}

fn main() {}
