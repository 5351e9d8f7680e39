//! The profiles there are, a file each; here stands what several of them share.

use crate::profile::{Form, Member, Need, Needed, Parameter, Profile, Role};

mod abap;
pub(crate) mod checkpoint;
mod oauth;
mod panos;
mod s4hana;
mod successfactors;
mod workday;
mod workday_vault;
mod xsuaa;

/// Every profile, in the order of `GET /admin/v1/profiles`.
#[must_use]
pub fn profiles() -> &'static [Profile] {
    const ALL: &[Profile] = &[
        xsuaa::PROFILE,
        s4hana::PROFILE,
        abap::PROFILE,
        successfactors::PROFILE,
        workday::PROFILE,
        workday_vault::PROFILE,
        panos::PROFILE,
        checkpoint::PROFILE,
        oauth::PROFILE,
    ];
    ALL
}

/// Longest life that an operator may declare, in seconds: a year.
pub(crate) const LIFE_MAX_S: u32 = 31_536_000;

const CLIENT_ID: Parameter = Parameter {
    name: "client_id",
    what: "The client's id at the vendor.",
    form: Form::Text,
    need: Need::Required,
    example: "\"sb-locum!t1\"",
};

const CLIENT_ID_UNLESS_PRINCIPALS: Parameter = Parameter {
    need: Need::UnlessPrincipals,
    ..CLIENT_ID
};

const SCOPES: Parameter = Parameter {
    name: "scopes",
    what: "Our scope → theirs; one text may hold several, with a space between. Every scope of the target's catalogue has to be there, and no other.",
    form: Form::Scopes,
    need: Need::Required,
    example: "{\"invoice.read\": \"acme!t1.Invoice.Read\", \"invoice.post\": \"acme!t1.Invoice.Post\"}",
};

/// Principals of a profile whose accounts are OAuth clients.
const CLIENT_PRINCIPALS: Parameter = Parameter {
    name: "principals",
    what: "Accounts at the vendor, each of which may do exactly its scopes.",
    form: Form::Principals(&[Member {
        name: "client_id",
        what: "The account's client id; left out: the target's.",
        form: Form::Text,
    }]),
    need: Need::Optional,
    example: "",
};

/// Principals of a profile whose accounts are users.
const USER_PRINCIPALS: Parameter = Parameter {
    form: Form::Principals(&[Member {
        name: "user",
        what: "The account's name; left out: the target's.",
        form: Form::Text,
    }]),
    ..CLIENT_PRINCIPALS
};

const SUBJECT: Parameter = Parameter {
    name: "subject",
    what: "The person's name at the vendor: `{sub}` is their `sub` at their issuer, `{issuer}` the id of that issuer at Locum. A text without `{sub}` names one account for all, and then the credential does not carry the person.",
    form: Form::Template,
    need: Need::Text("{sub}"),
    example: "",
};

const SUBJECTS: Parameter = Parameter {
    name: "subjects",
    what: "Our `sub`, which begins with the issuer's id (`corp:ada`) → the person's name at the vendor; looked at before `subject`.",
    form: Form::Subjects,
    need: Need::Optional,
    example: "",
};

const VAULT: Parameter = Parameter {
    name: crate::manner::VAULT,
    what: "Our `sub`, which begins with the issuer's id (`corp:ada`) → the name of the upstream secret that holds this person's refresh token. Locum replaces its value where the vendor rotates it.",
    form: Form::Vault,
    need: Need::Required,
    example: "{\"corp:ada\": \"workday-ada\", \"corp:bob\": \"workday-bob\"}",
};

/// How long a credential lives where nothing is known: longer than any permit.
const LIFE_UNKNOWN: Parameter = Parameter {
    name: "token_validity_s",
    what: "Seconds that a credential lives, as configured at the vendor.",
    form: Form::Seconds {
        min: 1,
        max: LIFE_MAX_S,
    },
    need: Need::Derived("unknown, which is longer than any permit"),
    example: "",
};

const ISSUER_CN: Parameter = Parameter {
    name: "issuer",
    what: "The issuer of the assertion.",
    form: Form::Text,
    need: Need::Derived("the common name of the certificate of `signing`"),
    example: "",
};

const NAME_ID_EMAIL: Parameter = Parameter {
    name: "name_id_format",
    what: "The format of the assertion's `NameID`.",
    form: Form::Text,
    need: Need::Text("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
    example: "",
};

const NAME_ID_UNSPECIFIED: Parameter = Parameter {
    need: Need::Text("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
    ..NAME_ID_EMAIL
};

const CLIENT: Role = Role {
    name: "client",
    what: "The client's secret.",
    needed: Needed::Always,
};

const CLIENT_BY_AUTH: Role = Role {
    name: "client",
    what: "The client's secret; with `client_auth` `mtls` a PEM of certificate and key.",
    needed: Needed::ByClientAuth,
};

const SIGNING: Role = Role {
    name: "signing",
    what: "A PEM of an RSA key of at least 2,048 bits and its certificate: it signs the assertions.",
    needed: Needed::Always,
};

const SIGNING_OPTIONAL: Role = Role {
    what: "A PEM of an RSA key of at least 2,048 bits and its certificate: it signs the assertions. Without it Locum's own published RS256 key does.",
    needed: Needed::Never,
    ..SIGNING
};
