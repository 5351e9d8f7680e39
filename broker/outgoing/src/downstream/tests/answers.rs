//! Requests as they arrive, answers, and what is known where there is none.

use super::vendor::{Act, answer};
use super::*;
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, LOCATION};
use tokio::net::TcpListener;

fn ok() -> Act {
    Act::Answer(answer(200, "", "{}"))
}

#[tokio::test]
async fn a_request_arrives_as_it_was_built_and_its_answer_comes_back() {
    let told = "x-request-id: 7\r\nset-cookie: a=b\r\n";
    let mut vendor = Vendor::start(move |_| Act::Answer(answer(400, told, "no"))).await;
    let caller = Caller::new();
    let mut request = post(&format!("{}?a=b", vendor.url()));
    let secret = HeaderValue::from_static("Basic c2VjcmV0");
    request.headers_mut().insert(AUTHORIZATION, secret);
    let gzip = HeaderValue::from_static("gzip");
    request.headers_mut().insert(ACCEPT_ENCODING, gzip);
    let found = caller.downstream.send(TARGET, request, None).await.unwrap();
    assert_eq!(found.status(), 400);
    assert_eq!(found.headers()["x-request-id"], "7");
    assert_eq!(found.body(), b"no");
    caller.post(&vendor.url()).await.unwrap();
    let seen = vendor.seen();
    assert!(seen[0].starts_with("POST /oauth/token?a=b HTTP/1.1\r\n"));
    assert!(seen[0].ends_with("\r\n\r\ngrant_type=x"));
    for line in ["authorization: Basic c2VjcmV0", "accept-encoding: identity"] {
        assert!(seen[0].lines().any(|found| found == line), "{line}");
    }
    for never in ["cookie:", "referer:", "gzip"] {
        assert!(!seen.concat().contains(never), "{never}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let mut vendor = Vendor::start(|_| Act::Answer(answer(307, "location: /\r\n", ""))).await;
    let found = Caller::new().post(&vendor.url()).await.unwrap();
    assert_eq!(found.status(), 307);
    assert_eq!(found.headers()[LOCATION], "/");
    assert_eq!(vendor.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_call() {
    let vendor = Vendor::start(|_| ok()).await;
    let caller = Caller::new();
    for _ in 0..3 {
        caller.post(&vendor.url()).await.unwrap();
    }
    assert_eq!(vendor.connections(), 1);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced_and_the_request_leaves_once() {
    let act = |number| match number {
        0 => Act::AnswerAndClose(answer(200, "", "{}")),
        _ => ok(),
    };
    let mut vendor = Vendor::start(act).await;
    let caller = Caller::new();
    caller.post(&vendor.url()).await.unwrap();
    vendor.gone.recv().await.unwrap();
    caller.post(&vendor.url()).await.unwrap();
    assert_eq!((vendor.seen().len(), vendor.connections()), (2, 2));
}

#[tokio::test]
async fn a_request_that_may_have_arrived_is_not_repeated() {
    let act = |number| match number {
        0 => ok(),
        _ => Act::Close,
    };
    let mut vendor = Vendor::start(act).await;
    let caller = Caller::new();
    caller.post(&vendor.url()).await.unwrap();
    // Once on the kept connection, once on a fresh one.
    for seen in [2, 1] {
        let found = caller.post(&vendor.url()).await;
        assert_eq!(why(found), (Sent::Unknown, "http"));
        assert_eq!(vendor.seen().len(), seen);
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_leaves_it_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let reset = async {
        let (stream, _) = listener.accept().await.unwrap();
        // What was not read when it is closed resets the connection.
        stream.readable().await.unwrap();
    };
    let caller = Caller::new();
    let (found, ()) = tokio::join!(caller.post(&url), reset);
    assert_eq!(why(found), (Sent::Unknown, "http"));
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let found = Caller::new().post(&url).await;
    assert_eq!(why(found), (Sent::No, "unreachable"));
}

#[tokio::test]
async fn where_tls_fails_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let closed = async { drop(listener.accept().await.unwrap()) };
    let caller = Caller::new();
    let (found, ()) = tokio::join!(caller.post(&url), closed);
    assert_eq!(why(found), (Sent::No, "http"));
}

#[tokio::test]
async fn where_connecting_takes_too_long_nothing_was_sent() {
    // Connections are taken, and TLS is never spoken.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let lookup: Arc<dyn Lookup> = Arc::new(Here);
    let connecting = (lookup, Duration::from_millis(50));
    let (roots, clock) = (Authorities::default(), Clock::default());
    let downstream = Downstream::connecting(bounds(&["127.0.0.1"]), connecting, roots, clock);
    let found = downstream.unwrap().send(TARGET, post(&url), None).await;
    assert_eq!(why(found), (Sent::No, "timeout"));
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_it_unknown() {
    let vendor = Vendor::start(|_| Act::Nothing).await;
    let caller = Caller::new();
    let within = Duration::from_millis(100);
    let request = post(&vendor.url());
    let found = caller.downstream.send_within(TARGET, request, None, within);
    assert_eq!(why(found.await), (Sent::Unknown, "timeout"));
    assert_eq!(caller.state().under_way, 0);
}

#[tokio::test]
async fn an_answer_over_a_bound_is_given_up() {
    let head = |bytes: usize| format!("x-long: {}\r\n", "x".repeat(bytes));
    let body = "x".repeat(exchange::ANSWER_BODY_MAX);
    let chunk = |body: &str| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let chunked = |body: &str| {
        let head = "HTTP/1.1 200 S\r\ntransfer-encoding: chunked\r\n\r\n";
        format!("{head}{}", chunk(body))
    };
    let max = exchange::ANSWER_HEAD_MAX;
    for (text, name) in [
        (answer(200, "", &body), None),
        (chunked(&body), None),
        (answer(200, &head(max - 1_000), ""), None),
        (answer(200, "", &format!("{body}x")), Some("too_large")),
        (chunked(&format!("{body}x")), Some("too_large")),
        (answer(200, &head(max), ""), Some("too_large")),
        (answer(200, &"a: b\r\n".repeat(101), ""), Some("http")),
        (answer(200, &head(1 << 20), ""), Some("http")),
    ] {
        let vendor = Vendor::start(move |_| Act::Answer(text.clone())).await;
        let found = Caller::new().post(&vendor.url()).await;
        let found = found.map_err(|flaw| (flaw.sent, flaw.why.name())).err();
        assert_eq!(found, name.map(|name| (Sent::Unknown, name)));
    }
}

#[tokio::test]
async fn an_answer_that_is_broken_or_packed_is_none() {
    for (text, name) in [
        ("HTTP/1.1 200 S\r\ncontent-length: 9\r\n\r\nshort", "http"),
        (
            "HTTP/1.1 200 S\r\ntransfer-encoding: chunked\r\n\r\nz\r\n",
            "http",
        ),
        ("SSH-2.0\r\n\r\n", "http"),
        (
            "HTTP/1.1 200 S\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
            "encoding",
        ),
        (
            "HTTP/1.1 200 S\r\ncontent-encoding: br\r\ncontent-length: 0\r\n\r\n",
            "encoding",
        ),
    ] {
        let vendor = Vendor::start(move |_| Act::AnswerAndClose(text.to_owned())).await;
        let found = Caller::new().post(&vendor.url()).await;
        assert_eq!(why(found), (Sent::Unknown, name), "{text}");
    }
}

#[tokio::test]
async fn a_flaw_names_nothing_of_the_request_or_the_answer() {
    const SECRET: &str = "HTTP/1.1 200 S\r\nx-secret: secret\r\ncontent-length: 99\r\n\r\nsecret";
    let acts: [fn() -> Act; 3] = [
        || Act::AnswerAndClose(SECRET.to_owned()),
        || Act::Close,
        || Act::AnswerAndClose("secret secret\r\n\r\n".to_owned()),
    ];
    for act in acts {
        let vendor = Vendor::start(move |_| act()).await;
        let mut request = post(&format!("{}?key=secret", vendor.url()));
        let value = HeaderValue::from_static("secret");
        request.headers_mut().insert(AUTHORIZATION, value);
        let found = Caller::new().downstream.send(TARGET, request, None).await;
        let flaw = flaw(found);
        let text = format!("{flaw} {flaw:?}");
        assert!(!text.contains("secret") && !text.contains("key="), "{text}");
        assert!(!text.contains(&vendor.at), "{text}");
    }
}
