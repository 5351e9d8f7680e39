//! SAP SuccessFactors.

use super::{CLIENT_ID, CLIENT_PRINCIPALS, SIGNING, SUBJECT, SUBJECTS};
use crate::manner::{
    Alphabet, Auth, ClientIdIn, Field, From, Grant, Manner, RevokeBy, SamlAttributes, SamlManner,
};
use crate::obtained::Present;
use crate::profile::{Chosen, Form, How, Need, Parameter, Profile, Row};
use locum_core::handout::{Able, Expire, Revoke, Unique};
use locum_core::registry::ConnectorKind;

/// Seconds that a token lives, whatever is asked (SAP KBA 2872019).
const LIFE_S: u32 = 86_400;

/// What SuccessFactors calls itself and every issuer.
const WWW: Need = Need::Text("www.successfactors.com");

const COMPANY_ID: Parameter = Parameter {
    name: "company_id",
    what: "The company's id at SuccessFactors.",
    form: Form::Text,
    need: Need::Required,
    example: "\"acme\"",
};

const NAME_ID: Parameter = Parameter {
    name: "name_id",
    what: "What the person's name in the assertion is: the user's id, the user name or the e-mail address.",
    form: Form::Choice(&["user", "username", "email"]),
    need: Need::Text("user"),
    example: "",
};

const AUDIENCE: Parameter = Parameter {
    name: "audience",
    what: "`Audience` of the assertion.",
    form: Form::Text,
    need: WWW,
    example: "",
};

const ISSUER: Parameter = Parameter {
    name: "issuer",
    what: "`Issuer` of the assertion.",
    ..AUDIENCE
};

const MANNER: Manner = Manner {
    path: "/oauth/token",
    auth: Auth::Nothing,
    client_id: ClientIdIn::Form,
    grant: Grant::Saml(&SamlManner {
        alphabet: Alphabet::Standard,
        attributes: SamlAttributes::SuccessFactors,
    }),
    fields: &[
        Field("company_id", From::Parameter("company_id")),
        Field("new_token", From::Fixed("true")),
    ],
    headers: &[],
    scopes: None,
    revoked: RevokeBy::Nowhere,
};

/// SAP SuccessFactors.
pub(super) const PROFILE: Profile = Profile {
    id: "successfactors",
    what: "SAP SuccessFactors",
    rows: &[Row {
        kind: ConnectorKind::SamlBearer,
        parameters: &[
            &Parameter {
                what: "The API key of the OAuth client.",
                example: "\"MmExNjY1ODE1ZDY2\"",
                ..CLIENT_ID
            },
            &COMPANY_ID,
            &NAME_ID,
            &AUDIENCE,
            &ISSUER,
            &CLIENT_PRINCIPALS,
            &SUBJECT,
            &SUBJECTS,
        ],
        roles: &[SIGNING],
        account_role: "signing",
        how: How::Token(&MANNER),
    }],
    able,
    present: Present::Bearer,
    example_url: "https://api.successfactors.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    Able {
        narrow: chosen.by_principal(),
        expire: Expire::Fixed(LIFE_S),
        revoke: Revoke::No,
        unique: Unique::Forced,
        carries_person: chosen.carries_person(),
    }
}
