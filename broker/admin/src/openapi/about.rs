//! What each member means, in one sentence: the document, the schema of
//! `locum.toml` and the reference page show it.

/// A member's meaning, by `Schema.member`, or by the member alone where it
/// means the same everywhere.
const ABOUT: &[(&str, &str)] = &[
    // Agents
    (
        "AgentSpec.id",
        "its id, `client_id` and `sub`; never changed, never used again",
    ),
    (
        "AgentSpec.owner",
        "`{\"kind\":\"team\"|\"person\",\"id\"}`: who answers for it; a team is `Team` in policy",
    ),
    (
        "AgentSpec.risk",
        "`low`, `medium` or `high`: how much harm it can do; default `medium`",
    ),
    (
        "auth",
        "how it authenticates: `{\"method\":\"client_secret\"}`, `{\"method\":\"private_key_jwt\",\"jwks\":{\"keys\":[…]}}`, each once",
    ),
    (
        "AgentSpec.workload",
        "`{\"issuer\",\"claims\":{\"sub\",…}}`: claims that a workload token must carry, compared whole, to be this agent",
    ),
    (
        "AgentSpec.presenters",
        "clients that may send this agent's actor token for it",
    ),
    (
        "AgentSpec.subject_issuers",
        "issuers whose people or workloads it may act for; default none; `locum` means other agents",
    ),
    (
        "AgentSpec.max_depth",
        "most `act` objects of a token it obtains, 1 to 16; default 4",
    ),
    (
        "AgentSpec.actor_token_authenticates",
        "whether its workload token may be the only proof, without a client's; default false",
    ),
    (
        "AgentSpec.ceiling",
        "the most it may ever get: `{\"target\",\"scopes\",\"default\",\"alone\",\"authorization_details\",\"max_lifetime\"}` for each target; `default` is what a request without `scope` means, `alone` what it may use on nobody's behalf",
    ),
    ("Agent.state", "`draft`, `active`, `suspended` or `retired`"),
    ("VersionSpec.version", "the operator's name for it"),
    (
        "VersionSpec.digest",
        "digest of what runs, such as `sha256:…`",
    ),
    ("VersionSpec.model", "the model it runs on"),
    ("Version.state", "`draft`, `certified` or `ended`"),
    (
        "Version.certified_until",
        "when the certification of the current one ends; null of any other",
    ),
    ("Version.created_at", "when it was proposed"),
    ("Certify.until", "when the certification ends, RFC 3339"),
    (
        "overlap_seconds",
        "how long the old secrets stay valid, at most 86,400; default 0",
    ),
    ("client_secret", "the secret, shown once"),
    // Clients
    (
        "ClientSpec.kind",
        "`resource_server` (serves a target) or `presenter` (presents for agents that list it)",
    ),
    // Targets
    (
        "audience",
        "its logical name (RFC 8693 `audience`); unique, never changed",
    ),
    (
        "resources",
        "its absolute URIs (RFC 8707 `resource`); unique",
    ),
    (
        "resource_server",
        "the client that serves it and introspects its tokens",
    ),
    (
        "connector",
        "`{\"kind\":\"issue\",\"alg\"}`: Locum mints the token, signed with `ES256` (default), `RS256`, `PS256` or `EdDSA`; `{\"kind\",\"profile\",\"base_url\",\"parameters\",\"secrets\"}`: a vendor hands the credential out, asked as the profile says",
    ),
    (
        "entitlements",
        "scope to groups of which a person must be in one; `[]`: nobody. It has to be there where the credential does not carry the person",
    ),
    (
        "accept_overhang",
        "`{\"reason\"}`: credentials are handed out though `handout` says why that is unsafe",
    ),
    (
        "handout",
        "read-only, `{\"safe\",\"because\"}`: whether some scopes can be handed out safely, else what is not: `narrow`, `expire`",
    ),
    (
        "Target.credential",
        "read-only: what the vendor's credentials are able to do; absent where Locum mints the token",
    ),
    ("delivery", "`handout`: the agent gets the credential"),
    ("max_lifetime", "seconds, 1 to 3,600; default 300"),
    (
        "TargetSpec.scopes",
        "the catalogue: `{\"name\":{\"risk\",\"requires\"}}`; a `high` scope never goes by policy alone; `requires` names detail types that a token with it always carries",
    ),
    (
        "derives",
        "own scope to `target:scope` entries for which its server may exchange a token it received",
    ),
    ("acts_as", "the agent as which its server acts then"),
    (
        "details",
        "types of `authorization_details`: `{\"type\":{\"field\":{\"type\",\"narrow\"}}}`",
    ),
    // Nodes
    ("Node.node", "its name, `store.node`"),
    ("Node.tree", "the tree of its decisions"),
    ("Node.version", "the version of Locum that it runs"),
    ("Node.format", "the newest format of records that it reads"),
    ("Node.behind", "changes that it has not folded yet"),
    ("Node.seen_at", "when it was last heard of"),
    (
        "Node.ready",
        "whether it was heard of lately and says that it is ready",
    ),
    // Profiles
    (
        "Profile.kinds",
        "kinds of connectors that it takes; the first is the default",
    ),
    (
        "Profile.parameters",
        "JSON Schema of the connector's `parameters`",
    ),
    (
        "Profile.secrets",
        "`[{\"name\",\"what\"}]`: what the roles in the connector's `secrets` are for",
    ),
    (
        "Profile.credential",
        "what its credentials are able to do, by its first kind with defaults",
    ),
    ("Profile.documentation", "the address of its page"),
    // Upstream secrets
    (
        "value",
        "a text, or PEM of one private key and its certificates; at most 65,536 bytes, never shown",
    ),
    (
        "UpstreamSecretSpec.expires_at",
        "when it ends, RFC 3339; default the end of its certificate, if it has one",
    ),
    (
        "UpstreamSecret.expires_at",
        "when it ends; null where nobody said",
    ),
    (
        "origins",
        "`[\"https://api.example\"]`: a target elsewhere cannot name it; null binds it to nothing; left out, it stays bound as it was",
    ),
    ("used_by", "ids of the targets that name it"),
    (
        "managed_by",
        "`file` of one that a file below `downstream.secrets_dir` holds",
    ),
    // Issuers
    (
        "issuer",
        "the `iss` of its tokens, compared whole; never changed",
    ),
    (
        "IssuerSpec.kind",
        "`oidc` (keys by discovery), `jwt` (keys by `jwks` or `jwks_uri`) or `spiffe` (the same, of the trust domain that `issuer` names)",
    ),
    (
        "IssuerSpec.role",
        "`subject` (its tokens prove people) or `workload`; never changed",
    ),
    ("jwks", "its public keys by value, for `jwt`"),
    ("jwks_uri", "where its keys are fetched, for `jwt`"),
    (
        "audiences",
        "`aud` accepted in ID tokens (default none) or workload tokens (default Locum's issuer)",
    ),
    (
        "access_audiences",
        "`aud` accepted in access tokens; default Locum's issuer",
    ),
    (
        "audience_agents",
        "`{\"audience\":[agents]}`: audiences that serve only these agents",
    ),
    (
        "algs",
        "signature algorithms accepted; default `ES256`, `RS256`",
    ),
    (
        "scope_map",
        "`{\"theirs\":[\"target:scope\",…]}`; without it their access tokens are refused, and what is not in it gives nothing",
    ),
    (
        "accept_untyped",
        "whether access tokens of header `typ` `JWT` or of none are taken; default false",
    ),
    (
        "trust_may_act",
        "whether `may_act` in their access tokens is a basis; default false",
    ),
    (
        "accept_act",
        "whether an `act` in their tokens is wrapped beneath ours; default false: such a token is refused",
    ),
    (
        "groups_claim",
        "the claim that lists a person's groups, or a JSON Pointer such as `/realm_access/roles`; default `groups`",
    ),
    (
        "require",
        "`{\"claim\":[\"values\"]}`: claims that their tokens must have, each with one of its values, or with any where the list is empty; default none",
    ),
    (
        "forbid",
        "claims that their tokens must not have; default none",
    ),
    (
        "max_token_age_s",
        "greatest age of their tokens by `iat`, 1 to 31,536,000; null: `limits.max_token_age_s` and `limits.actor_max_age_s`",
    ),
    // Keys of issuers
    (
        "source",
        "`discovery`, `jwks_uri` or `jwks`: where its keys come from",
    ),
    (
        "IssuerKeys.jwks_uri",
        "where its keys are fetched, without the query; null until discovery has said so",
    ),
    (
        "IssuerTest.jwks_uri",
        "where its keys are fetched, without the query; null until discovery has said so",
    ),
    (
        "fetched",
        "whether they were fetched for this request; false where an operator's share of fetches is used up, and for keys by value",
    ),
    ("fetched_at", "when the keys in use were fetched"),
    (
        "tried_at",
        "when the last fetch ended; null: nobody asked yet",
    ),
    (
        "keys",
        "`{\"kid\",\"alg\"}` for each key and algorithm in use",
    ),
    (
        "left_out",
        "`{\"kid\",\"reason\",\"detail\"}` for each key that is not used",
    ),
    (
        "problem",
        "`{\"reason\",\"detail\",\"setting\",\"next\"}`: why the last fetch brought no keys; `setting` is the key of the configuration, or the issuer's member, that mends it",
    ),
    // Tests of targets
    ("fits", "whether no step failed"),
    (
        "steps",
        "`{\"name\",\"about\",\"result\",\"detail\",\"setting\",\"next\"}` for each; `name` is `profile`, `signing_key`, `secret`, `address`, `connection`, `answer`, `account` or `credential`; `about` the secret, account or member; `result` `passed`, `failed` or `not_seen`: shows only at an exchange; `setting` the key of the configuration, or the target's member, that mends it",
    ),
    // Policies
    ("files", "`{\"name.cedar\":\"text\"}`, the whole bundle"),
    ("bundle", "`sha256:…` over all files: what was in force"),
    ("count", "how many policies"),
    // Grants
    ("person", "whose it is: `<issuer id>:<sub there>`"),
    ("GrantSpec.agent", "who may act"),
    ("GrantSpec.expires_at", "when it ends, RFC 3339"),
    (
        "GrantSpec.targets",
        "`{\"target\",\"scopes\",\"authorization_details\"}` for each target",
    ),
    (
        "groups",
        "the person's groups, `<issuer id>:<name>`; left out they are unknown: no permit that names a group matches",
    ),
    (
        "max_uses",
        "how many exchanges may rest on it; default any number",
    ),
    ("GrantSpec.max_depth", "most `act` objects below it"),
    ("Grant.state", "`active`, `used`, `expired` or `revoked`"),
    ("uses", "exchanges that rested on it so far"),
    ("made_by", "the credential that made it"),
    // Revocations and locks
    (
        "what",
        "`{\"kind\",\"id\"}`; `{\"kind\":\"all\"}` has no id",
    ),
    (
        "before",
        "only what was issued before, RFC 3339; default now; never in the future",
    ),
    (
        "dry_run",
        "says what would be affected, and changes nothing",
    ),
    ("effective_at", "from when on it counts"),
    (
        "affected",
        "`{\"tokens\",\"grants\",\"people\",\"estimate\"}`",
    ),
    (
        "survivors",
        "`{\"target\",\"until\"}`: where what was handed out is accepted until it expires; `until` null: nobody knows when",
    ),
    ("confirmed", "`{\"replicas\",\"of\",\"within_ms\"}`"),
    ("LockSpec.expires_at", "when it lifts itself; default never"),
    ("Lock.expires_at", "when it lifts itself"),
    ("Lock.state", "`active`, `lifted` or `expired`"),
    ("by", "the credential that did it"),
    // Keys
    ("kid", "the key's id"),
    ("alg", "`ES256`, `RS256`, `PS256` or `EdDSA`"),
    (
        "RotateSpec.use",
        "`sig` (default), or `receipt`, with `alg` `EdDSA`",
    ),
    (
        "use",
        "`sig`: it signs tokens; `receipt`: it signs receipts",
    ),
    (
        "Key.state",
        "`next` (published, not used yet), `active`, `old` (published until the last of what it signed has expired) or `retired`",
    ),
    ("activates_at", "since when it signs"),
    ("items", "the keys that changed"),
    // Decisions
    (
        "Decision.id",
        "the delegation, `dlg_…`; null where nothing was permitted or tried",
    ),
    ("time", "when it was recorded"),
    ("outcome", "`permit`, `refusal` or `fault`"),
    (
        "Decision.code",
        "the [error code](../errors.md) of a refusal",
    ),
    ("client_id", "the client that asked"),
    (
        "actor_from",
        "`client`, `presenter` or `actor_token`: how the actor was proved",
    ),
    ("subject", "`{\"iss\",\"sub\"}`: on whose behalf"),
    ("chain", "the actors, newest first"),
    ("target", "its id"),
    (
        "basis",
        "`self`, `may_act`, `grant` or `policy`: what it rests on",
    ),
    ("requested", "the parameters, without tokens and secrets"),
    (
        "granted",
        "what was given: `scope`, `expires_in`, `authorization_details`",
    ),
    (
        "checks",
        "`{\"name\",\"result\"}` for each rung that was reached",
    ),
    ("policies", "the `@id`s that determined the answer"),
    ("jti", "of the token"),
    ("parent", "the `jti` of the token that was exchanged"),
    ("record", "`{\"tree\",\"index\"}`: its place in the ledger"),
    ("grant", "the grant it rests on"),
    ("presenter", "the client that presented the actor's token"),
    ("task_id", "as sent"),
    ("delegate_to", "the agent it is passed on to"),
    ("trace_id", "of the caller's `traceparent`"),
    (
        "Decision.groups",
        "the person's groups as they were read, by the names policies know them under; null: not known, or erased",
    ),
    ("purpose", "as sent"),
    ("would_pass", "what would have been permitted"),
    ("error_description", "the sentence that the client was told"),
    (
        "Decision.detail",
        "what Locum alone knows of a refusal's cause",
    ),
    (
        "Decision.credential",
        "what became of a vendor's credential: `{\"state\",\"expires_at\",\"fingerprint\",\"vendor_request_id\",\"revocation\"}` ([what each means](../contract.md#two-records)); null where no vendor was asked; absent in a list",
    ),
    // Credentials
    ("CredentialSpec.role", "`admin`, `operator` or `auditor`"),
    ("Credential.role", "`admin`, `operator` or `auditor`"),
    (
        "CredentialSpec.name",
        "who it is for; stands in every record of what it does",
    ),
    (
        "Credential.name",
        "who it is for; stands in every record of what it does",
    ),
    (
        "CredentialSpec.expires_at",
        "when it ends, RFC 3339; default never",
    ),
    ("Credential.expires_at", "when it ends"),
    ("Credential.state", "`active`, `expired` or `revoked`"),
    ("token", "the bearer token, shown once"),
    // Everywhere
    ("id", "its id"),
    ("UpstreamSecret.name", "its name"),
    ("name", "for people"),
    ("created_at", "since when it is known"),
    ("reason", "why, for the record"),
    // Problems and the document
    ("type", "the page of the code"),
    ("title", "the code's meaning"),
    ("status", "the HTTP status"),
    ("detail", "what was expected and what was found"),
    ("code", "the [error code](../errors.md)"),
    ("request_id", "finds the record and the log lines"),
    (
        "errors",
        "`{\"pointer\",\"detail\"}` for each flaw of the input",
    ),
    ("openapi", "`3.1.0`"),
    ("info", "name and version"),
    ("paths", "every operation"),
];

/// What a member of a schema means; `base` is the schema it was taken from.
pub(super) fn about(schema: &str, base: &str, member: &str) -> Option<&'static str> {
    let named = |key: &str| ABOUT.iter().find(|(name, _)| *name == key);
    let found = named(&format!("{schema}.{member}"))
        .or_else(|| named(&format!("{base}.{member}")))
        .or_else(|| named(member));
    found.map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_member_of_every_schema_has_its_sentence() {
        for (name, schema) in crate::schemas() {
            for (member, holds) in schema["properties"].as_object().into_iter().flatten() {
                assert!(holds["description"].is_string(), "{name}.{member}");
            }
        }
    }

    #[test]
    fn no_sentence_stands_twice_or_for_nothing() {
        let names: BTreeSet<_> = ABOUT.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), ABOUT.len());
        let schemas = crate::schemas();
        let has = |schema: &str, member: &str| {
            schemas
                .get(schema)
                .is_some_and(|s| s["properties"].get(member).is_some())
        };
        for name in names {
            let known = match name.split_once('.') {
                Some((schema, member)) => has(schema, member),
                None => schemas.keys().any(|schema| has(schema, name)),
            };
            assert!(known, "{name}");
        }
    }
}
