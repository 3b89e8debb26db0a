//! The demonstration as a guest on somebody's machine: ports, folders, and what is left behind.

use std::net::TcpListener;

use minhbach::demo::agency::text;

use crate::support::{Demo, Process, are_free, until};

#[test]
fn a_busy_port_is_named_and_nothing_keeps_running() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(folder.path());
    // The service's port, the identity provider's, a register's, the agencies' sites'.
    for offset in [0, 1, 2, 16] {
        let port = demo.port + offset;
        let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let mut process = Process::start(&demo.arguments().each_ref().map(String::as_str));
        assert_eq!(process.ended().code(), Some(2));
        let sentence = until("a sentence", || process.said().contains('\n').then(|| process.said()));
        assert!(sentence.contains(&format!("port {port}")), "{sentence}");
        assert!(sentence.contains("--port"), "says what to do: {sentence}");
        drop(taken);
        assert!(are_free(demo.port));
        assert!(!demo.folder.join("kit.json").exists(), "a kit means that everything listens");
    }
}

#[test]
fn killing_the_demonstration_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(folder.path());
    let mut process = demo.start();
    assert!(!are_free(demo.port));
    assert_eq!(process.children(), "", "it is one process");
    process.kill();
    assert!(are_free(demo.port));
}

#[test]
fn a_second_start_goes_on_with_the_same_keys_and_two_run_side_by_side() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (Demo::new(one.path()), Demo::new(two.path()));
    let first = one.start();
    let kit = one.kit();
    assert_eq!(first.stop().code(), Some(0));
    let entries = one.verify(&[]);

    let (again, beside) = (one.start(), two.start());
    assert_eq!(one.kit(), kit, "the same clients, keys and people");
    assert_ne!(
        text(&two.kit(), "/clients/0/private_jwk/d").unwrap(),
        text(&kit, "/clients/0/private_jwk/d").unwrap()
    );
    assert_eq!((again.stop().code(), beside.stop().code()), (Some(0), Some(0)));
    assert!(one.verify(&[]) > entries);
    two.verify(&[]);
}
