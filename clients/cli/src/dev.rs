//! The dev world as its ready file describes it (contract §3): demo people who
//! can be signed in, demo agents whose secrets are known.

use serde_json::Value;
use url::Url;

use crate::environment::base_url;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::http::Http;
use crate::input;
use crate::secret::Secret;

/// The ready file's content.
pub(crate) struct Ready(Value);

/// Which of the two tokens of the demo provider stands for the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Session {
    /// The ID token: says who, carries no authority.
    #[default]
    Id,
    /// The access token, whose scopes bound what may be asked for.
    Access,
}

impl Session {
    fn member(self) -> &'static str {
        match self {
            Self::Id => "id_token",
            Self::Access => "access_token",
        }
    }
}

impl Ready {
    /// Reads and parses the file.
    pub(crate) fn load(path: &str) -> Result<Self, Failure> {
        let text = input::read_text(path).map_err(|_| {
            Failure::setup(format!(
                "expected the ready file of a running dev world at `{path}`, found none; \
                 start `locum dev`, then run eval \"$(locum dev env)\" again"
            ))
        })?;
        serde_json::from_str(&text).map(Self).map_err(|_| {
            Failure::setup(format!(
                "expected JSON in the ready file `{path}`, found something else"
            ))
        })
    }

    /// A text at a path of member names.
    pub(crate) fn text(&self, path: &[&str]) -> Result<&str, Failure> {
        path.iter()
            .try_fold(&self.0, |value, name| value.get(name))
            .and_then(Value::as_str)
            .ok_or_else(|| {
                Failure::setup(format!(
                    "expected `{}` in the ready file, found none",
                    path.join(".")
                ))
            })
    }

    /// Refuses to use a demo secret at a broker that is not the ready file's.
    pub(crate) fn same_broker(&self, member: &str, url: &Url) -> Result<(), Failure> {
        let mine = self.text(&[member])?;
        if base_url(member, mine)? == *url {
            return Ok(());
        }
        Err(Failure::setup(format!(
            "expected the broker of the ready file, `{mine}`, found `{url}` in the environment; \
             run eval \"$(locum dev env)\" again"
        )))
    }

    /// A demo agent's client secret.
    pub(crate) fn client_secret(&self, agent: &str) -> Result<Secret, Failure> {
        self.known("agents", agent)?;
        Ok(Secret::new(self.text(&[
            "agents",
            agent,
            "client_secret",
        ])?))
    }

    /// Signs a demo person in and returns the token asked for.
    pub(crate) async fn sign_in(&self, name: &str, session: Session) -> Result<Secret, Failure> {
        self.known("people", name)?;
        let username = self.text(&["people", name, "idp_sub"]).unwrap_or(name);
        let password = self.text(&["people", name, "password"])?;
        let endpoint = base_url("the demo provider", self.text(&["idp", "token_endpoint"])?)?;
        let http = Http::new(&endpoint)?;
        let form = [("username", username), ("password", password)];
        let answer = http.send(http.post(endpoint).form(&form)).await?;
        let token = answer.ok()?;
        token
            .get(session.member())
            .and_then(Value::as_str)
            .map(Secret::new)
            .ok_or_else(|| {
                Failure::answer(format!(
                    "expected `{}` of the demo provider, found none",
                    session.member()
                ))
            })
    }

    fn known(&self, kind: &str, name: &str) -> Result<(), Failure> {
        let members = self.0.get(kind).and_then(Value::as_object);
        if members.is_some_and(|members| members.contains_key(name)) {
            return Ok(());
        }
        let names: Vec<&str> = members
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        Err(Failure::local(
            Exit::NotFound,
            "CLI-DEV-NAME",
            format!(
                "expected one of the dev world's {kind}: {}; found `{name}`",
                names.join(", ")
            ),
        ))
    }
}
