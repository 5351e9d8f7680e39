//! The admin API (contract §12) as commands use it.

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use url::Url;

use crate::environment::{Environment, below};
use crate::failure::Failure;
use crate::http::{Http, MAX_ANSWER, percent};
use crate::input::path_id;
use crate::secret::Secret;

/// Objects asked for per page.
const PAGE: usize = 100;

/// The longest answer with a bundle of policies, in bytes: as much as the broker
/// takes in a request.
const MAX_BUNDLE: usize = 2 * 1024 * 1024;

/// Pages after which a list is given up, so that a broken cursor ends.
const MAX_PAGES: usize = 1_000;

/// The admin API with the credential for it.
pub(crate) struct AdminClient {
    http: Http,
    api: Url,
    token: Secret,
}

impl AdminClient {
    /// Finds the API and the credential in the environment.
    pub(crate) fn new(environment: &Environment) -> Result<Self, Failure> {
        let (api, token) = environment.admin()?;
        Ok(Self {
            http: Http::new(&api)?,
            api,
            token,
        })
    }

    /// The id that a credential of the broker's own making begins with. What
    /// follows it is the secret.
    pub(crate) fn credential_id(&self) -> Option<&str> {
        let (id, _) = self.token.expose().split_once('.')?;
        id.starts_with("crd_").then_some(id)
    }

    /// The address of one object of a collection.
    fn one(&self, collection: &str, id: &str) -> Result<Url, Failure> {
        below(&self.api, &format!("{collection}/{}", path_id(id)?))
    }

    /// One object of a collection.
    pub(crate) async fn show(&self, collection: &str, id: &str) -> Result<Value, Failure> {
        let url = self.one(collection, id)?;
        self.get(url).await
    }

    /// Every object of a collection, page by page.
    pub(crate) async fn list(&self, collection: &str) -> Result<Vec<Value>, Failure> {
        Ok(self.list_dated(collection).await?.0)
    }

    /// The same, and when the broker answered (`Date`), Unix seconds.
    pub(crate) async fn list_dated(
        &self,
        collection: &str,
    ) -> Result<(Vec<Value>, Option<i64>), Failure> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let after = cursor
                .as_deref()
                .map_or_else(String::new, |cursor| format!("&cursor={}", percent(cursor)));
            let url = below(&self.api, &format!("{collection}?limit={PAGE}{after}"))?;
            let request = self.http.get(url).bearer_auth(self.token.expose());
            let answer = self.http.send(request).await?;
            let page = answer.ok()?;
            let Some(found) = page.get("items").and_then(Value::as_array) else {
                return Err(Failure::answer(
                    "expected a list with `items`, found another answer",
                ));
            };
            items.extend(found.iter().cloned());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok((items, answer.date_s())),
            }
        }
        Err(Failure::answer(format!(
            "expected a list of at most {MAX_PAGES} pages, found more"
        )))
    }

    /// Creates an object in a collection.
    pub(crate) async fn create(&self, collection: &str, body: &Value) -> Result<Value, Failure> {
        self.post(below(&self.api, collection)?, body).await
    }

    /// Puts an object in place of what has its id.
    pub(crate) async fn replace(
        &self,
        collection: &str,
        id: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        let url = self.one(collection, id)?;
        self.sent(self.http.put(url), body).await
    }

    /// Deletes an object.
    pub(crate) async fn delete(
        &self,
        collection: &str,
        id: &str,
        body: &Value,
    ) -> Result<Value, Failure> {
        let url = self.one(collection, id)?;
        self.sent(self.http.delete(url), body).await
    }

    /// Asks an object to change its state, with the reason for the record.
    pub(crate) async fn act(
        &self,
        collection: &str,
        id: &str,
        verb: &str,
        reason: &str,
    ) -> Result<Value, Failure> {
        let url = below(&self.api, &format!("{collection}/{}/{verb}", path_id(id)?))?;
        self.post(url, &json!({"reason": reason})).await
    }

    /// What is known of an issuer's keys.
    pub(crate) async fn issuer_keys(&self, id: &str) -> Result<Value, Failure> {
        let url = below(&self.api, &format!("issuers/{}/keys", path_id(id)?))?;
        self.get(url).await
    }

    /// Has an object tried now: an issuer's keys fetched, a target's parameters,
    /// secrets and vendor looked at.
    pub(crate) async fn test(&self, collection: &str, id: &str) -> Result<Value, Failure> {
        let url = below(&self.api, &format!("{collection}/{}/test", path_id(id)?))?;
        self.post(url, &json!({})).await
    }

    /// The bundle in force, its files included.
    pub(crate) async fn policies(&self) -> Result<Value, Failure> {
        self.get_for(below(&self.api, "policies")?, MAX_BUNDLE)
            .await
    }

    /// Replaces the whole bundle where `bundle` is the one in force.
    pub(crate) async fn replace_policies(
        &self,
        body: &Value,
        bundle: &str,
    ) -> Result<Value, Failure> {
        let request = self
            .http
            .put(below(&self.api, "policies")?)
            .bearer_auth(self.token.expose())
            .header("if-match", format!("\"{}\"", path_id(bundle)?))
            .json(body);
        self.http.send(request).await?.ok()
    }

    async fn get(&self, url: Url) -> Result<Value, Failure> {
        self.get_for(url, MAX_ANSWER).await
    }

    async fn get_for(&self, url: Url, max: usize) -> Result<Value, Failure> {
        let request = self.http.get(url).bearer_auth(self.token.expose());
        self.http.send_for(request, max).await?.ok()
    }

    async fn post(&self, url: Url, body: &Value) -> Result<Value, Failure> {
        self.sent(self.http.post(url), body).await
    }

    async fn sent(&self, request: RequestBuilder, body: &Value) -> Result<Value, Failure> {
        let request = request.bearer_auth(self.token.expose()).json(body);
        self.http.send(request).await?.ok()
    }
}
