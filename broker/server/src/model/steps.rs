//! What may happen, as data: a run is a list of steps with raw numbers, and
//! what they pick is looked up when they are made. So a run with some steps
//! left out is a run too.

/// Random numbers of a seed (SplitMix64): the same everywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) const fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// An exchange of a person's ID token.
    Person,
    /// An exchange of a grant's id, the person being away.
    Away,
    /// `client_credentials`, for a target or for an actor token.
    Itself,
    /// An exchange of a workload's token as subject.
    Workload,
    /// The agent that a token was passed on to exchanges it.
    PassOn,
    /// A resource server derives from a token that it was sent.
    Derive,
    /// `POST /revoke` by the token's own client.
    GiveBack,
    /// `POST /revocations`.
    Revoke,
    /// `POST /revocations` that is tried out.
    TryRevoke,
    /// `POST /locks`.
    Lock,
    /// `POST /locks/{id}/lift`.
    Lift,
    /// `POST /grants`.
    Grant,
    /// Another owner for an agent.
    ReOwn,
    /// A new version of an agent, certified.
    ReVersion,
    /// An agent is suspended, or resumed if it was.
    Suspend,
    /// An agent is retired, and another registered.
    Retire,
    /// An agent's workload is taken away or given back.
    ReRegister,
    /// A resource moves to another target, or a server to another.
    Move,
    /// `POST /keys/rotate`.
    Rotate,
    /// `POST /keys/{kid}/retire`, or the revocation of a key of ours.
    RetireKey,
    /// The broker ends and begins again.
    Restart,
}

const WEIGHTS: [(Deed, u64); 21] = [
    (Deed::Person, 26),
    (Deed::Away, 7),
    (Deed::Itself, 7),
    (Deed::Workload, 5),
    (Deed::PassOn, 16),
    (Deed::Derive, 6),
    (Deed::GiveBack, 4),
    (Deed::Revoke, 8),
    (Deed::TryRevoke, 4),
    (Deed::Lock, 4),
    (Deed::Lift, 6),
    (Deed::Grant, 5),
    (Deed::ReOwn, 3),
    (Deed::ReVersion, 3),
    (Deed::Suspend, 3),
    (Deed::Retire, 1),
    (Deed::ReRegister, 2),
    (Deed::Move, 2),
    (Deed::Rotate, 1),
    (Deed::RetireKey, 1),
    (Deed::Restart, 1),
];

/// One step: what happens, how long after the one before, and numbers for
/// what it picks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) deed: Deed,
    pub(super) wait_ms: u64,
    pub(super) dice: u64,
}

/// The steps of a seed.
pub(super) fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut dice = Dice::new(seed);
    (0..count).map(|_| step(&mut dice)).collect()
}

fn step(dice: &mut Dice) -> Step {
    let mut left = dice.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
    let mut deed = Deed::Person;
    for (each, weight) in WEIGHTS {
        deed = each;
        if left < weight {
            break;
        }
        left -= weight;
    }
    let wait_ms = match dice.below(20) {
        0..=5 => 0,
        6..=9 => 1 + dice.below(3),
        10..=15 => dice.below(3_000),
        16..=18 => dice.below(40_000),
        _ => dice.below(400_000),
    };
    Step {
        deed,
        wait_ms,
        dice: dice.next(),
    }
}
