//! Workday, by a refresh token of each person.

use super::workday::{CLIENT_ID, JWT, LIFE, TENANT};
use super::{CLIENT, VAULT};
use crate::manner::{Auth, BasicStyle, Grant, Manner};
use crate::obtained::Present;
use crate::profile::{Chosen, How, Need, Parameter, Profile, Row};
use locum_core::handout::{Able, Narrow};
use locum_core::registry::ConnectorKind;

/// Workday, by a refresh token of each person.
pub(super) const PROFILE: Profile = Profile {
    id: "workday-vault",
    what: "Workday, by a refresh token of each person",
    rows: &[Row {
        kind: ConnectorKind::RefreshVault,
        parameters: &[
            &TENANT,
            &Parameter {
                need: Need::Required,
                example: "\"N2ZkZjE1\"",
                ..CLIENT_ID
            },
            &VAULT,
            &LIFE,
        ],
        roles: &[CLIENT],
        account_role: "client",
        how: How::Token(&Manner {
            // In the header and never in the form.
            auth: Auth::Basic(BasicStyle::Plain),
            grant: Grant::Refresh,
            ..JWT
        }),
    }],
    able,
    present: Present::Bearer,
    example_url: "https://wd2-impl-services1.workday.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    chosen.of_token_endpoint(Narrow::No)
}
