//! Workday.

use super::{
    CLIENT, CLIENT_ID_UNLESS_PRINCIPALS, CLIENT_PRINCIPALS, LIFE_MAX_S, SIGNING, SUBJECT, SUBJECTS,
};
use crate::manner::{
    Auth, ClientIdIn, Field, From, Grant, JwtIssuer, JwtManner, Manner, NameAt, RevokeBy,
};
use crate::obtained::Present;
use crate::profile::{Chosen, Form, How, Need, Parameter, Profile, Row};
use locum_core::handout::Able;
use locum_core::registry::ConnectorKind;

pub(super) const TENANT: Parameter = Parameter {
    name: "tenant",
    what: "The tenant's name, as it stands in the address of the token endpoint.",
    form: Form::Segment,
    need: Need::Required,
    example: "\"acme\"",
};

const TENANT_ALIAS: Parameter = Parameter {
    name: "tenant_alias",
    what: "The tenant's alias.",
    form: Form::Text,
    need: Need::Derived("`tenant`"),
    example: "",
};

const EXP_AS_TEXT: Parameter = Parameter {
    name: "exp_as_text",
    what: "Whether `exp` of the assertion is a text, as one client in production sends it.",
    form: Form::Flag,
    need: Need::Flag(false),
    example: "",
};

pub(super) const LIFE: Parameter = Parameter {
    name: "token_validity_s",
    what: "Seconds that a token lives. Workday's answers do not say it.",
    form: Form::Seconds {
        min: 1,
        max: LIFE_MAX_S,
    },
    need: Need::Number(3_600),
    example: "",
};

pub(super) const CLIENT_ID: Parameter = Parameter {
    what: "The id of the API client.",
    example: "",
    ..CLIENT_ID_UNLESS_PRINCIPALS
};

pub(super) const JWT: Manner = Manner {
    path: "/ccx/oauth2/{tenant}/token",
    auth: Auth::Nothing,
    client_id: ClientIdIn::Nowhere,
    grant: Grant::Jwt(&JwtManner {
        issuer: JwtIssuer::Client,
        audience: NameAt::Fixed("wd"),
        act: false,
    }),
    fields: &[],
    headers: &[],
    scopes: None,
    revoked: RevokeBy::Nowhere,
};

const CLIENT_CREDENTIALS: Manner = Manner {
    auth: Auth::Scheme("ID"),
    grant: Grant::Client,
    fields: &[Field(
        "tenant_alias",
        From::Either("tenant_alias", "tenant"),
    )],
    ..JWT
};

/// Workday.
pub(super) const PROFILE: Profile = Profile {
    id: "workday",
    what: "Workday",
    rows: &[
        Row {
            kind: ConnectorKind::JwtBearer,
            parameters: &[
                &TENANT,
                &CLIENT_ID,
                &Parameter {
                    example: "[{\"scopes\": [\"worker.read\"], \"client_id\": \"N2ZkZjE1\", \"secret\": \"workday-read\"}, {\"scopes\": [\"worker.read\", \"worker.write\"], \"client_id\": \"YWQ0ZTk2\", \"secret\": \"workday-write\"}]",
                    ..CLIENT_PRINCIPALS
                },
                &EXP_AS_TEXT,
                &SUBJECT,
                &SUBJECTS,
                &LIFE,
            ],
            roles: &[SIGNING],
            account_role: "signing",
            how: How::Token(&JWT),
        },
        Row {
            kind: ConnectorKind::ClientCredentials,
            parameters: &[
                &TENANT,
                &CLIENT_ID,
                &TENANT_ALIAS,
                &CLIENT_PRINCIPALS,
                &LIFE,
            ],
            roles: &[CLIENT],
            account_role: "client",
            how: How::Token(&CLIENT_CREDENTIALS),
        },
    ],
    able,
    present: Present::Bearer,
    example_url: "https://wd2-impl-services1.workday.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    chosen.of_token_endpoint(chosen.by_principal())
}
