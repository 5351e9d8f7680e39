//! SAP BTP: XSUAA.

use super::{
    CLIENT_BY_AUTH, CLIENT_ID, CLIENT_PRINCIPALS, ISSUER_CN, NAME_ID_EMAIL, SCOPES, SIGNING,
    SIGNING_OPTIONAL, SUBJECT, SUBJECTS,
};
use crate::manner::{
    Auth, BasicStyle, ClientIdIn, Field, From, Grant, JwtIssuer, JwtManner, Manner, NameAt,
    Otherwise, RevokeBy, SCOPE, SamlManner,
};
use crate::obtained::Present;
use crate::profile::{Chosen, Form, How, Need, Parameter, Profile, Row};
use locum_core::handout::{Able, Narrow, Revoke};
use locum_core::registry::ConnectorKind;

const CLIENT_AUTH: Parameter = Parameter {
    name: "client_auth",
    what: "How the client proves itself: its secret in the form, its secret in `Authorization: Basic`, or a certificate.",
    form: Form::Choice(&["post", "basic", "mtls"]),
    need: Need::Text("post"),
    example: "",
};

const TOKEN_FORMAT: Parameter = Parameter {
    name: "token_format",
    what: "What XSUAA hands out. An opaque token can be revoked alone, a JWT cannot.",
    form: Form::Choice(&["jwt", "opaque"]),
    need: Need::Text("jwt"),
    example: "\"opaque\"",
};

const AUDIENCE: Parameter = Parameter {
    name: "audience",
    what: "`aud` of the assertion: the relying party's id in the trust configuration of the subaccount.",
    form: Form::Text,
    need: Need::Derived("`client_id`"),
    example: "",
};

const SAML_AUDIENCE: Parameter = Parameter {
    what: "`Audience` of the assertion: the entity id of the subaccount.",
    need: Need::Required,
    ..AUDIENCE
};

const ALIAS: Parameter = Parameter {
    name: "alias",
    what: "The last segment of the SAML token endpoint, `/oauth/token/alias/…`.",
    form: Form::Segment,
    need: Need::Required,
    example: "",
};

const ZID: Parameter = Parameter {
    name: "zid",
    what: "The zone, sent as the header `x-zid`.",
    form: Form::Token,
    need: Need::Optional,
    example: "",
};

const AUTHORITIES: Parameter = Parameter {
    name: "authorities",
    what: "Additional attributes, sent as `authorities` `{\"az_attr\":…}`.",
    form: Form::Object,
    need: Need::Optional,
    example: "",
};

const LIFE: Parameter = Parameter {
    name: "token_validity_s",
    what: "`token-validity` of the service instance, in seconds.",
    form: Form::Seconds {
        min: 60,
        max: 86_400,
    },
    need: Need::Number(43_200),
    example: "600",
};

const FIELDS: &[Field] = &[
    Field("token_format", From::Parameter("token_format")),
    Field(
        "authorities",
        From::Inside {
            parameter: "authorities",
            member: "az_attr",
        },
    ),
];

const JWT: Manner = Manner {
    path: "/oauth/token",
    auth: Auth::Chosen(BasicStyle::Uaa),
    client_id: ClientIdIn::Form,
    grant: Grant::Jwt(&JwtManner {
        issuer: JwtIssuer::Ours,
        audience: NameAt::Parameter("audience", Otherwise::ClientId),
        act: true,
    }),
    fields: FIELDS,
    headers: &[("x-zid", "zid")],
    scopes: Some(SCOPE),
    revoked: RevokeBy::AtPath("/oauth/token/revoke/"),
};

const SAML: Manner = Manner {
    path: "/oauth/token/alias/{alias}",
    grant: Grant::Saml(&SamlManner::USUAL),
    ..JWT
};

const CLIENT_CREDENTIALS: Manner = Manner {
    grant: Grant::Client,
    ..JWT
};

/// SAP BTP: XSUAA.
pub(super) const PROFILE: Profile = Profile {
    id: "xsuaa",
    what: "SAP BTP, XSUAA",
    rows: &[
        Row {
            kind: ConnectorKind::JwtBearer,
            parameters: &[
                &CLIENT_ID,
                &SCOPES,
                &CLIENT_AUTH,
                &TOKEN_FORMAT,
                &AUDIENCE,
                &ZID,
                &AUTHORITIES,
                &CLIENT_PRINCIPALS,
                &SUBJECT,
                &SUBJECTS,
                &LIFE,
            ],
            roles: &[CLIENT_BY_AUTH, SIGNING_OPTIONAL],
            account_role: "client",
            how: How::Token(&JWT),
        },
        Row {
            kind: ConnectorKind::SamlBearer,
            parameters: &[
                &CLIENT_ID,
                &SCOPES,
                &ALIAS,
                &SAML_AUDIENCE,
                &CLIENT_AUTH,
                &TOKEN_FORMAT,
                &NAME_ID_EMAIL,
                &ISSUER_CN,
                &ZID,
                &AUTHORITIES,
                &CLIENT_PRINCIPALS,
                &SUBJECT,
                &SUBJECTS,
                &LIFE,
            ],
            roles: &[CLIENT_BY_AUTH, SIGNING],
            account_role: "client",
            how: How::Token(&SAML),
        },
        Row {
            kind: ConnectorKind::ClientCredentials,
            parameters: &[
                &CLIENT_ID,
                &SCOPES,
                &CLIENT_AUTH,
                &TOKEN_FORMAT,
                &ZID,
                &AUTHORITIES,
                &CLIENT_PRINCIPALS,
                &LIFE,
            ],
            roles: &[CLIENT_BY_AUTH],
            account_role: "client",
            how: How::Token(&CLIENT_CREDENTIALS),
        },
    ],
    able,
    present: Present::Bearer,
    example_url: "https://acme.authentication.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    let opaque = chosen.values.text("token_format") == Some("opaque");
    Able {
        revoke: if opaque { Revoke::Alone } else { Revoke::No },
        ..chosen.of_token_endpoint(Narrow::Request)
    }
}
