//! A disk without room: no token leaves, and once there is room the service goes on by itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use minhbach::demo::agency::text;

use crate::{
    load::{Load, readiness},
    support::{Demo, Process},
};

const UNAVAILABLE: &str = "503 ledger_unavailable";

async fn goes_on_after(demo: &Demo, process: Process, fill: impl FnOnce(), free: impl FnOnce()) {
    let kit = demo.kit();
    let issuer = text(&kit, "/issuer").unwrap();
    let load = Load::start(&kit, issuer);
    load.until(|tally| tally.tokens.len() >= 30).await;
    fill();
    let before = load.tally().others(UNAVAILABLE);
    load.until(|tally| tally.others(UNAVAILABLE) >= before + 100).await;
    // Publishing failed as well, and says so.
    readiness(issuer, 503).await;
    let stuck = load.tally();
    free();
    load.until(|tally| tally.tokens.len() >= stuck.tokens.len() + 30).await;
    load.until(|tally| tally.receipts.len() >= stuck.receipts.len() + 30).await;
    let tally = load.end().await;
    tally.only(&[UNAVAILABLE]);
    readiness(issuer, 200).await;
    demo.verify(&tally.tokens);
    assert_eq!(process.stop().code(), Some(0));
    demo.verify(&tally.tokens);
}

/// A small file system of its own, taken away again at the end.
struct Disk(PathBuf);

impl Disk {
    /// `None` where one may not mount.
    fn mounted(at: &Path) -> Option<Self> {
        let ran =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(at).output().ok()?;
        ran.status.success().then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "says what it could not do")]
async fn a_full_disk_releases_nothing_and_freed_space_is_enough_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mounted(folder.path()) else {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    };
    let demo = Demo::new(&disk.0);
    let process = demo.start();
    let ballast = disk.0.join("ballast");
    let fill = || {
        let mut file = fs::File::create(&ballast).unwrap();
        // It ends when there is no room left, which is the point.
        let _ = std::io::copy(&mut std::io::repeat(0), &mut file);
    };
    goes_on_after(&demo, process, fill, || fs::remove_file(&ballast).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_may_not_grow_release_nothing_and_it_goes_on_when_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(folder.path());
    let process = demo.started(Process::start_without_xfsz(&demo.arguments().each_ref().map(String::as_str)));
    let id = process.id().to_string();
    let limit = |limit: &str| {
        let ran = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={limit}")]).status().unwrap();
        assert!(ran.success());
    };
    goes_on_after(&demo, process, || limit("0:unlimited"), || limit("unlimited:unlimited")).await;
}
