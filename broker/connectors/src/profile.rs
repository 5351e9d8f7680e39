//! What one vendor is asked, and how: a row of data a profile, and one a kind.
//! From these come the JSON Schema, the check of a target, the answer of
//! `GET /admin/v1/profiles`, the page and its example.

use crate::manner::Manner;
use crate::obtained::Present;
use crate::values::Values;
use locum_core::handout::{Able, Expire, Narrow, Revoke, Unique};
use locum_core::registry::ConnectorKind;
use serde_json::json;

mod schema;

/// How one vendor's credentials are obtained.
pub struct Profile {
    pub(crate) id: &'static str,
    /// Whose system it is, in a few words.
    pub(crate) what: &'static str,
    /// A row a kind; the first is the default.
    pub(crate) rows: &'static [Row],
    /// What its credentials are able to do.
    pub(crate) able: fn(&Chosen<'_>) -> Able,
    /// How they are used.
    pub(crate) present: Present,
    /// A `base_url` for the example.
    pub(crate) example_url: &'static str,
}

/// One kind of a profile.
pub(crate) struct Row {
    pub(crate) kind: ConnectorKind,
    pub(crate) parameters: &'static [&'static Parameter],
    pub(crate) roles: &'static [Role],
    /// The role of the secret that proves the account: the one that a
    /// principal's own secret takes the place of.
    pub(crate) account_role: &'static str,
    pub(crate) how: How,
}

/// By what bytes.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// A token endpoint, asked in this manner.
    Token(&'static Manner),
    /// `type=keygen` of PAN-OS.
    Panos,
    /// `login` of Check Point.
    Checkpoint,
}

/// What the abilities depend on.
pub(crate) struct Chosen<'a> {
    pub(crate) kind: ConnectorKind,
    pub(crate) values: &'a Values,
    pub(crate) principals: bool,
}

/// A parameter of a profile.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// A sentence for schema and page.
    pub(crate) what: &'static str,
    pub(crate) form: Form,
    pub(crate) need: Need,
    /// A value for the example; empty: the example leaves it out.
    pub(crate) example: &'static str,
}

/// Which values a parameter takes.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A text of 1 to 1,024 bytes without control characters.
    Text,
    /// Characters that a header may hold, without space.
    Token,
    /// One segment of a path.
    Segment,
    /// A path that starts with `/`.
    Path,
    /// One of these.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A number of seconds.
    Seconds { min: u32, max: u32 },
    /// Any JSON object.
    Object,
    /// Our `sub` → a name at the vendor.
    Subjects,
    /// Our `sub` → the name of a secret.
    Vault,
    /// A text with `{sub}` and `{issuer}`.
    Template,
    /// Name → text, and none of the names that the grant itself sends.
    Extra,
    /// A text or a list of texts.
    Texts,
    /// Our scope → theirs.
    Scopes,
    /// Accounts, with these members of their own.
    Principals(&'static [Member]),
}

/// A member of a principal, beside `scopes` and `secret`.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) form: Form,
}

/// Whether a parameter has to be there, and what counts where it is not.
#[derive(Clone, Copy)]
pub(crate) enum Need {
    /// It has to be there.
    Required,
    /// It has to be there where no principal has its own.
    UnlessPrincipals,
    /// It may be left out; then nothing is sent or done.
    Optional,
    /// This counts.
    Text(&'static str),
    /// This counts.
    Number(u32),
    /// This counts.
    Flag(bool),
    /// What counts is worked out, in these words.
    Derived(&'static str),
}

/// The role of a secret.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) needed: Needed,
}

/// When the secret of a role has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed {
    Always,
    /// Where the client proves itself by a secret (`client_auth`).
    ByClientAuth,
    Never,
}

impl Profile {
    /// As in `connector.profile`.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Whose system it is.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Its kinds; the first is the default.
    pub fn kinds(&self) -> impl Iterator<Item = ConnectorKind> {
        self.rows.iter().map(|row| row.kind)
    }

    /// Where its page is.
    #[must_use]
    pub fn documentation(&self) -> String {
        format!("docs/connectors/{}.md", self.id)
    }

    /// The row of that kind; `None`: of the first.
    pub(crate) fn row(&self, kind: Option<ConnectorKind>) -> Option<&'static Row> {
        match kind {
            None => self.rows.first(),
            Some(kind) => self.rows.iter().find(|row| row.kind == kind),
        }
    }
}

impl Row {
    pub(crate) fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters
            .iter()
            .copied()
            .find(|parameter| parameter.name == name)
    }

    /// What counts where nothing was declared.
    pub(crate) fn defaults(&self) -> Values {
        let default = |need| match need {
            Need::Text(text) => Some(json!(text)),
            Need::Number(number) => Some(json!(number)),
            Need::Flag(flag) => Some(json!(flag)),
            Need::Required | Need::UnlessPrincipals | Need::Optional | Need::Derived(_) => None,
        };
        Values::of(self.parameters.iter().filter_map(|parameter| {
            let value = default(parameter.need)?;
            Some((parameter.name, value))
        }))
    }

    pub(crate) fn role(&self, name: &str) -> Option<&'static Role> {
        self.roles.iter().find(|role| role.name == name)
    }
}

impl Chosen<'_> {
    /// Whether the vendor learns for which person the agent acts.
    pub(crate) fn carries_person(&self) -> bool {
        match self.kind {
            ConnectorKind::JwtBearer | ConnectorKind::SamlBearer | ConnectorKind::TokenExchange => {
                self.values
                    .text("subject")
                    .is_some_and(|template| template.contains("{sub}"))
            }
            // Each person has a token of their own.
            ConnectorKind::RefreshVault => true,
            ConnectorKind::Issue
            | ConnectorKind::ClientCredentials
            | ConnectorKind::VendorSession => false,
        }
    }

    /// What most token endpoints hand out: it lives as long as was declared, no other
    /// request gets it, and nobody revokes it.
    pub(crate) fn of_token_endpoint(&self, narrow: Narrow) -> Able {
        Able {
            narrow,
            expire: Expire::Declared(self.values.seconds("token_validity_s")),
            revoke: Revoke::No,
            unique: Unique::Yes,
            carries_person: self.carries_person(),
        }
    }

    /// What only accounts narrow.
    pub(crate) fn by_principal(&self) -> Narrow {
        if self.principals {
            Narrow::Principal
        } else {
            Narrow::No
        }
    }
}
