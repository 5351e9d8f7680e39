//! What files declare of agents, release after release.

use super::{Desk, why};
use locum_core::registry::{AgentSpec, FieldProblem};
use locum_engine::declared::{Build, Declared, DeclaredAgent, changes};
use locum_engine::moment::Moment;
use locum_stores::state::Author;
use serde_json::{Value, json};

/// Agents with those workload claims, at that version.
fn declared(agents: &[(&str, Value)], version: &str) -> Declared {
    let declare = |(id, claims): &(&str, Value)| {
        let spec: AgentSpec = serde_json::from_value(super::agent(id, claims)).unwrap();
        DeclaredAgent {
            spec,
            certified_until: Some(4_000_000_000),
            build: Build {
                version: Some(version.into()),
                ..Build::default()
            },
            secret: None,
        }
    };
    Declared {
        agents: agents.iter().map(declare).collect(),
        ..Declared::default()
    }
}

impl Desk {
    /// Brings what is declared to the record; what is wrong with it.
    async fn load(&self, declared: &Declared) -> Result<(), Vec<FieldProblem>> {
        let changes = {
            let state = self.app.broker.records.state.read();
            changes(&Moment::new(&self.app.broker, &state), declared)?
        };
        let author = Author::itself("tests");
        self.app
            .broker
            .records
            .record(&changes, &author)
            .await
            .unwrap();
        Ok(())
    }
}

#[tokio::test]
async fn after_300_releases_by_files_a_reload_and_a_start_go_on() {
    let desk = Desk::new().await;
    for number in 0..300 {
        let version = format!("{number}-{}", "v".repeat(200));
        desk.load(&declared(&[("a", Value::Null)], &version))
            .await
            .unwrap();
    }
    let desk = desk.again();
    desk.load(&declared(&[("a", Value::Null)], "next"))
        .await
        .unwrap();
    let page = desk
        .yes("GET", "/agents/a/versions?limit=500", &Value::Null)
        .await;
    assert_eq!(page["items"].as_array().unwrap().len(), 301);
}

#[tokio::test]
async fn files_give_no_agent_what_was_anothers_unless_it_has_it_already() {
    let desk = Desk::new().await;
    let (its, none) = (json!({"sub": "wl/a"}), Value::Null);
    desk.with_agents(&[]).await;
    let first = declared(&[("a", its.clone()), ("b", none.clone())], "1");
    desk.load(&first).await.unwrap();
    let moved = declared(&[("a", none.clone()), ("b", its.clone())], "1");
    let swapped = declared(&[("b", its.clone()), ("a", none.clone())], "1");
    for at_once in [&moved, &swapped] {
        let flaws = desk.load(at_once).await.unwrap_err();
        assert!(flaws[0].detail.contains("release it there"), "{flaws:?}");
    }
    let taken_away = declared(&[("a", none.clone()), ("b", none)], "1");
    desk.load(&taken_away).await.unwrap();
    let flaws = desk.load(&moved).await.unwrap_err();
    assert_eq!(flaws[0].pointer, "/agents/b/workload");
    desk.yes("POST", "/agents/a/workload/release", &why()).await;
    desk.load(&moved).await.unwrap();
    desk.load(&moved).await.unwrap();
}
