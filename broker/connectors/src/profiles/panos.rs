//! Palo Alto Networks: PAN-OS and Panorama.

use super::{CLIENT, LIFE_MAX_S, USER_PRINCIPALS};
use crate::obtained::Present;
use crate::profile::{Chosen, Form, How, Need, Parameter, Profile, Role, Row};
use locum_core::handout::{Able, Expire, Revoke, Unique};
use locum_core::registry::ConnectorKind;

const USER: Parameter = Parameter {
    name: "user",
    what: "The administrator's name.",
    form: Form::Text,
    need: Need::UnlessPrincipals,
    example: "",
};

const LIFE: Parameter = Parameter {
    name: "token_validity_s",
    what: "The API Key Lifetime of the device, in seconds. With 0, which is how devices come, keys never end and an administrator gets the same key again.",
    form: Form::Seconds {
        min: 0,
        max: LIFE_MAX_S,
    },
    need: Need::Number(0),
    example: "3600",
};

/// PAN-OS and Panorama.
pub(super) const PROFILE: Profile = Profile {
    id: "panos",
    what: "Palo Alto Networks PAN-OS and Panorama",
    rows: &[Row {
        kind: ConnectorKind::VendorSession,
        parameters: &[
            &USER,
            &Parameter {
                example: "[{\"scopes\": [\"rule.read\"], \"user\": \"svc-read\", \"secret\": \"pan-read\"}, {\"scopes\": [\"rule.read\", \"rule.write\"], \"user\": \"svc-write\", \"secret\": \"pan-write\"}]",
                ..USER_PRINCIPALS
            },
            &LIFE,
        ],
        roles: &[Role {
            what: "The administrator's password.",
            ..CLIENT
        }],
        account_role: "client",
        how: How::Panos,
    }],
    able,
    present: Present::Header {
        name: "X-PAN-KEY",
        prefix: "",
    },
    example_url: "https://panorama.acme.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    let life_s = chosen.values.seconds("token_validity_s");
    let ends = life_s.is_some_and(|life_s| life_s > 0);
    Able {
        narrow: chosen.by_principal(),
        expire: if ends {
            Expire::Declared(life_s)
        } else {
            Expire::Never
        },
        revoke: Revoke::Principal,
        unique: if ends { Unique::Yes } else { Unique::No },
        carries_person: false,
    }
}
