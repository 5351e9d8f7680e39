//! Lists: `?limit=&cursor=` (contract §12). A cursor is the last id with a
//! keyed hash over path and id, so that nobody makes one up.

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::refusal::Code;
use serde_json::{Value, json};
use url::form_urlencoded;

/// Entries of a page where nothing is said.
const LIMIT_DEFAULT: usize = 100;
/// Most entries of a page.
const LIMIT_MAX: usize = 500;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Most entries.
    pub(crate) limit: usize,
    /// The id after which it starts.
    pub(crate) after: Option<String>,
}

impl Call {
    /// A query parameter; an empty one counts as absent, one named twice is refused.
    pub(crate) fn query(&self, name: &str) -> Result<Option<String>, Problem> {
        let query = self.uri.query().unwrap_or_default();
        let mut all = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
        let (one, more) = (all.next(), all.next());
        if more.is_some() {
            let detail = format!("expected the parameter `{name}` once, found it twice");
            return Err(Problem::new(Code::Invalid, detail));
        }
        Ok(one
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty()))
    }

    /// Which part of the list is asked for.
    pub(crate) fn window(&self) -> Result<Window, Problem> {
        let limit = match self.query("limit")? {
            None => LIMIT_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .ok_or_else(|| {
                    let detail = format!("expected `limit` from 1 to {LIMIT_MAX}, found another");
                    Problem::new(Code::Invalid, detail)
                })?,
        };
        let forged = || {
            let detail = "expected a `cursor` that this list gave, found another";
            Problem::new(Code::Invalid, detail)
        };
        let after = self
            .query("cursor")?
            .map(|cursor| self.after(&cursor).ok_or_else(forged))
            .transpose()?;
        Ok(Window { limit, after })
    }

    /// The cursor behind that id.
    pub(crate) fn cursor(&self, id: &str) -> String {
        let hash = self
            .api
            .broker
            .records
            .vault
            .hash(&self.cursor_text(id), None)
            .hash;
        format!("{}.{hash}", URL_SAFE_NO_PAD.encode(id))
    }

    /// A page of what is listed, in the order of the ids.
    pub(crate) fn page<T>(
        &self,
        all: impl Iterator<Item = T>,
        id: impl Fn(&T) -> String,
        show: impl Fn(&T) -> Value,
    ) -> Result<Answer, Problem> {
        let window = self.window()?;
        let (items, next) = cut(&window, all, &id);
        let shown: Vec<Value> = items.iter().map(show).collect();
        let next = next.map(|last| self.cursor(&last));
        Ok(Answer::ok(json!({ "items": shown, "next": next })))
    }

    fn after(&self, cursor: &str) -> Option<String> {
        let (id, hash) = cursor.split_once('.')?;
        let id = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        let fits = self
            .api
            .broker
            .records
            .vault
            .matches(hash, &self.cursor_text(&id));
        fits.then_some(id)
    }

    fn cursor_text(&self, id: &str) -> String {
        format!("cursor\0{}\0{id}", self.uri.path())
    }
}

/// The entries of a window, and the last one's id when there are more.
fn cut<T>(
    window: &Window,
    all: impl Iterator<Item = T>,
    id: &impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let mut rest = all.filter(|item| window.after.as_ref().is_none_or(|after| id(item) > *after));
    let items: Vec<T> = rest.by_ref().take(window.limit).collect();
    let more = rest.next().is_some();
    let last = items.last().filter(|_| more).map(id);
    (items, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(limit: usize, after: Option<&str>) -> (Vec<&'static str>, Option<String>) {
        let window = Window {
            limit,
            after: after.map(str::to_owned),
        };
        cut(&window, ["a", "b", "c"].into_iter(), &|id: &&str| {
            (*id).to_owned()
        })
    }

    #[test]
    fn a_page_ends_with_a_cursor_only_when_there_is_more() {
        assert_eq!(of(2, None), (vec!["a", "b"], Some("b".into())));
        assert_eq!(of(2, Some("b")), (vec!["c"], None));
        assert_eq!(of(3, None), (vec!["a", "b", "c"], None));
    }
}
