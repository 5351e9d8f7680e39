//! What is not called at all.

use super::vendor::{Act, answer};
use super::*;
use std::io;
use std::sync::Mutex;

/// Gives out one list of addresses after the other.
struct Changing(Mutex<Vec<Vec<IpAddr>>>);

impl Lookup for Changing {
    fn addresses(&self, _host: &str) -> Looking {
        let next = self.0.lock().unwrap().pop();
        Box::pin(async move { next.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

fn changing(allow: &[&str], mut lists: Vec<Vec<[u8; 4]>>) -> Arc<Downstream> {
    lists.reverse();
    let addresses = |list: Vec<[u8; 4]>| list.into_iter().map(IpAddr::from).collect();
    let lists = lists.into_iter().map(addresses).collect();
    let lookup = Arc::new(Changing(Mutex::new(lists)));
    downstream(allow, lookup, Authorities::default(), &Arc::default())
}

#[tokio::test]
async fn what_the_list_does_not_admit_is_not_called() {
    let public = ["api.example.com"];
    for (allow, url, name) in [
        (&[][..], "https://127.0.0.1/", "barred"),
        (&[], "https://8.8.8.8/", "barred"),
        (&public, "https://8.8.8.8/", "barred"),
        (&public, "https://127.0.0.1/", "barred"),
        (&public, "https://api.example.com/", "barred"),
        (&public, "https://other.example.com/", "barred"),
        (&["127.0.0.1"], "https://[::ffff:127.0.0.1]/", "barred"),
        (&["127.0.0.1"], "https://127.0.0.2/", "barred"),
        (&["10.0.0.0/8"], "http://10.0.0.1/", "needs_tls"),
        (&["127.0.0.1"], "https://user:secret@127.0.0.1/", "url"),
        (&["127.0.0.1"], "https://127.0.0.1:0/", "url"),
        (&["127.0.0.1"], "ftp://127.0.0.1/", "url"),
        (&["127.0.0.1"], "/token", "url"),
    ] {
        let wall_ms = Arc::default();
        let downstream = downstream(allow, Arc::new(Here), Authorities::default(), &wall_ms);
        for _ in 0..6 {
            let found = downstream.send(TARGET, post(url), None).await;
            assert_eq!(why(found), (Sent::No, name), "{url}");
        }
        // It tells nothing of the target.
        assert_eq!(downstream.state(TARGET), TargetState::IDLE, "{url}");
    }
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_gains_nothing() {
    let vendor = Vendor::start(|_| Act::Answer(answer(200, "connection: close\r\n", ""))).await;
    let (_, port) = vendor.at.split_once(':').unwrap();
    let url = format!("http://vendor.example:{port}/");
    let lists = vec![vec![[127, 0, 0, 1]], vec![[127, 0, 0, 2], [10, 0, 0, 1]]];
    let downstream = changing(&["127.0.0.1"], lists);
    let found = downstream.send(TARGET, post(&url), None).await;
    assert_eq!(found.unwrap().status(), 200);
    let found = downstream.send(TARGET, post(&url), None).await;
    assert_eq!(why(found), (Sent::No, "barred"));
    // And now it has no address at all.
    let found = downstream.send(TARGET, post(&url), None).await;
    assert_eq!(why(found), (Sent::No, "unresolved"));
    assert_eq!(vendor.connections(), 1);
}
