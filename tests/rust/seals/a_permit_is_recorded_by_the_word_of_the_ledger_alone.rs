use locum_core::decide::{Permit, Recorded, Refused};

fn off_the_record(permit: Permit) -> Recorded<Permit> {
    Recorded(permit)
}

fn refuse_off_the_record(refused: Refused) -> Recorded<Refused> {
    Recorded(refused)
}

fn without_the_ledger(permit: Permit) -> Recorded<Permit> {
    permit.recorded().unwrap()
}

fn main() {}
