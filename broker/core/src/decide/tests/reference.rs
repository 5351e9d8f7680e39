//! The whole narrowing once more, naively: sets of (target, scope) as plain
//! vectors and one long function, written from contract §6 alone.

use std::collections::BTreeSet;

/// What the reference looks at; all names are small numbers as text.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// The catalogue: scope and whether it is high.
    pub(super) catalogue: Vec<(String, bool)>,
    /// Per agent of the chain, in order of hops.
    pub(super) agents: Vec<Ceiling>,
    /// What the first subject token carries; `None`: an ID token.
    pub(super) authority: Option<Vec<String>>,
    /// Whether its `may_act` is a basis.
    pub(super) may_act: bool,
    pub(super) subject_left: u64,
    pub(super) grants: Vec<Given>,
    pub(super) exchange: Vec<String>,
    pub(super) pre_authorise: Vec<String>,
    pub(super) target_lifetime: u64,
    /// What each hop asks for.
    pub(super) asks: Vec<(Option<Vec<String>>, Option<u64>)>,
}

#[derive(Debug, Clone)]
pub(super) struct Ceiling {
    pub(super) scopes: Vec<String>,
    pub(super) default: Vec<String>,
    pub(super) max_lifetime: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) scopes: Vec<String>,
    pub(super) left: u64,
    pub(super) max_depth: Option<u32>,
}

/// What one hop came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Granted {
        scopes: BTreeSet<String>,
        lifetime: u64,
        basis: &'static str,
        grant: Option<usize>,
    },
    Refused(&'static str),
}

fn all_in(these: &[String], those: &[String]) -> bool {
    these.iter().all(|name| those.contains(name))
}

/// Every hop in turn, up to the first refusal.
pub(super) fn run(world: &World) -> Vec<Outcome> {
    let mut out: Vec<Outcome> = Vec::new();
    for hop in 0..world.agents.len() {
        let outcome = one(world, hop, out.last());
        let ends = matches!(outcome, Outcome::Refused(_));
        out.push(outcome);
        if ends {
            break;
        }
    }
    out
}

fn one(world: &World, hop: usize, before: Option<&Outcome>) -> Outcome {
    let token: Option<Vec<String>> = match before {
        Some(Outcome::Granted { scopes, .. }) => Some(scopes.iter().cloned().collect()),
        _ => world.authority.clone(),
    };
    let depth = u32::try_from(hop).unwrap() + 1;
    if let Some(Outcome::Granted {
        grant: Some(root), ..
    }) = before
        && world.grants[*root]
            .max_depth
            .is_some_and(|most| depth > most)
    {
        return Outcome::Refused("LCM-CHAIN-DEPTH");
    }
    let known = |name: &String| world.catalogue.iter().any(|(scope, _)| scope == name);
    // A token leads nowhere whose scopes are all gone.
    if token.as_ref().is_some_and(|names| !names.iter().any(known)) {
        return Outcome::Refused("LCM-TARGET-REFUSED");
    }
    let ceiling = &world.agents[hop];
    let limited = |name: &String| token.as_ref().is_none_or(|token| token.contains(name));
    let allowed = |name: &String| ceiling.scopes.contains(name) && known(name) && limited(name);
    let wanted: Vec<String> = match &world.asks[hop].0 {
        Some(list) if !list.is_empty() => list.clone(),
        _ => ceiling
            .default
            .iter()
            .filter(|name| allowed(name))
            .cloned()
            .collect(),
    };
    if wanted.is_empty() {
        return Outcome::Refused("LCM-SCOPE-REQUIRED");
    }
    if !wanted.iter().all(allowed) {
        return Outcome::Refused("LCM-SCOPE-REFUSED");
    }
    if !all_in(&wanted, &world.exchange) {
        return Outcome::Refused("LCM-POLICY-DENIED");
    }
    let (basis, grant) = rests_on(world, hop, &wanted, before);
    let Some(basis) = basis else {
        return Outcome::Refused("LCM-CONSENT-MISSING");
    };
    let lifetime = lives(world, hop, before, grant);
    if lifetime == 0 {
        return Outcome::Refused("LCM-SUBJECT-INVALID");
    }
    Outcome::Granted {
        scopes: wanted.into_iter().collect(),
        lifetime,
        basis,
        grant,
    }
}

/// What it rests on, and by which grant.
fn rests_on(
    world: &World,
    hop: usize,
    wanted: &[String],
    before: Option<&Outcome>,
) -> (Option<&'static str>, Option<usize>) {
    let high = wanted
        .iter()
        .any(|name| world.catalogue.contains(&(name.clone(), true)));
    if let Some(Outcome::Granted { basis, grant, .. }) = before {
        return ((*basis != "policy" || !high).then_some(*basis), *grant);
    }
    if world.may_act {
        return (Some("may_act"), None);
    }
    let depth = u32::try_from(hop).unwrap() + 1;
    let mut best: Option<usize> = None;
    for (number, given) in world.grants.iter().enumerate() {
        let covers = given.left > 0
            && all_in(wanted, &given.scopes)
            && given.max_depth.is_none_or(|most| depth <= most);
        if covers && best.is_none_or(|best| given.left < world.grants[best].left) {
            best = Some(number);
        }
    }
    match best {
        Some(number) => (Some("grant"), Some(number)),
        None if !high && all_in(wanted, &world.pre_authorise) => (Some("policy"), None),
        None => (None, None),
    }
}

/// How long it lives, in seconds.
fn lives(world: &World, hop: usize, before: Option<&Outcome>, grant: Option<usize>) -> u64 {
    let mut bounds = vec![world.target_lifetime, world.subject_left];
    bounds.extend(world.asks[hop].1);
    bounds.extend(world.agents[hop].max_lifetime);
    bounds.extend(grant.map(|number| world.grants[number].left));
    if let Some(Outcome::Granted { lifetime, .. }) = before {
        bounds.push(*lifetime);
    }
    bounds.into_iter().min().unwrap()
}
