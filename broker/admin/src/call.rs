//! One authenticated request.

use super::guard::{Admitted, Who};
use super::problem::Problem;
use super::{answer, read, write};
use crate::api::Api;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, RawPathParams};
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use locum_core::ids::RequestId;
use locum_core::jcs;
use locum_core::json::{self, JsonLimits};
use locum_core::refusal::Code;
use locum_stores::state::Role;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Members that GET shows and PUT ignores (contract §12).
const READ_ONLY: [&str; 5] = ["id", "state", "created_at", "handout", "credential"];

/// The body of an action.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    #[serde(default)]
    reason: Option<String>,
}

/// One authenticated request of the admin API.
pub struct Call {
    /// What every request shares.
    pub(crate) api: Arc<Api>,
    /// Who asks.
    pub(crate) who: Who,
    /// The request's id.
    pub(crate) request_id: RequestId,
    /// Its method.
    pub(crate) method: Method,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    pub(super) uri: Uri,
    params: Vec<(String, String)>,
    body: Bytes,
}

impl FromRequestParts<Arc<Api>> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, api)
            .await
            .map_err(|_| Problem::unknown("an object"))?;
        let Some(admitted) = parts.extensions.remove::<Admitted>() else {
            return Err(Problem::new(Code::Unauthenticated, "expected a credential"));
        };
        Ok(Self {
            api: api.clone(),
            who: admitted.who,
            request_id: admitted.request_id,
            method: parts.method.clone(),
            headers: std::mem::take(&mut parts.headers),
            uri: parts.uri.clone(),
            params: params
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: admitted.body,
        })
    }
}

impl Call {
    /// Only an administrator, or who has that role, may go on, and only with
    /// what no file declares. Reading is free to every role; a handler that
    /// writes starts with this.
    pub(crate) fn require(&self, role: Role) -> Result<(), Problem> {
        if self.who.role == Role::Admin || self.who.role == role {
            return self.not_from_a_file();
        }
        let detail = format!(
            "expected the role `{}`, found `{}`",
            role_name(role),
            role_name(self.who.role)
        );
        Err(Problem::new(Code::Forbidden, detail))
    }

    /// What a file declares is changed there (contract §12). What no file can
    /// say is free: to resume what was suspended before a file declared it, to
    /// release what an agent was known as, and to test an issuer or a target.
    fn not_from_a_file(&self) -> Result<(), Problem> {
        let path = self.uri.path();
        let array = path.split('/').nth(1).unwrap_or_default();
        let managed = if path == "/policies" {
            self.api.manages("policies", None)
        } else {
            let secret = || {
                self.api
                    .broker
                    .upstream
                    .of_file(self.param("name"))
                    .is_some()
            };
            let object =
                self.api.manages(array, Some(self.param("id"))) || (array == "secrets" && secret());
            let unsaid = ["/resume", "/workload/release", "/test"];
            object && !unsaid.iter().any(|end| path.ends_with(end))
        };
        if !managed {
            return Ok(());
        }
        let detail = "expected an object that no file declares, found one that a file does; change the file and reload, or to stop it at once lock or revoke it";
        Err(Problem::new(Code::ManagedByFile, detail))
    }

    /// A parameter of the path; empty where the route has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body: one JSON object, read strictly.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Problem> {
        if !self.body.is_empty() && !is_json(&self.headers) {
            let detail = "expected content type `application/json`, found another";
            let problem = Problem::new(Code::Invalid, detail);
            return Err(problem.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let limits = JsonLimits {
            bytes: super::guard::body_max(&self.api, self.uri.path()),
            ..JsonLimits::BODY
        };
        let parsed = json::parse(&self.body, limits)
            .map_err(|flaw| Problem::new(Code::Invalid, flaw.to_string()))?;
        read::object(parsed)
    }

    /// The body of a PUT: the object without its read-only members, and with
    /// the id of the path where the type has one.
    pub(crate) fn replacement(&self, with_id: bool) -> Result<Map<String, Value>, Problem> {
        let mut members = self.object()?;
        members.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
        if with_id {
            members.insert("id".into(), self.param("id").into());
        }
        Ok(members)
    }

    /// The body of an action: why, which may have to be said. Where it need
    /// not, the body may be empty.
    pub(crate) fn reason(&self, required: bool) -> Result<String, Problem> {
        if self.body.is_empty() && !required {
            return Ok(String::new());
        }
        let Why { reason } = self.read()?;
        match reason {
            Some(text) => write::reason(&text),
            None if required => Err(Problem::at("/reason", "expected a reason, found none")),
            None => Ok(String::new()),
        }
    }

    /// The body by value, for telling two requests apart.
    pub(super) fn canonical(&self) -> Result<String, Problem> {
        if self.body.is_empty() {
            return Ok(String::new());
        }
        Ok(jcs::text(&Value::Object(self.object()?)))
    }

    /// The body as `T`; every flaw has its place.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        read::whole(self.object()?)
    }

    /// A header that may be there once.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut all = self.headers.get_all(name).iter();
        let (one, more) = (all.next(), all.next());
        let detail = || format!("expected one printable header `{name}`, found another");
        if more.is_some() {
            return Err(Problem::new(Code::Invalid, detail()));
        }
        one.map(|value| value.to_str())
            .transpose()
            .map_err(|_| Problem::new(Code::Invalid, detail()))
    }

    /// Preconditions of a change (RFC 9110 §13.1) against the ETag of what is
    /// there now; `None`: nothing.
    pub(crate) fn precondition(&self, current: Option<&str>) -> Result<(), Problem> {
        let listed = |name| {
            let mut tags = self.headers.get_all(name).iter().peekable();
            tags.peek()?;
            Some(tags.any(|value| {
                value
                    .to_str()
                    .is_ok_and(|list| answer::names(list, current))
            }))
        };
        if listed(IF_MATCH) == Some(false) || listed(IF_NONE_MATCH) == Some(true) {
            let detail = "expected the current revision in `If-Match`, found another";
            return Err(Problem::new(Code::Stale, detail));
        }
        Ok(())
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or("");
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// A role's name in JSON.
pub(super) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Operator => "operator",
        Role::Auditor => "auditor",
    }
}
