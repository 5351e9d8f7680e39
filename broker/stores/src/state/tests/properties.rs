//! Any ledger: read back, it is the state that was folded as it was made.

use super::change::{every, lock, revocation};
use super::{empty, entry, live, personal_grant, record, replayed, shown, snapshot};
use crate::ledger::Follower;
use crate::state::{Change, Shared};
use locum_core::ids::LockId;
use locum_core::lineage::{Keyed, LineageKind};
use locum_core::registry::GrantState;
use locum_core::testing::{NOW_S, Names, agent, certified, uuid};
use proptest::prelude::*;
use serde_json::json;

const KINDS: [LineageKind; 5] = [
    LineageKind::Person,
    LineageKind::Agent,
    LineageKind::Token,
    LineageKind::Owner,
    LineageKind::All,
];

fn name(number: u64) -> String {
    format!("name-{number}")
}

fn agents() -> impl Strategy<Value = Change> {
    (0_u64..3, 0_u64..5, 0_u64..4).prop_map(|(number, how, known_as)| {
        let workload = (known_as > 0)
            .then(|| json!({"issuer": "wl", "claims": {"sub": "s", "of": known_as % 3}}));
        let fresh = agent(
            &name(number),
            json!({"owner": {"kind": "team", "id": format!("team-{how}")},
                   "workload": workload}),
        );
        let agent = match how {
            0 => fresh.suspend().unwrap(),
            1 => fresh.retire().unwrap(),
            2 => certified(fresh, 2),
            _ => fresh,
        };
        Change::Agent { agent }
    })
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        agents(),
        (0_u64..3, any::<bool>()).prop_map(|(number, revoked)| {
            let mut grant = personal_grant(number);
            if revoked {
                grant.state = GrantState::Revoked;
            }
            Change::Grant { grant }
        }),
        (
            0_u64..9,
            0_usize..5,
            0_u64..3,
            prop::option::of(0..NOW_S * 1000)
        )
            .prop_map(|(id, kind, number, before)| {
                let mut change = revocation(id, KINDS[kind], &name(number));
                if let Change::Revocation { revocation } = &mut change {
                    revocation.before_ms = before;
                }
                change
            }),
        (0_u64..5, 0_usize..5, 0_u64..3).prop_map(|(id, kind, number)| lock(
            id,
            KINDS[kind],
            &name(number)
        )),
        (0_u64..5).prop_map(|number| Change::Lift {
            id: LockId(uuid(1, number))
        }),
        (0_usize..17).prop_map(|place| every().swap_remove(place)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_replayed_ledger_gives_the_live_state(records in prop::collection::vec(prop::collection::vec(changes(), 0..4), 0..8)) {
        let drafts: Vec<_> = records.iter().map(|changes| record(changes)).collect();
        same(&live(&drafts), &replayed(&drafts))?;
    }

    #[test]
    fn a_snapshot_anywhere_in_a_ledger_gives_the_state_of_all_its_records(
        records in prop::collection::vec(prop::collection::vec(changes(), 0..4), 0..8),
        at in 0_usize..9,
    ) {
        let drafts: Vec<_> = records.iter().map(|changes| record(changes)).collect();
        let at = at.min(drafts.len());
        let mut resumed = empty();
        resumed.restore(&snapshot(&live(&drafts[..at]))).unwrap();
        for (index, draft) in (0..).zip(&drafts).skip(at) {
            resumed.replay(&entry(draft, index)).unwrap();
        }
        same(&live(&drafts), &resumed)?;
    }
}

/// Two states that nobody can tell apart.
fn same(one: &Shared, other: &Shared) -> Result<(), TestCaseError> {
    prop_assert_eq!(shown(one), shown(other));
    let (one, other) = (one.read(), other.read());
    prop_assert_eq!(one.view.revocations(), other.view.revocations());
    for kind in KINDS {
        for number in 0..3 {
            let key = Names.key(kind, &name(number));
            prop_assert_eq!(one.view.locked(&key, 0), other.view.locked(&key, 0));
            for issued_ms in [0, NOW_S * 500, NOW_S * 1000, NOW_S * 1000 + 4, u64::MAX - 1] {
                prop_assert_eq!(
                    one.view.is_revoked(&key, issued_ms),
                    other.view.is_revoked(&key, issued_ms)
                );
            }
        }
    }
    Ok(())
}
