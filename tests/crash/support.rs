//! Processes, ports and folders of these tests, each cleaned up whatever happens.

use std::{
    io::Read,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use uuid::Uuid;

/// Nothing that is waited for takes this long.
const PATIENCE: Duration = Duration::from_mins(1);
/// The demonstration's ports: the service, the identity provider, the registers, the agencies' sites.
const RUN: u16 = 20;

/// Asks again until there is an answer; what never comes fails the test by name.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what} did not come within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The first of a run of free ports. They lie below those the kernel lends to outgoing connections, so that a port
/// that is free now is free again after a restart.
pub(crate) fn free_ports() -> u16 {
    static NEXT: Mutex<u16> = Mutex::new(0);
    let mut next = NEXT.lock().unwrap();
    if *next == 0 {
        *next = 10_000 + u16::try_from(std::process::id() % 900).unwrap() * RUN;
    }
    loop {
        let first = *next;
        *next += RUN;
        if are_free(first) {
            return first;
        }
    }
}

/// Whether nobody listens on any port of a run.
pub(crate) fn are_free(first: u16) -> bool {
    (first..first + RUN).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
}

/// A verb, run to its end.
pub(crate) fn minhbach(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minhbach"));
    command.args(arguments).env_remove("MINHBACH_DATABASE_URL");
    command
}

/// Everything a finished verb said.
pub(crate) fn said(ran: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr))
}

/// A running `minhbach`; dropping it kills it.
pub(crate) struct Process {
    child: Child,
    heard: Arc<Mutex<String>>,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(command(arguments))
    }

    /// In whose eyes a file that may not grow is an error, and not a signal that kills.
    pub(crate) fn start_without_xfsz(arguments: &[&str]) -> Self {
        let mut wrapped = Command::new("env");
        wrapped.args(["--ignore-signal=XFSZ", env!("CARGO_BIN_EXE_minhbach")]).args(arguments);
        wrapped.env_remove("MINHBACH_DATABASE_URL");
        Self::of(wrapped)
    }

    fn of(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let heard = Arc::new(Mutex::new(String::new()));
        listen(child.stdout.take().unwrap(), &heard);
        listen(child.stderr.take().unwrap(), &heard);
        Self { child, heard }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far, on stdout and stderr.
    pub(crate) fn said(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until it has said something.
    pub(crate) fn says(&mut self, words: &str) {
        until(words, || {
            let ended = self.child.try_wait().unwrap();
            let found = self.said().contains(words);
            assert!(found || ended.is_none(), "ended with {ended:?} before `{words}`: {}", self.said());
            found.then_some(())
        });
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the end of a process", || self.child.try_wait().unwrap())
    }

    /// SIGKILL: no farewell, no flushing.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as an init system stops a service.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.ended()
    }

    /// Processes it has started and that live.
    pub(crate) fn children(&self) -> String {
        let id = self.id();
        std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(mut pipe: impl Read + Send + 'static, heard: &Arc<Mutex<String>>) {
    let heard = Arc::clone(heard);
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = pipe.read(&mut chunk) {
            heard.lock().unwrap().push_str(&String::from_utf8_lossy(chunk.get(..n).unwrap()));
        }
    });
}

/// A demonstration's folder and ports.
pub(crate) struct Demo {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
}

impl Demo {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), port: free_ports() }
    }

    pub(crate) fn arguments(&self) -> [String; 5] {
        let folder = self.folder.to_str().unwrap().to_owned();
        ["demo".to_owned(), "--data".to_owned(), folder, "--port".to_owned(), self.port.to_string()]
    }

    /// Starts it and waits until the walk has passed and everything listens.
    pub(crate) fn start(&self) -> Process {
        self.started(Process::start(&self.arguments().each_ref().map(String::as_str)))
    }

    pub(crate) fn started(&self, mut process: Process) -> Process {
        process.says("Ctrl-C stops everything");
        assert!(self.folder.join("kit.json").exists());
        process
    }

    /// Tells the story and ends.
    pub(crate) fn once(&self) {
        let arguments = self.arguments();
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.push("--once");
        let ran = minhbach(&arguments);
        assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    }

    pub(crate) fn kit(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.join("kit.json")).unwrap()).unwrap()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("service/minhbach.toml")
    }

    pub(crate) fn verify(&self, released: &[Uuid]) -> u64 {
        verify(&self.config(), released)
    }
}

/// `ledger verify --expect`: must be clean; the number of entries.
pub(crate) fn verify(config: &Path, released: &[Uuid]) -> u64 {
    let expect = config.with_file_name("expect.json");
    std::fs::write(&expect, serde_json::to_vec(released).unwrap()).unwrap();
    let (config, expect) = (config.to_str().unwrap(), expect.to_str().unwrap());
    let ran = minhbach(&["ledger", "verify", "--config", config, "--expect", expect]);
    let said = said(&ran);
    assert!(ran.status.code() == Some(0) && said.contains(": clean"), "{said}");
    said.split_whitespace().next().unwrap().parse().unwrap()
}
