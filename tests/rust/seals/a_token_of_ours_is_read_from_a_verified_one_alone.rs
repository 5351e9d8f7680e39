use locum_core::own::OwnToken;

fn invent(known: OwnToken) -> OwnToken {
    OwnToken { sub: "demo:ada".into(), ..known }
}

fn main() {}
