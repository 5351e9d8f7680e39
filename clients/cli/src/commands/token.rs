//! `locum token`: one exchange (RFC 8693, contract §6).

use clap::Args;
use serde_json::{Value, json};

use crate::details;
use crate::dev::Session;
use crate::environment::{ClientSettings, Environment};
use crate::failure::Failure;
use crate::input::{self, read_text};
use crate::oauth;
use crate::output::Report;
use crate::secret::Secret;

mod answer;
mod kind;

use kind::TokenType;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What to ask for. Secrets come from the environment and from files, never
/// from here.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    /// Which token of the demo provider stands for the person
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["subject_token_file", "subject_grant", "alone"])]
    session: Session,
    /// What kind of token the subject's file holds; by default `locum` looks: a token of Locum's
    /// is `access_token`, one with a header `typ` of `at+jwt` or with `scope`, `scp` or `cid` is
    /// `jwt`, any other is `id_token`
    #[arg(long, value_name = "TYPE", value_enum, conflicts_with_all = ["person", "subject_grant", "alone"])]
    subject_token_type: Option<TokenType>,
    /// The agent that asks (default: `LOCUM_CLIENT_ID`); in a dev world its secret is known
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// A file with the acting agent's own token, if the client only presents
    #[arg(long, value_name = "FILE", conflicts_with = "alone")]
    actor_token_file: Option<String>,
    /// What kind of token the actor's file holds; by default a token of Locum's is
    /// `access_token`, any other is `jwt`
    #[arg(long, value_name = "TYPE", value_enum, requires = "actor_token_file")]
    actor_token_type: Option<TokenType>,
    /// The target, by id or audience
    #[arg(long = "for", value_name = "TARGET")]
    audience: String,
    /// A scope; may be repeated (default: the ceiling's)
    #[arg(long, value_name = "S")]
    scope: Vec<String>,
    /// Limits: JSON, or `type=T,name=text,name:=JSON,name[]=item`; may be repeated
    #[arg(long, value_name = "JSON|k=v,…")]
    details: Vec<String>,
    /// What it is for, for the record
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// The task that ties exchanges together
    #[arg(long, value_name = "ID")]
    task_id: Option<String>,
    /// No longer than this: `90s`, `5m`
    #[arg(long, value_name = "TIME", value_parser = input::seconds)]
    expires_in: Option<u64>,
    /// The agent that the chain is passed on to: no target accepts the token
    #[arg(long, value_name = "AGENT")]
    delegate_to: Option<String>,
    /// Also say on standard error who acts for whom, and why
    #[arg(long)]
    show_chain: bool,
}

/// On whose behalf: exactly one.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct SubjectArgs {
    /// A person of the dev world, signed in at the demo provider
    #[arg(long = "as", value_name = "PERSON")]
    person: Option<String>,
    /// A file with the token of the person (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    subject_token_file: Option<String>,
    /// The id of a grant, for a person who is away
    #[arg(long, value_name = "grt_…")]
    subject_grant: Option<String>,
    /// The agent for itself, on nobody's behalf (client_credentials)
    #[arg(long)]
    alone: bool,
}

type TokenForm = Vec<(&'static str, String)>;

/// Asks for the token.
pub(crate) async fn run(args: TokenArgs, environment: &Environment) -> Result<Report, Failure> {
    if args.subject.subject_token_file.as_deref() == Some("-")
        && args.actor_token_file.as_deref() == Some("-")
    {
        return Err(Failure::usage(
            "expected one token on standard input, found two asked for",
        ));
    }
    let mut form = request(&args)?;
    let client = environment.client(args.agent.as_deref())?;
    form.extend(subject(&args, environment).await?);
    form.extend(actor(&args, environment)?);
    let granted = ask(environment, &client, &form).await?;
    answer::report(granted, args.show_chain)
}

async fn ask(
    environment: &Environment,
    client: &ClientSettings,
    form: &TokenForm,
) -> Result<Value, Failure> {
    let granted = oauth::post(environment, "token", client, form).await?;
    match granted.get("access_token").is_some_and(Value::is_string) {
        true => Ok(granted),
        false => Err(Failure::answer(
            "expected an `access_token`, found an answer without one",
        )),
    }
}

/// The parameters that say what for.
fn request(args: &TokenArgs) -> Result<TokenForm, Failure> {
    let mut form = vec![("audience", args.audience.clone())];
    if !args.scope.is_empty() {
        form.push(("scope", args.scope.join(" ")));
    }
    let details = details::parse(&args.details)?;
    if !details.is_empty() {
        form.push(("authorization_details", json!(details).to_string()));
    }
    let plain = [
        ("purpose", &args.purpose),
        ("task_id", &args.task_id),
        ("delegate_to", &args.delegate_to),
        (
            "expires_in",
            &args.expires_in.map(|seconds| seconds.to_string()),
        ),
    ];
    form.extend(
        plain
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?))),
    );
    Ok(form)
}

/// The parameters that say on whose behalf.
async fn subject(args: &TokenArgs, environment: &Environment) -> Result<TokenForm, Failure> {
    let of = &args.subject;
    if of.alone {
        return Ok(vec![("grant_type", "client_credentials".to_owned())]);
    }
    let (token, kind) = if let Some(person) = &of.person {
        let ready = environment.ready()?;
        ready.same_broker("issuer", &environment.issuer()?)?;
        let kind = match args.session {
            Session::Id => TokenType::IdToken,
            Session::Access => TokenType::Jwt,
        };
        (ready.sign_in(person, args.session).await?, kind)
    } else if let Some(grant) = &of.subject_grant {
        (Secret::new(grant), TokenType::Grant)
    } else {
        let path = of.subject_token_file.as_deref().unwrap_or("-");
        let token = Secret::new(&read_text(path)?);
        let issuer = environment.issuer()?;
        let seen = TokenType::of_subject(&token, issuer.as_str());
        (token, args.subject_token_type.unwrap_or(seen))
    };
    Ok(vec![
        ("grant_type", EXCHANGE.to_owned()),
        ("subject_token", token.expose().to_owned()),
        ("subject_token_type", kind.uri().to_owned()),
    ])
}

/// The parameters that say who acts, when it is not the client itself.
fn actor(args: &TokenArgs, environment: &Environment) -> Result<TokenForm, Failure> {
    let Some(path) = &args.actor_token_file else {
        return Ok(TokenForm::new());
    };
    let token = Secret::new(&read_text(path)?);
    let issuer = environment.issuer()?;
    let seen = TokenType::of_actor(&token, issuer.as_str());
    Ok(vec![
        ("actor_token", token.expose().to_owned()),
        (
            "actor_token_type",
            args.actor_token_type.unwrap_or(seen).uri().to_owned(),
        ),
    ])
}
