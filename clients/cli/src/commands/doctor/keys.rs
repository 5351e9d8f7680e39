//! The admin credential, and the ages of the signing keys it can see.

use serde_json::Value;

use super::{CheckOutcome, DoctorCheck};
use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::input::now_s;
use crate::text::member;

/// Days after which an active key is worth a word: `rotate_days` is 30 by
/// default (contract §14), and a rotation may be late.
const OLD_DAYS: i64 = 45;
const DAY_S: i64 = 86_400;

/// Two checks: what the credential may do, and the keys.
pub(super) async fn credential_and_ages(environment: &Environment) -> [DoctorCheck; 2] {
    const CREDENTIAL: &str = "admin credential";
    const KEYS: &str = "signing keys";
    let admin = match AdminClient::new(environment) {
        Ok(admin) => admin,
        Err(failure) => {
            return [
                DoctorCheck::new(CREDENTIAL, CheckOutcome::Skipped, failure.message),
                DoctorCheck::new(KEYS, CheckOutcome::Skipped, "needs an admin credential"),
            ];
        }
    };
    match admin.list("keys").await {
        Ok(keys) => [
            credential(CREDENTIAL, &admin).await,
            ages(KEYS, &keys, now_s()),
        ],
        Err(failure) => [
            DoctorCheck::failed(CREDENTIAL, &failure),
            DoctorCheck::new(KEYS, CheckOutcome::Skipped, "the admin API gave none"),
        ],
    }
}

/// A credential of the broker's own making names itself, so its role can be
/// looked up; a bootstrap token does not.
async fn credential(name: &'static str, admin: &AdminClient) -> DoctorCheck {
    let Some(id) = admin.credential_id() else {
        return DoctorCheck::new(name, CheckOutcome::Ok, "accepted; its role is not told");
    };
    match admin.show("credentials", id).await {
        Ok(found) => {
            let role = member(&found, &["role"]);
            let end = member(&found, &["expires_at"]);
            DoctorCheck::new(
                name,
                CheckOutcome::Ok,
                format!("role {role}, expires {end}"),
            )
        }
        Err(failure) => DoctorCheck::failed(name, &failure),
    }
}

fn ages(name: &'static str, keys: &[Value], now_s: i64) -> DoctorCheck {
    let is = |key: &&Value, name, wanted| key.get(name).and_then(Value::as_str) == Some(wanted);
    // Keys of receipts change once a year, and are none of tokens.
    let keys = keys.iter().filter(|key| !is(key, "use", "receipt"));
    let state = |key: &&Value, wanted| is(key, "state", wanted);
    let active: Vec<&Value> = keys.clone().filter(|key| state(key, "active")).collect();
    if active.is_empty() {
        return DoctorCheck::new(
            name,
            CheckOutcome::Fail,
            "expected an active key, found none",
        );
    }
    let ages: Vec<(String, i64)> = active
        .iter()
        .map(|key| (member(key, &["alg"]), days(key, now_s)))
        .collect();
    let told: Vec<String> = ages
        .iter()
        .map(|(alg, days)| format!("{alg} active for {days} days"))
        .collect();
    let old = ages.iter().any(|(_, days)| *days > OLD_DAYS);
    let next = keys.clone().any(|key| state(&key, "next"));
    let (outcome, advice) = match (old, next) {
        (true, _) => (
            CheckOutcome::Warn,
            "; rotate with POST /admin/v1/keys/rotate",
        ),
        (false, false) => (CheckOutcome::Warn, "; no next key is published"),
        (false, true) => (CheckOutcome::Ok, ""),
    };
    DoctorCheck::new(name, outcome, told.join(", ") + advice)
}

fn days(key: &Value, now_s: i64) -> i64 {
    let since = key.get("activates_at").and_then(Value::as_str);
    let since = since.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    since.map_or(0, |since| (now_s - since.as_second()) / DAY_S)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn outcome(days_old: i64, with_next: bool) -> CheckOutcome {
        let now: jiff::Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let since = jiff::Timestamp::from_second(now.as_second() - days_old * DAY_S).unwrap();
        let mut keys =
            vec![json!({"alg":"ES256","state":"active","activates_at":since.to_string()})];
        if with_next {
            keys.push(json!({"alg":"ES256","state":"next","activates_at":null}));
        }
        ages("signing keys", &keys, now.as_second()).outcome
    }

    #[test]
    fn an_old_key_or_no_next_one_is_worth_a_word() {
        assert_eq!(outcome(3, true), CheckOutcome::Ok);
        assert_eq!(outcome(46, true), CheckOutcome::Warn);
        assert_eq!(outcome(3, false), CheckOutcome::Warn);
        assert_eq!(ages("signing keys", &[], 0).outcome, CheckOutcome::Fail);
    }

    #[test]
    fn a_key_of_receipts_is_no_signing_key_of_tokens() {
        let of_receipts =
            json!({"alg":"EdDSA","use":"receipt","state":"active","activates_at":null});
        assert_eq!(
            ages("signing keys", &[of_receipts], 0).outcome,
            CheckOutcome::Fail
        );
    }
}
