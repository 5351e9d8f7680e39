use locum_core::token::Unverified;

fn peek(token: &Unverified) -> bool {
    token.payload.contains_key("may_act")
}

fn main() {}
