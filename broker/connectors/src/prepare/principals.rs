//! `principals`: accounts at the vendor, each with exactly what it may do.

use super::secrets;
use super::words::escaped;
use super::{Account, form};
use crate::profile::{Form, Member, Need, Row};
use crate::values::Values;
use locum_core::ids::SecretName;
use locum_core::registry::Problems;
use locum_core::scope::{Scope, ScopeName};
use serde_json::{Map, Value};

const POINTER: &str = "/connector/parameters/principals";
/// Most principals of one target.
const PRINCIPALS_MAX: usize = 64;

/// The accounts; `None` where no `principals` are declared.
pub(super) fn check(
    row: &Row,
    declared: &Map<String, Value>,
    catalogue: &Scope,
    out: &mut Problems,
) -> Option<Vec<Account>> {
    let Form::Principals(members) = row.parameter("principals")?.form else {
        return None;
    };
    let value = declared.get("principals")?;
    let list = value
        .as_array()
        .filter(|list| (1..=PRINCIPALS_MAX).contains(&list.len()));
    let Some(list) = list else {
        out.add(POINTER, "expected a list of 1 to 64 principals");
        return Some(Vec::new());
    };
    // Where the target itself names no account, each principal has to.
    let name = members.first().and_then(|m| row.parameter(m.name));
    let named = name.is_none_or(|name| {
        !matches!(name.need, Need::UnlessPrincipals) || declared.contains_key(name.name)
    });
    let accounts = list.iter().enumerate().map(|(place, value)| {
        let mut read = Reader {
            pointer: format!("{POINTER}/{place}"),
            members,
            named,
            proven: secrets::prove_accounts(row, declared),
            out,
        };
        read.account(value, catalogue)
    });
    Some(accounts.collect())
}

struct Reader<'a> {
    pointer: String,
    members: &'static [Member],
    /// Whether the target itself names the account.
    named: bool,
    /// Whether an account proves itself by a secret of its own.
    proven: bool,
    out: &'a mut Problems,
}

impl Reader<'_> {
    fn account(&mut self, value: &Value, catalogue: &Scope) -> Account {
        let empty = Map::new();
        let object = value.as_object().unwrap_or_else(|| {
            self.out.add(&self.pointer, "expected an object");
            &empty
        });
        for name in object.keys() {
            let known = matches!(name.as_str(), "scopes" | "secret")
                || self.members.iter().any(|member| member.name == name);
            if !known {
                self.flaw(name, "expected a member of a principal");
            }
        }
        let own: Vec<_> = self
            .members
            .iter()
            .filter_map(|member| Some((member, object.get(member.name)?)))
            .collect();
        for (member, value) in &own {
            if let Some(expected) = form::flaw(member.form, value) {
                self.flaw(member.name, &expected);
            }
        }
        let own = Values::of(own.into_iter().map(|(m, value)| (m.name, value.clone())));
        if !self.named
            && own.account_name().is_none()
            && let Some(member) = self.members.first()
        {
            self.flaw(
                member.name,
                "expected the account's name, here or beside `principals`",
            );
        }
        Account {
            scope: self.scope(object.get("scopes"), catalogue),
            name: own.account_name().map(str::to_owned),
            secret: self.secret(object.get("secret")),
            own,
        }
    }

    fn scope(&mut self, value: Option<&Value>, catalogue: &Scope) -> Scope {
        let list = value.and_then(Value::as_array).map(Vec::as_slice);
        let list = list.unwrap_or_default();
        if list.is_empty() {
            self.flaw("scopes", "expected a list of at least one scope");
        }
        let mut names = Vec::new();
        for (place, value) in list.iter().enumerate() {
            let name = value
                .as_str()
                .filter(|name| catalogue.has(name))
                .and_then(|name| ScopeName::parse(name).ok());
            match name {
                Some(name) => names.push(name),
                None => self.flaw(
                    &format!("scopes/{place}"),
                    "expected a scope of the target's catalogue",
                ),
            }
        }
        Scope::of(names)
    }

    fn secret(&mut self, value: Option<&Value>) -> Option<SecretName> {
        let name = value
            .and_then(Value::as_str)
            .and_then(|name| SecretName::parse(name).ok());
        if name.is_none() && (self.proven || value.is_some()) {
            self.flaw("secret", "expected the name of a secret");
        }
        name
    }

    /// `under` is a member's name, or a place below one of ours.
    fn flaw(&mut self, under: &str, expected: &str) {
        let under = if under.starts_with("scopes/") {
            under.to_owned()
        } else {
            escaped(under)
        };
        self.out.add(format!("{}/{under}", self.pointer), expected);
    }
}
