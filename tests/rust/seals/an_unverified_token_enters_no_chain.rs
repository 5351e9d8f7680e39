use locum_core::chain::{ChainBounds, Chain};
use locum_core::own::OwnToken;
use locum_core::proof::ActorProof;
use locum_core::token::{Claims, Unverified};

fn read(unverified: &Unverified) -> Option<OwnToken> {
    OwnToken::read(unverified, "https://broker.example").ok()
}

fn extend(claims: &Claims, actor: &ActorProof, bounds: ChainBounds) -> Option<Chain> {
    Chain::extend(claims, actor, bounds).ok()
}

fn main() {}
