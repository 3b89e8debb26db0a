//! A real receiver on the loopback: it takes, loses, rejects or misunderstands what is pushed to it, as it is told.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the receiver does with everything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// This status and an empty object.
    Says(u16),
    /// 400 with an error of RFC 8935 for the first event it ever saw, 202 for others.
    RejectsTheFirst,
    /// Reads the event and goes away without an answer.
    Loses,
}

/// The receiver: its address and what it has read.
pub(super) struct Receiver {
    pub(super) url: String,
    pub(super) mood: Arc<Mutex<Mood>>,
    pub(super) heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    pub(super) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/set", listener.local_addr().unwrap());
        let (mood, heard) = (Arc::new(Mutex::new(mood)), Arc::new(Mutex::new(Vec::new())));
        let (moods, hears) = (Arc::clone(&mood), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&moods), Arc::clone(&hears)));
            }
        });
        Self { url, mood, heard }
    }

    pub(super) fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The bodies it has read.
    pub(super) fn sets(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// The heads it has read, in lower case.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(head, _)| head.to_lowercase()).collect()
    }
}

async fn serve(mut stream: TcpStream, mood: Arc<Mutex<Mood>>, heard: Arc<Mutex<Vec<(String, String)>>>) {
    let mut bytes = Vec::new();
    loop {
        let (head, length) = loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                    .and_then(|length| length.parse::<usize>().ok())
                    .unwrap_or(0);
                break (head.to_owned(), length);
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let whole = head.len() + 4 + length;
        while bytes.len() < whole {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let body = String::from_utf8(bytes[head.len() + 4..whole].to_vec()).unwrap();
        bytes.drain(..whole);
        // Signatures differ each time; what is said does not.
        let said = |set: &str| set.split('.').nth(1).map(str::to_owned);
        let first = heard.lock().unwrap().first().is_none_or(|(_, seen)| said(seen) == said(&body));
        heard.lock().unwrap().push((head, body));
        let mood = *mood.lock().unwrap();
        let (status, body) = match mood {
            Mood::Says(status) => (status, "{}"),
            Mood::RejectsTheFirst if first => (400, r#"{"err":"invalid_key","description":"999000000015"}"#),
            Mood::RejectsTheFirst => (202, ""),
            Mood::Loses => return,
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
