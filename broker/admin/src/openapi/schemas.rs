//! The schemas the document links to. Objects are described by their members;
//! what each means stands in `about.rs`.

use super::about::about;
use serde_json::{Map, Value, json};

/// What a member holds.
#[derive(Clone, Copy)]
enum SchemaHolds {
    Text,
    Texts,
    Number,
    Flag,
    Object,
    Objects,
    MaybeText,
    MaybeNumber,
    MaybeObject,
    MaybeTexts,
}

use SchemaHolds::{
    Flag, MaybeNumber, MaybeObject, MaybeText, MaybeTexts, Number, Object, Objects, Text, Texts,
};

impl SchemaHolds {
    fn schema(self) -> Value {
        match self {
            Text => json!({ "type": "string" }),
            Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Number => json!({ "type": "integer", "minimum": 0 }),
            Flag => json!({ "type": "boolean" }),
            Object => json!({ "type": "object" }),
            Objects => json!({ "type": "array", "items": { "type": "object" } }),
            MaybeText => json!({ "type": ["string", "null"] }),
            MaybeNumber => json!({ "type": ["integer", "null"], "minimum": 0 }),
            MaybeObject => json!({ "type": ["object", "null"] }),
            MaybeTexts => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
        }
    }
}

type SchemaMembers = &'static [(&'static str, SchemaHolds)];

/// A schema: its name, the members that must be there, those that may be.
type Schema = (&'static str, SchemaMembers, SchemaMembers);

/// Bodies: what is sent.
const SENT: &[Schema] = &[
    (
        "AgentSpec",
        &[("id", Text), ("owner", Object)],
        &[
            ("name", Text),
            ("risk", Text),
            ("auth", Objects),
            ("workload", MaybeObject),
            ("presenters", Texts),
            ("subject_issuers", Texts),
            ("max_depth", Number),
            ("actor_token_authenticates", Flag),
            ("ceiling", Objects),
        ],
    ),
    (
        "VersionSpec",
        &[("version", Text)],
        &[("digest", MaybeText), ("model", MaybeText)],
    ),
    ("Certify", &[("until", Text), ("reason", Text)], &[]),
    ("Reason", &[("reason", Text)], &[]),
    ("OptionalReason", &[], &[("reason", Text)]),
    ("Overlap", &[], &[("overlap_seconds", Number)]),
    (
        "ClientSpec",
        &[("id", Text), ("kind", Text), ("auth", Objects)],
        &[("name", Text)],
    ),
    (
        "TargetSpec",
        &[("audience", Text)],
        &[
            ("resources", Texts),
            ("resource_server", MaybeText),
            ("connector", Object),
            ("delivery", Text),
            ("max_lifetime", Number),
            ("scopes", Object),
            ("derives", Object),
            ("acts_as", MaybeText),
            ("details", Object),
            ("entitlements", MaybeObject),
            ("accept_overhang", MaybeObject),
        ],
    ),
    (
        "UpstreamSecretSpec",
        &[("value", Text), ("reason", Text)],
        &[("expires_at", MaybeText), ("origins", MaybeTexts)],
    ),
    (
        "IssuerSpec",
        &[("issuer", Text), ("kind", Text), ("role", Text)],
        &[
            ("jwks", MaybeObject),
            ("jwks_uri", MaybeText),
            ("audiences", MaybeTexts),
            ("access_audiences", MaybeTexts),
            ("audience_agents", Object),
            ("algs", Texts),
            ("scope_map", MaybeObject),
            ("accept_untyped", Flag),
            ("trust_may_act", Flag),
            ("accept_act", Flag),
            ("groups_claim", Text),
            ("require", Object),
            ("forbid", Texts),
            ("max_token_age_s", MaybeNumber),
        ],
    ),
    ("PolicyFiles", &[("files", Object)], &[]),
    (
        "GrantSpec",
        &[
            ("person", Text),
            ("agent", Text),
            ("expires_at", Text),
            ("targets", Objects),
        ],
        &[
            ("groups", MaybeTexts),
            ("max_uses", MaybeNumber),
            ("max_depth", MaybeNumber),
            ("reason", Text),
        ],
    ),
    (
        "RevocationSpec",
        &[("what", Object), ("reason", Text)],
        &[("before", MaybeText), ("dry_run", Flag)],
    ),
    (
        "LockSpec",
        &[("what", Object), ("reason", Text)],
        &[("expires_at", MaybeText), ("dry_run", Flag)],
    ),
    (
        "RotateSpec",
        &[("alg", Text), ("reason", Text)],
        &[("use", Text)],
    ),
    (
        "CredentialSpec",
        &[("role", Text), ("name", Text)],
        &[("expires_at", MaybeText)],
    ),
];

/// Answers that are no more than was sent with id, state and time.
const SHOWN: &[(&str, &str, SchemaMembers)] = &[
    (
        "Agent",
        "AgentSpec",
        &[("state", Text), ("created_at", Text)],
    ),
    (
        "Version",
        "VersionSpec",
        &[
            ("id", Text),
            ("state", Text),
            ("certified_until", MaybeText),
            ("created_at", Text),
        ],
    ),
    ("Client", "ClientSpec", &[("created_at", Text)]),
    (
        "Target",
        "TargetSpec",
        &[("id", Text), ("created_at", Text), ("handout", Object)],
    ),
    (
        "Issuer",
        "IssuerSpec",
        &[("id", Text), ("created_at", Text)],
    ),
    (
        "Grant",
        "GrantSpec",
        &[
            ("id", Text),
            ("state", Text),
            ("created_at", Text),
            ("uses", Number),
            ("made_by", Text),
        ],
    ),
    (
        "Policies",
        "PolicyFiles",
        &[("bundle", Text), ("count", Number)],
    ),
];

/// Members of these that some of them lack.
const SHOWN_AT_SOME: &[(&str, SchemaMembers)] = &[("Target", &[("credential", Object)])];

/// Answers with members of their own.
const OWN: &[Schema] = &[
    ("ClientSecret", &[("client_secret", Text)], &[]),
    (
        "UpstreamSecret",
        &[
            ("name", Text),
            ("created_at", Text),
            ("expires_at", MaybeText),
            ("origins", MaybeTexts),
            ("used_by", Texts),
        ],
        &[("managed_by", Text)],
    ),
    ("Bundle", &[("bundle", Text), ("count", Number)], &[]),
    (
        "Revocation",
        &[
            ("id", Text),
            ("created_at", Text),
            ("what", Object),
            ("before", MaybeText),
            ("reason", Text),
            ("effective_at", Text),
            ("by", Text),
        ],
        &[],
    ),
    (
        "Node",
        &[
            ("node", Text),
            ("tree", Text),
            ("version", Text),
            ("format", Number),
            ("behind", Number),
            ("seen_at", Text),
            ("ready", Flag),
        ],
        &[],
    ),
    (
        "Profile",
        &[
            ("id", Text),
            ("kinds", Texts),
            ("parameters", Object),
            ("secrets", Objects),
            ("credential", Object),
            ("documentation", Text),
        ],
        &[],
    ),
    (
        "RevocationEffect",
        &[("affected", Object), ("survivors", Objects)],
        &[("id", Text), ("effective_at", Text), ("confirmed", Object)],
    ),
    (
        "Lock",
        &[
            ("id", Text),
            ("state", Text),
            ("created_at", Text),
            ("what", Object),
            ("reason", Text),
            ("expires_at", MaybeText),
            ("by", Text),
        ],
        &[],
    ),
    (
        "Key",
        &[
            ("kid", Text),
            ("alg", Text),
            ("use", Text),
            ("state", Text),
            ("created_at", Text),
            ("activates_at", MaybeText),
        ],
        &[],
    ),
    ("Keys", &[("items", Objects)], &[]),
    (
        "IssuerKeys",
        &[
            ("source", Text),
            ("jwks_uri", MaybeText),
            ("fetched_at", MaybeText),
            ("tried_at", MaybeText),
            ("keys", Objects),
            ("left_out", Objects),
            ("problem", MaybeObject),
        ],
        &[],
    ),
    (
        "IssuerTest",
        &[
            ("fetched", Flag),
            ("source", Text),
            ("jwks_uri", MaybeText),
            ("fetched_at", MaybeText),
            ("tried_at", MaybeText),
            ("keys", Objects),
            ("left_out", Objects),
            ("problem", MaybeObject),
        ],
        &[],
    ),
    ("TargetTest", &[("fits", Flag), ("steps", Objects)], &[]),
    (
        "LockEffect",
        &[("affected", Object), ("survivors", Objects)],
        &[("id", Text), ("confirmed", Object)],
    ),
    (
        "Decision",
        &[
            ("id", MaybeText),
            ("request_id", Text),
            ("time", Text),
            ("outcome", Text),
            ("code", MaybeText),
            ("client_id", Text),
            ("actor_from", MaybeText),
            ("subject", MaybeObject),
            ("groups", MaybeTexts),
            ("chain", Objects),
            ("target", MaybeText),
            ("basis", MaybeText),
            ("requested", Object),
            ("granted", MaybeObject),
            ("checks", Objects),
            ("policies", Texts),
            ("bundle", Text),
            ("jti", MaybeText),
            ("parent", MaybeText),
            ("record", Object),
        ],
        &[
            ("grant", Text),
            ("presenter", Text),
            ("task_id", Text),
            ("delegate_to", Text),
            ("trace_id", Text),
            ("purpose", Text),
            ("would_pass", Object),
            ("error_description", Text),
            ("detail", Text),
            ("credential", MaybeObject),
        ],
    ),
    (
        "Credential",
        &[
            ("id", Text),
            ("role", Text),
            ("name", Text),
            ("state", Text),
            ("created_at", Text),
        ],
        &[("expires_at", MaybeText)],
    ),
    ("CredentialToken", &[("id", Text)], &[("token", Text)]),
    (
        "Document",
        &[("openapi", Text), ("info", Object), ("paths", Object)],
        &[],
    ),
    (
        "Problem",
        &[
            ("type", Text),
            ("title", Text),
            ("status", Number),
            ("detail", Text),
            ("code", Text),
            ("request_id", Text),
            ("errors", Objects),
        ],
        &[],
    ),
];

/// All schemas by name.
pub(super) fn all() -> Map<String, Value> {
    let mut out = Map::new();
    for (name, must, may) in SENT {
        let mut schema = object((name, name), must, may);
        if let Some(members) = schema.as_object_mut() {
            members.insert("additionalProperties".into(), json!(false));
        }
        out.insert((*name).to_owned(), schema);
    }
    for (name, must, may) in OWN {
        out.insert((*name).to_owned(), object((name, name), must, may));
    }
    for (name, sent, more) in SHOWN {
        let of = SENT.iter().find(|(known, ..)| known == sent);
        if let Some((_, must, may)) = of {
            let all: Vec<_> = must.iter().chain(*more).copied().collect();
            let at_some = SHOWN_AT_SOME.iter().filter(|(known, _)| known == name);
            let at_some = at_some.flat_map(|(_, members)| members.iter());
            let may: Vec<_> = may.iter().chain(at_some).copied().collect();
            out.insert((*name).to_owned(), object((name, sent), &all, &may));
        }
    }
    let tar = json!({ "type": "string", "contentMediaType": "application/x-tar" });
    out.insert(super::table::TAR.to_owned(), tar);
    out
}

/// `names`: the schema's, and that of the one it was taken from.
fn object(names: (&str, &str), must: &[(&str, SchemaHolds)], may: &[(&str, SchemaHolds)]) -> Value {
    let required: Vec<&str> = must.iter().map(|(name, _)| *name).collect();
    let members = must.iter().chain(may);
    let properties: Map<String, Value> = members
        .map(|(name, holds)| {
            let mut schema = holds.schema();
            if let (Some(of), Some(text)) = (schema.as_object_mut(), about(names.0, names.1, name))
            {
                of.insert("description".into(), json!(text));
            }
            ((*name).to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "required": required, "properties": properties })
}
