//! The cast of the demo as one table: who exists and what each may do
//! (contract §3). Facts, secrets and the ready file are all read off it.

/// Id of the demo identity provider.
pub(crate) const IDP: &str = "demo";
/// Audience of its ID tokens, and `client_id` in its access tokens.
pub(crate) const APP: &str = "demo-app";
/// Id of the demo workload issuer.
pub(crate) const WORKLOADS: &str = "demo-workloads";

/// A person who can sign in at the demo provider.
pub(crate) struct Person {
    /// `sub` at the provider, and the user name.
    pub(crate) name: &'static str,
    /// Groups there.
    pub(crate) groups: &'static [&'static str],
}

/// ada and bob are staff, eve is in no group.
pub(crate) const PEOPLE: [Person; 3] = [
    Person {
        name: "ada",
        groups: &["staff"],
    },
    Person {
        name: "bob",
        groups: &["staff"],
    },
    Person {
        name: "eve",
        groups: &[],
    },
];

/// A downstream system.
pub(crate) struct DemoTarget {
    /// Its id, and its path on the demo listener.
    pub(crate) id: &'static str,
    /// Prefix of the scopes that the demo provider gives for it.
    pub(crate) area: &'static str,
    /// Scope for reading, of low risk.
    pub(crate) read: &'static str,
    /// Scope for writing, of high risk.
    pub(crate) write: &'static str,
}

impl DemoTarget {
    /// `aud` of the tokens meant for it.
    pub(crate) fn audience(&self) -> String {
        format!("urn:demo:{}", self.id)
    }

    /// Client id of its resource server.
    pub(crate) fn client_id(&self) -> String {
        format!("{}-rs", self.id)
    }
}

/// sap, workday and firewall.
pub(crate) const TARGETS: [DemoTarget; 3] = [
    DemoTarget {
        id: "sap",
        area: "erp",
        read: "invoice.read",
        write: "invoice.post",
    },
    DemoTarget {
        id: "workday",
        area: "hr",
        read: "worker.read",
        write: "worker.write",
    },
    DemoTarget {
        id: "firewall",
        area: "net",
        read: "rule.read",
        write: "rule.write",
    },
];

/// The demo target beside which a vendor is emulated, with the same scopes; any
/// other is itself.
pub(crate) fn beside(id: &str) -> &str {
    match id {
        "sap-btp" => "sap",
        "workday-hr" => "workday",
        "panorama" => "firewall",
        other => other,
    }
}

/// One entry of an agent's ceiling; its default is the reading scope alone.
pub(crate) struct Allowance {
    /// Id of the target.
    pub(crate) target: &'static str,
    /// What may be done there.
    pub(crate) scopes: &'static [&'static str],
    /// What a request without scope asks for.
    pub(crate) default: &'static str,
}

/// A registered workload that may act.
pub(crate) struct DemoAgent {
    /// Its id.
    pub(crate) id: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// The team that owns it.
    pub(crate) team: &'static str,
    /// How much harm it could do.
    pub(crate) risk: &'static str,
    /// Where it may do what.
    pub(crate) ceiling: &'static [Allowance],
}

/// The three demo agents.
pub(crate) const AGENTS: [DemoAgent; 3] = [
    DemoAgent {
        id: "invoice-agent",
        title: "Invoice agent",
        team: "finance-it",
        risk: "medium",
        ceiling: &[
            Allowance {
                target: "sap",
                scopes: &["invoice.read", "invoice.post"],
                default: "invoice.read",
            },
            Allowance {
                target: "sap-btp",
                scopes: &["invoice.read", "invoice.post"],
                default: "invoice.read",
            },
        ],
    },
    DemoAgent {
        id: "hr-agent",
        title: "HR agent",
        team: "people-ops",
        risk: "medium",
        ceiling: &[
            Allowance {
                target: "workday",
                scopes: &["worker.read", "worker.write"],
                default: "worker.read",
            },
            Allowance {
                target: "sap",
                scopes: &["invoice.read"],
                default: "invoice.read",
            },
            Allowance {
                target: "workday-hr",
                scopes: &["worker.read", "worker.write"],
                default: "worker.read",
            },
        ],
    },
    DemoAgent {
        id: "soc-agent",
        title: "SOC agent",
        team: "soc",
        risk: "high",
        ceiling: &[
            Allowance {
                target: "firewall",
                scopes: &["rule.read", "rule.write"],
                default: "rule.read",
            },
            Allowance {
                target: "panorama",
                scopes: &["rule.read", "rule.write"],
                default: "rule.read",
            },
        ],
    },
];

/// Scope of the demo provider's access tokens: reading and writing in every
/// area, `erp.read erp.write hr.read …`.
pub(crate) fn provider_scope() -> String {
    let names: Vec<_> = TARGETS
        .iter()
        .flat_map(|t| [format!("{}.read", t.area), format!("{}.write", t.area)])
        .collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_gives_reading_and_writing_in_every_area() {
        assert_eq!(
            provider_scope(),
            "erp.read erp.write hr.read hr.write net.read net.write"
        );
    }

    #[test]
    fn no_ceiling_goes_beyond_a_catalogue() {
        for entry in AGENTS.iter().flat_map(|a| a.ceiling) {
            let target = TARGETS.iter().find(|t| t.id == beside(entry.target));
            let known = |s: &&str| target.is_some_and(|t| *s == t.read || *s == t.write);
            assert!(entry.scopes.iter().all(known), "{}", entry.target);
            assert!(entry.default.ends_with(".read"), "{}", entry.default);
        }
    }
}
