//! Every operation of the admin API, one entry each. A test holds it against
//! the routes.

/// One operation.
pub(super) struct Operation {
    /// In lower case.
    pub(super) method: &'static str,
    /// Below `/admin/v1`.
    pub(super) path: &'static str,
    /// What it does.
    pub(super) summary: &'static str,
    /// Who may besides `admin`, as a phrase; `None`: every role.
    pub(super) role: Option<&'static str>,
    /// Query parameters.
    pub(super) query: &'static [&'static str],
    /// Schema of the body.
    pub(super) body: Option<&'static str>,
    /// Status and schema of each "yes"; `[X]` is a page of `X`.
    pub(super) answers: &'static [(u16, &'static str)],
    /// Statuses of a "no" beyond those of every such operation.
    refused: &'static [u16],
}

impl Operation {
    /// Every status of a "no".
    pub(super) fn refusals(&self) -> Vec<u16> {
        let mut out = vec![401, 503];
        out.extend(self.refused);
        out.extend(self.role.map(|_| 403));
        out.extend(self.path.contains('{').then_some(404));
        if self.body.is_some() || !self.query.is_empty() {
            out.push(422);
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// What a status means here.
pub(super) const fn meaning(status: u16) -> &'static str {
    match status {
        200 => "as shown",
        201 => "made",
        401 => "no credential, or a bad one",
        403 => "a role that may not",
        404 => "an unknown id",
        409 => "a state that does not allow it",
        412 => "a stale `If-Match`",
        422 => "invalid input",
        503 => "something Locum needs is not there; try again",
        _ => "see the problem's code",
    }
}

/// The one answer that is no JSON.
pub(super) const TAR: &str = "Backup";

const PAGE: &[&str] = &["limit", "cursor"];
const ONLY_ADMIN: Option<&str> = Some(" only");
const OPERATOR_TOO: Option<&str> = Some(", `operator`");

const fn list(
    path: &'static str,
    summary: &'static str,
    page: &'static [(u16, &'static str)],
) -> Operation {
    Operation {
        method: "get",
        path,
        summary,
        role: None,
        query: PAGE,
        body: None,
        answers: page,
        refused: &[],
    }
}

const fn get(
    path: &'static str,
    summary: &'static str,
    object: &'static [(u16, &'static str)],
) -> Operation {
    Operation {
        query: &[],
        ..list(path, summary, object)
    }
}

const fn post(
    path: &'static str,
    summary: &'static str,
    body: &'static str,
    answers: &'static [(u16, &'static str)],
) -> Operation {
    Operation {
        method: "post",
        role: ONLY_ADMIN,
        body: Some(body),
        query: &[],
        refused: &[409],
        ..list(path, summary, answers)
    }
}

const fn put(
    path: &'static str,
    summary: &'static str,
    body: &'static str,
    answers: &'static [(u16, &'static str)],
) -> Operation {
    Operation {
        method: "put",
        refused: &[409, 412],
        ..post(path, summary, body, answers)
    }
}

const fn delete(
    path: &'static str,
    summary: &'static str,
    answers: &'static [(u16, &'static str)],
) -> Operation {
    Operation {
        method: "delete",
        ..put(path, summary, "OptionalReason", answers)
    }
}

/// Also for operators.
const fn stopping(operation: Operation, refused: &'static [u16]) -> Operation {
    Operation {
        role: OPERATOR_TOO,
        refused,
        ..operation
    }
}

const fn filtered(operation: Operation, query: &'static [&'static str]) -> Operation {
    Operation { query, ..operation }
}

/// Every operation.
pub(super) const TABLE: &[Operation] = &[
    get("/openapi.json", "This document", &[(200, "Document")]),
    Operation {
        role: ONLY_ADMIN,
        ..get(
            "/backup",
            "A consistent copy of everything, while serving; for `locum restore`",
            &[(200, TAR)],
        )
    },
    list("/agents", "Agents, by id", &[(200, "[Agent]")]),
    post(
        "/agents",
        "Registers an agent, a draft",
        "AgentSpec",
        &[(201, "Agent")],
    ),
    get("/agents/{id}", "One agent", &[(200, "Agent")]),
    put(
        "/agents/{id}",
        "Declares an agent again, whole",
        "AgentSpec",
        &[(200, "Agent")],
    ),
    get(
        "/agents/{id}/versions/{version}",
        "One version",
        &[(200, "Version")],
    ),
    list(
        "/agents/{id}/versions",
        "An agent's versions, those that have ended included, by id",
        &[(200, "[Version]")],
    ),
    post(
        "/agents/{id}/versions",
        "Proposes a version",
        "VersionSpec",
        &[(201, "Version")],
    ),
    post(
        "/agents/{id}/versions/{version}/certify",
        "Certifies a version: it becomes the current one",
        "Certify",
        &[(200, "Agent")],
    ),
    stopping(
        post(
            "/agents/{id}/suspend",
            "Stops an agent until it is resumed",
            "Reason",
            &[(200, "Agent")],
        ),
        &[409],
    ),
    stopping(
        post(
            "/agents/{id}/resume",
            "Resumes a suspended agent",
            "Reason",
            &[(200, "Agent")],
        ),
        &[409],
    ),
    post(
        "/agents/{id}/retire",
        "Ends an agent for ever",
        "Reason",
        &[(200, "Agent")],
    ),
    post(
        "/agents/{id}/workload/release",
        "Gives up the workload identities that were the agent's: they may be another's, or nobody's",
        "Reason",
        &[(200, "Agent")],
    ),
    post(
        "/agents/{id}/secrets",
        "Makes a new secret; the old ones end after the overlap",
        "Overlap",
        &[(201, "ClientSecret")],
    ),
    list(
        "/clients",
        "Clients that are no agents, by id",
        &[(200, "[Client]")],
    ),
    post(
        "/clients",
        "Registers a resource server or a presenter",
        "ClientSpec",
        &[(201, "Client")],
    ),
    get("/clients/{id}", "One client", &[(200, "Client")]),
    put(
        "/clients/{id}",
        "Declares a client again, whole",
        "ClientSpec",
        &[(200, "Client")],
    ),
    post(
        "/clients/{id}/secrets",
        "Makes a new secret; the old ones end after the overlap",
        "Overlap",
        &[(201, "ClientSecret")],
    ),
    list("/targets", "Targets, by id", &[(200, "[Target]")]),
    get("/targets/{id}", "One target", &[(200, "Target")]),
    put(
        "/targets/{id}",
        "Declares a target, whole",
        "TargetSpec",
        &[(200, "Target"), (201, "Target")],
    ),
    stopping(
        post(
            "/targets/{id}/test",
            "Says step by step whether a target, its secrets and its vendor fit together; obtains no credential",
            "OptionalReason",
            &[(200, "TargetTest")],
        ),
        &[],
    ),
    list(
        "/nodes",
        "Brokers that share the record, by name; a broker that stands alone lists itself",
        &[(200, "[Node]")],
    ),
    list(
        "/profiles",
        "Profiles of connectors, by id",
        &[(200, "[Profile]")],
    ),
    list(
        "/secrets",
        "Upstream secrets, by name, without their values",
        &[(200, "[UpstreamSecret]")],
    ),
    get(
        "/secrets/{name}",
        "One upstream secret, without its value",
        &[(200, "UpstreamSecret")],
    ),
    put(
        "/secrets/{name}",
        "Takes an upstream secret, or another value for it, in force at once",
        "UpstreamSecretSpec",
        &[(200, "UpstreamSecret"), (201, "UpstreamSecret")],
    ),
    delete(
        "/secrets/{name}",
        "Deletes an upstream secret that no target names",
        &[(200, "UpstreamSecret")],
    ),
    list("/issuers", "Trusted issuers, by id", &[(200, "[Issuer]")]),
    get("/issuers/{id}", "One issuer", &[(200, "Issuer")]),
    put(
        "/issuers/{id}",
        "Declares an issuer, whole",
        "IssuerSpec",
        &[(200, "Issuer"), (201, "Issuer")],
    ),
    get(
        "/issuers/{id}/keys",
        "What is known of an issuer's keys: those in use, those left out, and why they cannot be had",
        &[(200, "IssuerKeys")],
    ),
    stopping(
        post(
            "/issuers/{id}/test",
            "Fetches an issuer's keys now and says what was found; five times at once, then once every `trust.refetch_min_s`",
            "OptionalReason",
            &[(200, "IssuerTest")],
        ),
        &[],
    ),
    get(
        "/policies",
        "The policy bundle in force",
        &[(200, "Policies")],
    ),
    put(
        "/policies",
        "Replaces the policy bundle, whole",
        "PolicyFiles",
        &[(200, "Bundle")],
    ),
    post(
        "/policies/validate",
        "Says what a bundle would be, and changes nothing",
        "PolicyFiles",
        &[(200, "Bundle")],
    ),
    filtered(
        list("/grants", "Grants, by id", &[(200, "[Grant]")]),
        &["person", "agent", "state", "limit", "cursor"],
    ),
    post(
        "/grants",
        "Makes a grant in a person's name",
        "GrantSpec",
        &[(201, "Grant")],
    ),
    get("/grants/{id}", "One grant", &[(200, "Grant")]),
    list(
        "/revocations",
        "Revocations, by id",
        &[(200, "[Revocation]")],
    ),
    stopping(
        post(
            "/revocations",
            "Revokes what was issued before; runs anew under the same key",
            "RevocationSpec",
            &[(200, "RevocationEffect")],
        ),
        &[404],
    ),
    get(
        "/revocations/{id}",
        "One revocation",
        &[(200, "Revocation")],
    ),
    list(
        "/keys",
        "Signing keys of tokens and of receipts, by id",
        &[(200, "[Key]")],
    ),
    post(
        "/keys/rotate",
        "The next key of that use becomes active, another is published",
        "RotateSpec",
        &[(200, "Keys")],
    ),
    post(
        "/keys/{kid}/retire",
        "Takes a key out of use at once; what it signed is dead, a receipt of it cannot be checked any more",
        "Reason",
        &[(200, "Keys")],
    ),
    list("/locks", "Locks, by id", &[(200, "[Lock]")]),
    stopping(
        post(
            "/locks",
            "Locks until lifted; runs anew under the same key",
            "LockSpec",
            &[(200, "LockEffect"), (201, "LockEffect")],
        ),
        &[404],
    ),
    get("/locks/{id}", "One lock", &[(200, "Lock")]),
    stopping(
        post(
            "/locks/{id}/lift",
            "Lifts a lock",
            "Reason",
            &[(200, "Lock")],
        ),
        &[409],
    ),
    filtered(
        list(
            "/decisions",
            "Decisions, newest first; a page may be short and still have a next",
            &[(200, "[Decision]")],
        ),
        &[
            "agent", "person", "target", "outcome", "task_id", "since", "limit", "cursor",
        ],
    ),
    get(
        "/decisions/{id}",
        "The decision of a `dlg_` or `req_` id",
        &[(200, "Decision")],
    ),
    list(
        "/credentials",
        "Credentials of this API, by id",
        &[(200, "[Credential]")],
    ),
    post(
        "/credentials",
        "Makes a credential; its token is shown once",
        "CredentialSpec",
        &[(201, "CredentialToken")],
    ),
    get(
        "/credentials/{id}",
        "One credential",
        &[(200, "Credential")],
    ),
    post(
        "/credentials/{id}/revoke",
        "Revokes a credential",
        "Reason",
        &[(200, "Credential")],
    ),
    post(
        "/reload",
        "Reads policies, declared objects and certificates from their files again; runs anew under the same key",
        "OptionalReason",
        &[(200, "Bundle")],
    ),
];
