//! A target's connector is checked against its profile, once, before anything
//! is obtained with it.

use crate::profile::{Chosen, How, Profile, Row};
use crate::profiles::profiles;
use crate::values::Values;
use locum_core::handout::{Expire, Narrow, Terms};
use locum_core::ids::SecretName;
use locum_core::registry::{ConnectorKind, Downstream, FieldProblem, Problems};
use locum_core::scope::{Scope, ScopeName};
use std::collections::BTreeMap;
use words::one_of;

mod base_url;
mod form;
mod parameters;
mod principals;
mod scopes;
mod secrets;
mod words;

/// A connector that passed the check of its profile.
#[derive(Clone)]
pub struct Prepared {
    pub(crate) profile: &'static Profile,
    pub(crate) row: &'static Row,
    pub(crate) base_url: String,
    pub(crate) values: Values,
    /// Ours → theirs, where the request narrows.
    pub(crate) scopes: BTreeMap<ScopeName, String>,
    /// One, or one a principal.
    pub(crate) accounts: Vec<Account>,
    pub(crate) by_principal: bool,
    /// Role → name.
    pub(crate) secrets: BTreeMap<&'static str, SecretName>,
    uses: Vec<SecretUse>,
}

/// An account at the vendor.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// What it may do.
    pub(crate) scope: Scope,
    /// `client_id` or `user`.
    pub(crate) name: Option<String>,
    /// What proves it.
    pub(crate) secret: Option<SecretName>,
    /// Members of its own.
    pub(crate) own: Values,
}

/// A secret that a connector names, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// JSON pointer into the target.
    pub pointer: String,
    /// Its name.
    pub name: SecretName,
    /// What it has to be.
    pub form: SecretForm,
}

impl SecretUse {
    /// Whether it is one person's, of a vault.
    #[must_use]
    pub fn is_of_vault(&self) -> bool {
        self.pointer.starts_with("/connector/parameters/vault/")
    }
}

/// What a secret has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretForm {
    /// A text.
    Text,
    /// A PEM of a certificate and its key, for a TLS handshake.
    Identity,
    /// A PEM of an RSA key of at least 2,048 bits and its certificate.
    SigningKey,
}

/// Checks what was declared against its profile; `catalogue` are the scopes of
/// the target, `dev` admits plain http to loopback.
///
/// # Errors
/// Every flaw, each with its pointer into the target.
pub fn prepare(
    declared: &Downstream,
    catalogue: &Scope,
    dev: bool,
) -> Result<Prepared, Vec<FieldProblem>> {
    let profile = profiles()
        .iter()
        .find(|profile| profile.id == declared.profile)
        .ok_or_else(|| vec![unknown_profile()])?;
    let row = profile
        .row(declared.kind)
        .ok_or_else(|| vec![unknown_kind(profile)])?;
    let mut out = Problems::default();
    let base_url = base_url::check(&declared.base_url, dev, &mut out);
    let values = parameters::check(row, &declared.parameters, &mut out);
    let listed = principals::check(row, &declared.parameters, catalogue, &mut out);
    let scopes = scopes::check(&values, catalogue, &mut out);
    let roles = secrets::Roles::check(row, &values, listed.as_deref(), declared, &mut out);
    if !out.0.is_empty() {
        return Err(out.0);
    }
    let by_principal = listed.is_some();
    let accounts = listed.unwrap_or_else(|| {
        vec![Account {
            scope: catalogue.clone(),
            name: values.account_name().map(str::to_owned),
            secret: roles.account.clone(),
            own: Values::default(),
        }]
    });
    let accounts = accounts.into_iter().map(|account| Account {
        name: account
            .name
            .or_else(|| values.account_name().map(str::to_owned)),
        ..account
    });
    Ok(Prepared {
        profile,
        row,
        base_url,
        scopes,
        accounts: accounts.collect(),
        by_principal,
        secrets: roles.others,
        uses: roles.uses,
        values,
    })
}

fn unknown_profile() -> FieldProblem {
    FieldProblem {
        pointer: "/connector/profile".to_owned(),
        detail: format!(
            "expected a profile of `GET /admin/v1/profiles`, that is one of {}",
            one_of(profiles().iter().map(Profile::id))
        ),
    }
}

fn unknown_kind(profile: &Profile) -> FieldProblem {
    FieldProblem {
        pointer: "/connector/kind".to_owned(),
        detail: format!(
            "expected a kind of the profile `{}`, that is one of {}",
            profile.id,
            one_of(profile.kinds().map(ConnectorKind::as_str))
        ),
    }
}

impl Prepared {
    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// The kind in force.
    #[must_use]
    pub const fn kind(&self) -> ConnectorKind {
        self.row.kind
    }

    /// What its requests' paths are put behind: the only place that they go to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What its credentials are able to do, and the accounts that they are of.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let able = (self.profile.able)(&Chosen {
            kind: self.row.kind,
            values: &self.values,
            principals: self.by_principal,
        });
        let accounts = if able.narrow == Narrow::Request && !self.by_principal {
            Vec::new()
        } else {
            self.accounts
                .iter()
                .map(|account| account.scope.clone())
                .collect()
        };
        let named = |theirs: &String| theirs.split_whitespace().map(str::to_owned).collect();
        let names = self.scopes.iter();
        Terms {
            able,
            accounts,
            names: names
                .map(|(ours, theirs)| (ours.clone(), named(theirs)))
                .collect(),
        }
    }

    /// Every secret that it may use, those of principals too, with the place
    /// that names it.
    #[must_use]
    pub fn secrets(&self) -> &[SecretUse] {
        &self.uses
    }

    /// Whether it signs with Locum's own published RS256 key.
    #[must_use]
    pub fn needs_published_key(&self) -> bool {
        match self.row.how {
            How::Token(manner) => {
                let signs = manner.signs_jwt() || self.client_auth() == Some("jwt");
                signs && self.row.account_role != "signing" && !self.secrets.contains_key("signing")
            }
            How::Panos | How::Checkpoint => false,
        }
    }

    /// Whether the vendor learns for whom the agent acts and through which agents:
    /// then the credential says it, as far as the vendor passes it on. Every other
    /// credential comes with a receipt.
    #[must_use]
    pub fn carries_chain(&self) -> bool {
        match self.row.how {
            How::Token(manner) => manner.says_act() && self.terms().able.carries_person,
            How::Panos | How::Checkpoint => false,
        }
    }

    /// Seconds that a credential lives where its answer does not say it.
    pub(crate) fn declared_life_s(&self) -> Option<u64> {
        match self.terms().able.expire {
            Expire::Fixed(life_s) => Some(life_s.into()),
            Expire::Declared(life_s) => life_s.map(u64::from),
            Expire::AtPermit { .. } | Expire::Never => None,
        }
    }

    /// How the client proves itself, where the profile lets one choose.
    pub(crate) fn client_auth(&self) -> Option<&str> {
        self.values.text("client_auth")
    }
}
