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
    let ceiling = &world.agents[hop];
    let (asked, expires_in) = &world.asks[hop];
    let parent = match before {
        Some(Outcome::Granted {
            scopes,
            lifetime,
            basis,
            grant,
        }) => Some((scopes.clone(), *lifetime, *basis, *grant)),
        _ => None,
    };
    let token: Option<Vec<String>> = match &parent {
        Some((scopes, ..)) => Some(scopes.iter().cloned().collect()),
        None => world.authority.clone(),
    };
    let depth = u32::try_from(hop).unwrap() + 1;
    if let Some((_, _, _, Some(root))) = &parent
        && world.grants[*root]
            .max_depth
            .is_some_and(|most| depth > most)
    {
        return Outcome::Refused("LCM-CHAIN-DEPTH");
    }
    if token.as_ref().is_some_and(Vec::is_empty) {
        return Outcome::Refused("LCM-TARGET-REFUSED");
    }
    let known = |name: &String| world.catalogue.iter().any(|(scope, _)| scope == name);
    let limited = |name: &String| token.as_ref().is_none_or(|token| token.contains(name));
    let allowed: Vec<String> = ceiling
        .scopes
        .iter()
        .filter(|name| known(name) && limited(name))
        .cloned()
        .collect();
    let wanted: Vec<String> = match asked {
        Some(list) if !list.is_empty() => list.clone(),
        _ => ceiling
            .default
            .iter()
            .filter(|name| allowed.contains(name))
            .cloned()
            .collect(),
    };
    if wanted.is_empty() {
        return Outcome::Refused("LCM-SCOPE-REQUIRED");
    }
    if !all_in(&wanted, &allowed) {
        return Outcome::Refused("LCM-SCOPE-REFUSED");
    }
    if !all_in(&wanted, &world.exchange) {
        return Outcome::Refused("LCM-POLICY-DENIED");
    }
    let high = wanted
        .iter()
        .any(|name| world.catalogue.contains(&(name.clone(), true)));
    let mut grant = None;
    let basis = if let Some((_, _, basis, root)) = &parent {
        grant = *root;
        (*basis != "policy" || !high).then_some(*basis)
    } else if world.may_act {
        Some("may_act")
    } else {
        for (number, given) in world.grants.iter().enumerate() {
            let covers = given.left > 0
                && all_in(&wanted, &given.scopes)
                && given.max_depth.is_none_or(|most| depth <= most);
            let sooner = grant.is_none_or(|best: usize| given.left < world.grants[best].left);
            if covers && sooner {
                grant = Some(number);
            }
        }
        match grant {
            Some(_) => Some("grant"),
            None if !high && all_in(&wanted, &world.pre_authorise) => Some("policy"),
            None => None,
        }
    };
    let Some(basis) = basis else {
        return Outcome::Refused("LCM-CONSENT-MISSING");
    };
    let mut lifetime = world.target_lifetime.min(world.subject_left);
    lifetime = lifetime
        .min(expires_in.unwrap_or(lifetime))
        .min(ceiling.max_lifetime.unwrap_or(lifetime));
    if let Some((_, left, ..)) = parent {
        lifetime = lifetime.min(left);
    }
    if let Some(number) = grant {
        lifetime = lifetime.min(world.grants[number].left);
    }
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
