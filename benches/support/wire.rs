//! A cheap HTTP/1.1 client: one keep-alive connection, requests as ready bytes, so that the load generator takes as
//! little of the machine as it can.

use std::{
    cell::RefCell,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::print::Latencies;

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub(crate) struct Answer<'a> {
    /// The status.
    pub(crate) status: u16,
    /// The header section.
    pub(crate) head: &'a str,
    /// The body.
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = |line: &'a str| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    };
    head.split("\r\n").find_map(line)
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (end, length) = loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = std::str::from_utf8(self.buffer.get(..end).unwrap_or_default())?;
                break (end, header(head, "content-length").unwrap_or("0").parse::<usize>()?);
            }
        };
        while self.buffer.len() < end + 4 + length {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
        }
        let head = std::str::from_utf8(self.buffer.get(..end).unwrap_or_default())?;
        let status = head.get(9..12).context("no status")?.parse()?;
        Ok(Answer { status, head, body: self.buffer.get(end + 4..).unwrap_or_default() })
    }
}

/// A POST as bytes.
pub(crate) fn post(host: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.extend([*name, ": ", *value, "\r\n"]);
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// One round of load.
pub(crate) struct Round {
    /// Answers a second.
    pub(crate) rate: f64,
    /// How long each took, as the client saw it.
    pub(crate) latencies: Latencies,
    /// Processor time of the generator, per request.
    pub(crate) generator: Duration,
    /// The bodies, where they are wanted.
    pub(crate) bodies: Vec<Vec<u8>>,
}

/// Sends all requests over `connections` connections, each with one request at a time. Every answer must be 200.
pub(crate) fn drive(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    keep: bool,
) -> anyhow::Result<Round> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(address).await?);
        }
        let left = RefCell::new(requests.iter());
        let took = RefCell::new(Vec::with_capacity(requests.len()));
        let bodies = RefCell::new(Vec::new());
        let (busy, begun) = (own_cpu(), Instant::now());
        let one = async |mut connection: Connection| -> anyhow::Result<()> {
            loop {
                let Some(request) = left.borrow_mut().next() else { return Ok(()) };
                let begun = Instant::now();
                let answer = connection.send(request).await?;
                took.borrow_mut().push(begun.elapsed());
                ensure!(answer.status == 200, "{}: {}", answer.status, String::from_utf8_lossy(answer.body));
                if keep {
                    bodies.borrow_mut().push(answer.body.to_vec());
                }
            }
        };
        futures_util::future::try_join_all(open.into_iter().map(one)).await?;
        let wall = begun.elapsed().as_secs_f64();
        let n = u32::try_from(requests.len())?;
        Ok(Round {
            rate: f64::from(n) / wall,
            latencies: Latencies::new(took.take()),
            generator: own_cpu().saturating_sub(busy) / n.max(1),
            bodies: bodies.take(),
        })
    })
}

/// Processor time of this thread so far.
fn own_cpu() -> Duration {
    super::cpu::of("/proc/thread-self/stat")
}
