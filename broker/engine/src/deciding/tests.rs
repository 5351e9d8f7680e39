#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use std::sync::mpsc;

/// Places for one decision at a time.
fn one_place() -> Arc<Deciding> {
    Arc::new(Deciding {
        places: Semaphore::new(1),
        clients: Mutex::default(),
    })
}

/// Lets everything that can run do so.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_asks_much_waits_behind_one_that_asks_once() {
    let deciding = one_place();
    let (told, order) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let first = deciding.clone();
    let first = tokio::spawn(async move {
        let hold = move || {
            begun.send(()).unwrap();
            may_go.recv().unwrap();
        };
        first.run("busy", hold).await.unwrap();
    });
    has_begun.await.unwrap();
    let mut others = Vec::new();
    for client in ["busy", "busy", "busy", "calm"] {
        let (deciding, told) = (deciding.clone(), told.clone());
        others.push(tokio::spawn(async move {
            let tell = move || told.send(client).unwrap();
            deciding.run(client, tell).await.unwrap();
        }));
        settle().await;
    }
    go.send(()).unwrap();
    first.await.unwrap();
    for other in others {
        other.await.unwrap();
    }
    drop(told);
    let order: Vec<&str> = order.iter().collect();
    assert_eq!(order, ["calm", "busy", "busy", "busy"]);
    assert!(deciding.clients().is_empty(), "nobody is remembered");
}

#[tokio::test]
async fn what_is_beyond_the_bound_of_a_client_is_refused_at_once() {
    let deciding = one_place();
    let entered: Vec<_> = (0..OF_CLIENT_MAX)
        .map(|_| deciding.enter("busy").unwrap())
        .collect();
    assert!(deciding.run("busy", || ()).await.is_err());
    assert!(deciding.run("calm", || ()).await.is_ok());
    drop(entered);
    assert!(deciding.run("busy", || ()).await.is_ok());
}

#[tokio::test]
async fn work_that_panics_gives_its_place_back() {
    let deciding = one_place();
    let work = || std::panic::resume_unwind(Box::new("lost"));
    assert!(deciding.run::<()>("a", work).await.is_err());
    assert_eq!(deciding.run("a", || 7).await.unwrap(), 7);
}
