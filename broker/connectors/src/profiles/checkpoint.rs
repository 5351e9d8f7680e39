//! Check Point management.

use super::{CLIENT, CLIENT_PRINCIPALS};
use crate::obtained::Present;
use crate::profile::{Chosen, Form, How, Member, Need, Parameter, Profile, Role, Row};
use locum_core::handout::{Able, Expire, Revoke, Unique};
use locum_core::registry::ConnectorKind;

/// Shortest idle time of a session, in seconds.
pub(crate) const TIMEOUT_MIN_S: u32 = 10;

const USER: Parameter = Parameter {
    name: "user",
    what: "The administrator's name. Without it the secret is an API key.",
    form: Form::Text,
    need: Need::Optional,
    example: "",
};

const DOMAIN: Parameter = Parameter {
    name: "domain",
    what: "The domain to log in to, on a multi-domain server.",
    form: Form::Text,
    need: Need::Optional,
    example: "",
};

const READ_ONLY: Parameter = Parameter {
    name: "read_only",
    what: "Whether sessions may only read.",
    form: Form::Flag,
    need: Need::Flag(false),
    example: "",
};

const PRINCIPALS: Parameter = Parameter {
    form: Form::Principals(&[
        Member {
            name: "user",
            what: USER.what,
            form: USER.form,
        },
        Member {
            name: "domain",
            what: DOMAIN.what,
            form: DOMAIN.form,
        },
        Member {
            name: "read_only",
            what: READ_ONLY.what,
            form: READ_ONLY.form,
        },
    ]),
    example: "[{\"scopes\": [\"rule.read\"], \"user\": \"svc-read\", \"read_only\": true, \"secret\": \"cp-read\"}, {\"scopes\": [\"rule.read\", \"rule.write\"], \"user\": \"svc-write\", \"secret\": \"cp-write\"}]",
    ..CLIENT_PRINCIPALS
};

/// Check Point management.
pub(super) const PROFILE: Profile = Profile {
    id: "checkpoint",
    what: "Check Point management",
    rows: &[Row {
        kind: ConnectorKind::VendorSession,
        parameters: &[&USER, &DOMAIN, &READ_ONLY, &PRINCIPALS],
        roles: &[Role {
            what: "The administrator's password, or an API key.",
            ..CLIENT
        }],
        account_role: "client",
        how: How::Checkpoint,
    }],
    able,
    present: Present::Header {
        name: "X-chkp-sid",
        prefix: "",
    },
    example_url: "https://mgmt.acme.example",
};

fn able(chosen: &Chosen<'_>) -> Able {
    Able {
        narrow: chosen.by_principal(),
        expire: Expire::AtPermit {
            floor_s: TIMEOUT_MIN_S,
        },
        revoke: Revoke::Alone,
        unique: Unique::Yes,
        carries_person: false,
    }
}
