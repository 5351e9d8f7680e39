//! SAP S/4HANA Cloud.

use super::{
    CLIENT, CLIENT_ID_UNLESS_PRINCIPALS, CLIENT_PRINCIPALS, ISSUER_CN, LIFE_UNKNOWN,
    NAME_ID_UNSPECIFIED, SIGNING, SUBJECT, SUBJECTS,
};
use crate::manner::{
    Auth, BasicStyle, ClientIdIn, Grant, Manner, RevokeBy, SamlAttributes, SamlManner,
};
use crate::obtained::Present;
use crate::profile::{Chosen, Form, How, Need, Parameter, Profile, Row};
use locum_core::handout::Able;
use locum_core::registry::ConnectorKind;

pub(super) const AUDIENCE: Parameter = Parameter {
    name: "audience",
    what: "`Audience` of the assertion: the name of the system as a SAML 2.0 provider.",
    form: Form::Text,
    need: Need::Required,
    example: "\"https://my300000-web.s4hana.example\"",
};

pub(super) const ATTRIBUTE_CLIENT_ID: Parameter = Parameter {
    name: "attribute_client_id",
    what: "Whether the assertion names the client in a SAML attribute `client_id`.",
    form: Form::Flag,
    need: Need::Flag(false),
    example: "",
};

pub(super) const MANNER: Manner = Manner {
    path: "/sap/bc/sec/oauth2/token",
    auth: Auth::Basic(BasicStyle::Plain),
    client_id: ClientIdIn::Form,
    grant: Grant::Saml(&SamlManner {
        attributes: SamlAttributes::ClientId,
        ..SamlManner::USUAL
    }),
    fields: &[],
    headers: &[],
    scopes: None,
    revoked: RevokeBy::Nowhere,
};

/// SAP S/4HANA Cloud.
pub(super) const PROFILE: Profile = Profile {
    id: "s4hana",
    what: "SAP S/4HANA Cloud",
    rows: &[Row {
        kind: ConnectorKind::SamlBearer,
        parameters: &[
            &Parameter {
                example: "\"LOCUM\"",
                ..CLIENT_ID_UNLESS_PRINCIPALS
            },
            &AUDIENCE,
            &ISSUER_CN,
            &NAME_ID_UNSPECIFIED,
            &ATTRIBUTE_CLIENT_ID,
            &CLIENT_PRINCIPALS,
            &SUBJECT,
            &SUBJECTS,
            &LIFE_UNKNOWN,
        ],
        roles: &[CLIENT, SIGNING],
        account_role: "client",
        how: How::Token(&MANNER),
    }],
    able,
    present: Present::Bearer,
    example_url: "https://my300000.s4hana.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    chosen.of_token_endpoint(chosen.by_principal())
}
