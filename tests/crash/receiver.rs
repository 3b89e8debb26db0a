//! A recipient of security events (RFC 8935) that lets the test decide when each delivery is answered, and how.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};

/// A receiver that listens.
pub(crate) struct Receiver(mpsc::UnboundedReceiver<Delivery>);

/// A SET that was read and is not answered yet.
pub(crate) struct Delivery {
    /// The SET in compact form.
    pub(crate) set: String,
    answer: oneshot::Sender<u16>,
}

impl Delivery {
    /// Answers it; nobody may be there any more to hear it.
    pub(crate) fn answer(self, status: u16) {
        let _ = self.answer.send(status);
    }
}

impl Receiver {
    /// Listens at a port of the loopback.
    pub(crate) async fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (heard, deliveries) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, heard.clone()));
            }
        });
        Self(deliveries)
    }

    /// The next delivery.
    pub(crate) async fn next(&mut self) -> Delivery {
        let came = tokio::time::timeout(std::time::Duration::from_mins(1), self.0.recv()).await;
        came.expect("no delivery within a minute").unwrap()
    }

    /// Whether nothing was delivered since the last one that was taken.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

async fn serve(mut stream: TcpStream, heard: mpsc::UnboundedSender<Delivery>) {
    let mut bytes = Vec::new();
    while let Some(set) = request(&mut stream, &mut bytes).await {
        let (answer, answered) = oneshot::channel();
        if heard.send(Delivery { set, answer }).is_err() {
            return;
        }
        let Ok(status) = answered.await else { return };
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The body of the next request on a connection.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            })?;
            if body.len() >= length {
                bytes.drain(..head.len() + 4 + length);
                return Some(body.get(..length)?.to_owned());
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}
