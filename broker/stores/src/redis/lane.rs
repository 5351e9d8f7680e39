//! A connection that comes back: whoever asks while it is gone is told so at once or
//! within a bound. Nothing is sent twice.

use super::link::{ANSWERED_WITHIN, Link, READONLY, RedisInfo, refuses_with, said};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, Value, pipe};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::timeout;

/// Longest wait for `WAIT`, in milliseconds: less than for an answer.
const ACKED_WITHIN_MS: u64 = 1_000;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NoAnswer {
    /// It was not done.
    #[error("{0}")]
    NotDone(String),
    /// It may have been.
    #[error("{0}")]
    Unknown(String),
    /// It was done, and too few replicas have it.
    #[error("expected {expected} replicas to have it in time, found {found}")]
    NotAcked {
        /// As configured.
        expected: u32,
        /// How many have it.
        found: u32,
    },
}

/// A connection that comes back.
pub(super) struct Lane {
    link: Arc<Link>,
    made: Mutex<Option<(MultiplexedConnection, RedisInfo)>>,
    making: AsyncMutex<()>,
    run: Option<Arc<KnownRun>>,
}

/// The run of Redis whose log was found whole; none at first.
#[derive(Default)]
pub(super) struct KnownRun(Mutex<Option<String>>);

impl KnownRun {
    fn known(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether it is that one.
    pub(super) fn is(&self, run: &str) -> bool {
        self.known().as_deref() == Some(run)
    }

    /// From now on it is that one.
    pub(super) fn put(&self, run: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.to_owned());
    }
}

impl Lane {
    /// One that asks that run of Redis alone, where there is one to name: another may
    /// have lost what was there.
    pub(super) fn new(link: Arc<Link>, run: Option<Arc<KnownRun>>) -> Self {
        Self {
            link,
            made: Mutex::default(),
            making: AsyncMutex::default(),
            run,
        }
    }

    fn known(&self) -> Option<(MultiplexedConnection, RedisInfo)> {
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lets go of the connection: the next to ask makes another.
    pub(super) fn drop_connection(&self) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The connection; one is made where there is none.
    pub(super) async fn connection(&self) -> Result<(MultiplexedConnection, RedisInfo), NoAnswer> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let made = async {
            let _making = self.making.lock().await;
            if let Some(known) = self.known() {
                return Ok(known);
            }
            let made = self.link.connect(ANSWERED_WITHIN).await;
            let made = made.map_err(|flaw| NoAnswer::NotDone(flaw.to_string()))?;
            if self.run.as_ref().is_some_and(|run| !run.is(&made.1.run)) {
                let text = "Redis was started anew: what it may have lost is looked at first";
                return Err(NoAnswer::NotDone(text.into()));
            }
            *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
            Ok(made)
        };
        let late = |_| NoAnswer::NotDone("Redis cannot be reached in time".into());
        timeout(ANSWERED_WITHIN, made).await.map_err(late)?
    }

    fn failed(&self, flaw: &RedisError) -> NoAnswer {
        if flaw.is_io_error() || flaw.is_unrecoverable_error() {
            self.drop_connection();
            return NoAnswer::Unknown(format!("Redis does not answer: {}", said(flaw)));
        }
        if refuses_with(flaw, READONLY) {
            self.drop_connection();
        }
        NoAnswer::NotDone(said(flaw))
    }

    /// Runs one command.
    pub(super) async fn run<T: FromRedisValue>(&self, command: Cmd) -> Result<T, NoAnswer> {
        let (mut connection, _) = self.connection().await?;
        let answer = command.query_async(&mut connection).await;
        answer.map_err(|flaw| self.failed(&flaw))
    }

    /// Runs several commands in one go.
    pub(super) async fn run_all(&self, all: &Pipeline) -> Result<Vec<Value>, NoAnswer> {
        let (mut connection, _) = self.connection().await?;
        let answer = all.query_async(&mut connection).await;
        answer.map_err(|flaw| self.failed(&flaw))
    }

    /// Runs one command that counts once so many replicas have it. `WAIT` goes in the
    /// same pipeline, since it counts what its own connection wrote.
    pub(super) async fn run_acked<T: FromRedisValue>(
        &self,
        command: Cmd,
        replicas: u32,
    ) -> Result<(T, u32), (NoAnswer, Option<T>)> {
        let (mut connection, info) = self.connection().await.map_err(|flaw| (flaw, None))?;
        let mut both = pipe();
        both.add_command(command);
        if info.waits_for_files && replicas > 0 {
            both.cmd("WAITAOF")
                .arg(0)
                .arg(replicas)
                .arg(ACKED_WITHIN_MS);
        } else {
            both.cmd("WAIT").arg(replicas).arg(ACKED_WITHIN_MS);
        }
        // One by one: what the script did stands, whatever becomes of the wait.
        both.ignore_errors();
        let answers: Result<(RedisResult<T>, RedisResult<Value>), _> =
            both.query_async(&mut connection).await;
        let (answer, acked) = answers.map_err(|flaw| (self.failed(&flaw), None))?;
        let answer = answer.map_err(|flaw| (self.failed(&flaw), None))?;
        let acked = match acked {
            Ok(acked) => acked,
            Err(flaw) => return Err((NoAnswer::Unknown(said(&flaw)), Some(answer))),
        };
        let found = acked_by(acked);
        if found < replicas {
            let expected = replicas;
            return Err((NoAnswer::NotAcked { expected, found }, Some(answer)));
        }
        Ok((answer, found))
    }
}

/// How many replicas have it: `WAIT` answers with a number, `WAITAOF` with two.
fn acked_by(value: Value) -> u32 {
    let number = |value: &Value| match value {
        Value::Int(number) => u32::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    match &value {
        Value::Array(both) => both.last().map_or(0, number),
        other => number(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_read_from_either_answer() {
        assert_eq!(acked_by(Value::Int(2)), 2);
        let both = Value::Array(vec![Value::Int(1), Value::Int(3)]);
        assert_eq!(acked_by(both), 3);
        assert_eq!(acked_by(Value::Nil), 0);
    }
}
