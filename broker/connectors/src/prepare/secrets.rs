//! `secrets`: a role to the name of a secret.

use super::words::{escaped, one_of};
use super::{Account, SecretForm, SecretUse};
use crate::manner::VAULT;
use crate::profile::{Needed, Role, Row};
use crate::values::Values;
use locum_core::ids::SecretName;
use locum_core::registry::{Downstream, Problems};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The secrets of a connector.
pub(super) struct Roles {
    /// What proves the one account.
    pub(super) account: Option<SecretName>,
    /// The other roles.
    pub(super) others: BTreeMap<&'static str, SecretName>,
    /// All that may be used.
    pub(super) uses: Vec<SecretUse>,
}

impl Roles {
    pub(super) fn check(
        row: &Row,
        values: &Values,
        principals: Option<&[Account]>,
        declared: &Downstream,
        out: &mut Problems,
    ) -> Self {
        let client_auth = values.text("client_auth");
        for role in declared.secrets.keys() {
            if row.role(role).is_none() {
                let known = one_of(row.roles.iter().map(|role| role.name));
                out.add(
                    pointer(role),
                    format!("expected a role of this profile and kind, that is one of {known}"),
                );
            }
        }
        let mut found = Self {
            account: None,
            others: BTreeMap::new(),
            uses: Vec::new(),
        };
        for role in row.roles {
            let of_account = role.name == row.account_role;
            let replaced = of_account && principals.is_some();
            match declared.secrets.get(role.name) {
                _ if replaced || unused(role, client_auth) => {}
                Some(name) => found.put(role, of_account, name, client_auth),
                None if is_needed(role, client_auth) => out.add(
                    pointer(role.name),
                    format!("expected the name of a secret. {}", role.what),
                ),
                None => {}
            }
        }
        if let (Some(role), Some(accounts)) = (row.role(row.account_role), principals) {
            found.put_each(role, accounts, client_auth);
        }
        found.put_vault(values, out);
        found
    }

    fn put(&mut self, role: &Role, account: bool, name: &SecretName, auth: Option<&str>) {
        self.uses.push(SecretUse {
            pointer: pointer(role.name),
            name: name.clone(),
            form: form(role, auth),
        });
        if account {
            self.account = Some(name.clone());
        } else {
            self.others.insert(role.name, name.clone());
        }
    }

    fn put_each(&mut self, role: &Role, accounts: &[Account], auth: Option<&str>) {
        for (place, account) in accounts.iter().enumerate() {
            if let (Some(name), false) = (&account.secret, unused(role, auth)) {
                self.uses.push(SecretUse {
                    pointer: format!("/connector/parameters/principals/{place}/secret"),
                    name: name.clone(),
                    form: form(role, auth),
                });
            }
        }
    }

    /// Refresh tokens: what is rotated takes the place of nothing else.
    fn put_vault(&mut self, values: &Values, out: &mut Problems) {
        let roles: Vec<_> = self.uses.iter().map(|one| one.name.clone()).collect();
        let mut seen = BTreeSet::new();
        for (person, name) in values.members(VAULT) {
            let Ok(name) = SecretName::parse(name) else {
                continue;
            };
            let pointer = format!("/connector/parameters/{VAULT}/{}", escaped(person));
            out.require(
                !roles.contains(&name),
                &pointer,
                "expected a secret that holds a refresh token alone, found one that the connector uses for something else",
            );
            out.require(
                seen.insert(name.clone()),
                &pointer,
                "expected a secret of this person's own, found another person's",
            );
            self.uses.push(SecretUse {
                pointer,
                name,
                form: SecretForm::Text,
            });
        }
    }
}

/// Whether each account proves itself by a secret of its own.
pub(super) fn prove_accounts(row: &Row, declared: &Map<String, Value>) -> bool {
    let auth = declared.get("client_auth").and_then(Value::as_str);
    row.role(row.account_role)
        .is_some_and(|role| !unused(role, auth))
}

fn pointer(role: &str) -> String {
    format!("/connector/secrets/{}", escaped(role))
}

/// Whether the way in which the client proves itself needs no secret of it.
fn unused(role: &Role, client_auth: Option<&str>) -> bool {
    role.needed == Needed::ByClientAuth && matches!(client_auth, Some("jwt" | "none"))
}

fn is_needed(role: &Role, client_auth: Option<&str>) -> bool {
    match role.needed {
        Needed::Always => true,
        Needed::ByClientAuth => !unused(role, client_auth),
        Needed::Never => false,
    }
}

fn form(role: &Role, client_auth: Option<&str>) -> SecretForm {
    match role.name {
        "signing" => SecretForm::SigningKey,
        _ if client_auth == Some("mtls") => SecretForm::Identity,
        _ => SecretForm::Text,
    }
}
