//! Any server that speaks one of the OAuth kinds.

use super::{
    CLIENT_BY_AUTH, CLIENT_ID, CLIENT_PRINCIPALS, ISSUER_CN, LIFE_UNKNOWN, NAME_ID_UNSPECIFIED,
    SCOPES, SIGNING, SIGNING_OPTIONAL, SUBJECT, SUBJECTS, VAULT,
};
use crate::manner::{
    Auth, BasicStyle, ClientIdIn, Field, From, Grant, JwtIssuer, JwtManner, Manner, NameAt,
    Otherwise, RevokeBy, SCOPE, SamlManner,
};
use crate::obtained::Present;
use crate::profile::{Chosen, Form, How, Need, Parameter, Profile, Row};
use locum_core::handout::{Able, Narrow, Revoke};
use locum_core::registry::ConnectorKind;

const CLIENT: Parameter = Parameter {
    example: "\"locum\"",
    ..CLIENT_ID
};

const SCOPES_IF_ANY: Parameter = Parameter {
    what: "Our scope → theirs; one text may hold several, with a space between. Then every scope of the target's catalogue has to be there, and no other. Left out: no scope is sent, and only `principals` narrow.",
    need: Need::Optional,
    example: "{\"order.read\": \"orders:read\", \"order.write\": \"orders:read orders:write\"}",
    ..SCOPES
};

const TOKEN_PATH: Parameter = Parameter {
    name: "token_path",
    what: "The path of the token endpoint.",
    form: Form::Path,
    need: Need::Text("/token"),
    example: "\"/oauth2/token\"",
};

const CLIENT_AUTH: Parameter = Parameter {
    name: "client_auth",
    what: "How the client proves itself: its secret in the form, its secret in `Authorization: Basic`, a certificate, a signed assertion (RFC 7523), or not at all.",
    form: Form::Choice(&["post", "basic", "mtls", "jwt", "none"]),
    need: Need::Text("basic"),
    example: "",
};

const AUDIENCE: Parameter = Parameter {
    name: "audience",
    what: "`aud` of the assertions that Locum signs.",
    form: Form::Text,
    need: Need::Derived("the address of the token endpoint"),
    example: "",
};

const SAML_AUDIENCE: Parameter = Parameter {
    what: "`Audience` of the assertion.",
    need: Need::Required,
    ..AUDIENCE
};

const RESOURCE: Parameter = Parameter {
    name: "resource",
    what: "Where the token is to be used (RFC 8707).",
    form: Form::Texts,
    need: Need::Optional,
    example: "",
};

const EXTRA: Parameter = Parameter {
    name: "extra",
    what: "More members of the request: name → text. None that the grant itself sends.",
    form: Form::Extra,
    need: Need::Optional,
    example: "",
};

const REVOCATION_PATH: Parameter = Parameter {
    name: "revocation_path",
    what: "The path of the revocation endpoint (RFC 7009), where the server ends that one token.",
    form: Form::Path,
    need: Need::Optional,
    example: "\"/oauth2/revoke\"",
};

const JWT_MANNER: JwtManner = JwtManner {
    issuer: JwtIssuer::Ours,
    audience: NameAt::Parameter("audience", Otherwise::TokenUrl),
    act: true,
};

const JWT: Manner = Manner {
    path: "{token_path}",
    auth: Auth::Chosen(BasicStyle::FormEncoded),
    client_id: ClientIdIn::FormUnlessBasic,
    grant: Grant::Jwt(&JWT_MANNER),
    fields: &[
        Field("resource", From::Each("resource")),
        Field("", From::All("extra")),
    ],
    headers: &[],
    scopes: Some(SCOPE),
    revoked: RevokeBy::Rfc7009("revocation_path"),
};

macro_rules! parameters {
    ($($own:expr),* $(,)?) => {
        &[
            &CLIENT, &SCOPES_IF_ANY, &TOKEN_PATH, &CLIENT_AUTH, &RESOURCE, &EXTRA,
            &REVOCATION_PATH, &CLIENT_PRINCIPALS, &LIFE_UNKNOWN, $($own),*
        ]
    };
}

/// Any server that speaks one of the OAuth kinds.
pub(super) const PROFILE: Profile = Profile {
    id: "oauth",
    what: "Any server that speaks one of the OAuth kinds",
    rows: &[
        Row {
            kind: ConnectorKind::JwtBearer,
            parameters: parameters!(&AUDIENCE, &SUBJECT, &SUBJECTS),
            roles: &[CLIENT_BY_AUTH, SIGNING_OPTIONAL],
            account_role: "client",
            how: How::Token(&JWT),
        },
        Row {
            kind: ConnectorKind::ClientCredentials,
            parameters: parameters!(&AUDIENCE),
            roles: &[CLIENT_BY_AUTH, SIGNING_OPTIONAL],
            account_role: "client",
            how: How::Token(&Manner {
                grant: Grant::Client,
                ..JWT
            }),
        },
        Row {
            kind: ConnectorKind::TokenExchange,
            parameters: parameters!(&AUDIENCE, &SUBJECT, &SUBJECTS),
            roles: &[CLIENT_BY_AUTH, SIGNING_OPTIONAL],
            account_role: "client",
            how: How::Token(&Manner {
                grant: Grant::Exchange(&JWT_MANNER),
                ..JWT
            }),
        },
        Row {
            kind: ConnectorKind::SamlBearer,
            parameters: parameters!(
                &SAML_AUDIENCE,
                &NAME_ID_UNSPECIFIED,
                &ISSUER_CN,
                &SUBJECT,
                &SUBJECTS,
            ),
            roles: &[CLIENT_BY_AUTH, SIGNING],
            account_role: "client",
            how: How::Token(&Manner {
                grant: Grant::Saml(&SamlManner::USUAL),
                ..JWT
            }),
        },
        Row {
            kind: ConnectorKind::RefreshVault,
            // No `principals`: a refresh token is bound to its client (RFC 6749 §6).
            parameters: &[
                &CLIENT,
                &VAULT,
                &SCOPES_IF_ANY,
                &TOKEN_PATH,
                &CLIENT_AUTH,
                &AUDIENCE,
                &RESOURCE,
                &EXTRA,
                &REVOCATION_PATH,
                &LIFE_UNKNOWN,
            ],
            roles: &[CLIENT_BY_AUTH, SIGNING_OPTIONAL],
            account_role: "client",
            how: How::Token(&Manner {
                grant: Grant::Refresh,
                ..JWT
            }),
        },
    ],
    able,
    present: Present::Bearer,
    example_url: "https://as.acme.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    let has = |name: &str| chosen.values.get(name).is_some();
    let narrow = if has("scopes") {
        Narrow::Request
    } else {
        chosen.by_principal()
    };
    let revoke = if has("revocation_path") {
        Revoke::Alone
    } else {
        Revoke::No
    };
    Able {
        revoke,
        ..chosen.of_token_endpoint(narrow)
    }
}
