//! SAP ABAP systems that a company runs itself.

use super::s4hana::{ATTRIBUTE_CLIENT_ID, AUDIENCE, MANNER};
use super::{
    CLIENT, CLIENT_ID, CLIENT_PRINCIPALS, ISSUER_CN, LIFE_UNKNOWN, NAME_ID_UNSPECIFIED, SCOPES,
    SIGNING, SUBJECT, SUBJECTS,
};
use crate::manner::{Manner, SCOPE};
use crate::obtained::Present;
use crate::profile::{Chosen, How, Parameter, Profile, Row};
use locum_core::handout::{Able, Narrow};
use locum_core::registry::ConnectorKind;

/// SAP ABAP systems that a company runs itself.
pub(super) const PROFILE: Profile = Profile {
    id: "abap",
    what: "SAP ABAP systems that a company runs itself",
    rows: &[Row {
        kind: ConnectorKind::SamlBearer,
        parameters: &[
            &Parameter {
                example: "\"LOCUM\"",
                ..CLIENT_ID
            },
            &Parameter {
                example: "\"https://erp.acme.example\"",
                ..AUDIENCE
            },
            &Parameter {
                what: "Our scope → OData services; one text may hold several, with a space between. Every scope of the target's catalogue has to be there, and no other.",
                example: "{\"invoice.read\": \"ZINVOICE_READ_SRV_0001\"}",
                ..SCOPES
            },
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
        how: How::Token(&Manner {
            scopes: Some(SCOPE),
            ..MANNER
        }),
    }],
    able,
    present: Present::Bearer,
    example_url: "https://erp.acme.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    chosen.of_token_endpoint(Narrow::Request)
}
