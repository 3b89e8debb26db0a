//! A log that disagrees with what was published is not signed: the service does not start, and says what to do (I5).

use std::{fs, path::Path};

use crate::support::{Demo, Process, minhbach, said, until};

/// `serve` must end by itself; what it said.
fn refuses(demo: &Demo) -> String {
    let mut process = Process::start(&["serve", "--config", demo.config().to_str().unwrap()]);
    assert_eq!(process.ended().code(), Some(2), "{}", process.said());
    until("a sentence", || {
        let said = process.said();
        said.lines().find(|line| line.starts_with("minhbach: ")).map(str::to_owned)
    })
}

fn doctor(demo: &Demo) -> String {
    let ran = minhbach(&["doctor", "--config", demo.config().to_str().unwrap()]);
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    said(&ran)
}

fn starts(demo: &Demo) {
    let again = demo.start();
    assert_eq!(again.stop().code(), Some(0));
    demo.verify(&[]);
}

fn copy(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        let with = |path: &Path| Path::new(&format!("{}{end}", path.display())).to_owned();
        let (from, to) = (with(from), with(to));
        let _ = fs::remove_file(&to);
        if from.exists() {
            fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn a_database_that_was_rolled_back_is_not_served_and_the_newer_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(folder.path());
    let (db, log) = (demo.folder.join("service/minhbach.db"), demo.folder.join("service/log"));
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    demo.once();
    copy(&db, &old);
    demo.once();
    copy(&db, &new);

    copy(&old, &db);
    let why = refuses(&demo);
    assert!(why.contains("rolled back") && why.contains("bring back the newer database"), "{why}");
    assert!(doctor(&demo).contains("FAIL  ledger: the database has"));
    // The published files are rolled back with it: the mirror remembers.
    fs::rename(&log, folder.path().join("log.aside")).unwrap();
    let why = refuses(&demo);
    assert!(why.contains("mirrored checkpoint") && why.contains("rolled back"), "{why}");
    assert!(doctor(&demo).contains("FAIL  ledger: the database has"));

    fs::remove_dir_all(&log).unwrap();
    fs::rename(folder.path().join("log.aside"), &log).unwrap();
    copy(&new, &db);
    starts(&demo);
}

#[test]
fn a_mirror_of_another_log_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(folder.path());
    demo.once();
    let mirror = demo.folder.join("service/mirror/checkpoint");
    let ours = fs::read_to_string(&mirror).unwrap();
    fs::write(&mirror, ours.replace("127.0.0.1", "127.0.0.2")).unwrap();
    let why = refuses(&demo);
    assert!(why.contains("mirrored checkpoint cannot be trusted"), "{why}");
    assert!(doctor(&demo).contains("FAIL  ledger: the mirrored checkpoint cannot be trusted"));
    fs::write(&mirror, ours).unwrap();
    starts(&demo);
}

#[test]
fn lost_tiles_are_made_anew_and_a_changed_one_is_not_signed_over() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(folder.path());
    demo.once();
    let checkpoint = fs::read_to_string(demo.folder.join("service/log/checkpoint")).unwrap();
    let size = checkpoint.lines().nth(1).unwrap();
    let tiles = demo.folder.join("service/log/tile");
    let tile = tiles.join(format!("0/000.p/{size}"));
    let mut bytes = fs::read(&tile).unwrap();
    *bytes.first_mut().unwrap() ^= 1;
    fs::write(&tile, &bytes).unwrap();
    let why = refuses(&demo);
    assert!(why.contains(&format!("`tile/0/000.p/{size}` is already published with other bytes")), "{why}");
    assert!(why.contains("move it away and start again"), "{why}");
    assert!(doctor(&demo).contains("FAIL  ledger: `tile/0/000.p/"));
    fs::remove_file(&tile).unwrap();
    starts(&demo);
    fs::remove_dir_all(&tiles).unwrap();
    starts(&demo);
}
