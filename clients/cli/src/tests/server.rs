//! A server that gives canned answers in order and keeps what it was asked.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Stops when dropped.
pub(super) struct Server {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers each connection with the next status and body.
    pub(super) async fn answering(answers: &[(u16, &str)]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), answers)
    }

    /// The same; `URL` in a body becomes the server's own.
    pub(super) async fn with_its_url(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let told: Vec<(u16, String)> = answers
            .iter()
            .map(|(status, body)| (*status, body.replace("URL", &url)))
            .collect();
        let told: Vec<(u16, &str)> = told.iter().map(|(s, b)| (*s, b.as_str())).collect();
        Self::on(listener, &told)
    }

    fn on(listener: TcpListener, answers: &[(u16, &str)]) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<(u16, String)> = answers
            .iter()
            .map(|(status, body)| (*status, (*body).to_owned()))
            .collect();
        let kept = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(request);
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nlocation: /elsewhere\r\n\
                     connection: close\r\n\r\n",
                    body.len()
                );
                // A client that has seen enough may be gone before the end.
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(body.as_bytes()).await;
            }
        });
        Self { url, seen, task }
    }

    /// Head and body of each request so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            });
            body.len() >= length.unwrap_or(0)
        });
        if whole || length == 0 {
            return text;
        }
    }
}
