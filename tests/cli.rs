//! The command line, through the real binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use minhbach::{
    app::engines::{self, Surroundings},
    config::Config,
    crypto::{Algorithm, SystemRandom},
    jose::PrivateJwk,
    ledger::{proof, publisher::Publisher},
    telemetry::{self, TelemetryConfig},
    time::SystemClock,
};

#[path = "cli/client.rs"]
mod client;
#[path = "cli/consent.rs"]
mod consent;
#[path = "cli/receipt.rs"]
mod receipt;

const CONFIG: &str = r#"
issuer = "http://127.0.0.1:18443"
keys = "keys"
listen = { address = "127.0.0.1:18443" }
database = { url = "sqlite:test.db" }
log = { folder = "log", mirror = "mirror" }

[[agencies]]
id = "csgt-mau"
name = { vi = "Cảnh sát giao thông Mẫu", en = "Sample Traffic Police" }
contact = { name = "Bộ phận bảo vệ dữ liệu", phone = "0000 000 000", email = "dpo@csgt.example" }
"#;

/// A deployment in a folder of its own.
struct Deployment(tempfile::TempDir);

impl Deployment {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("minhbach.toml"), CONFIG).unwrap();
        let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
        let keys = serde_json::json!({ "keys": [key.public().to_value()] });
        fs::write(folder.path().join("client.jwks.json"), keys.to_string()).unwrap();
        Self(folder)
    }

    fn migrated() -> Self {
        let it = Self::new();
        it.ok(&["migrate"]);
        it.ok(&["keys", "init"]);
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a verb on this deployment.
    fn run(&self, arguments: &[&str]) -> Output {
        let config = self.path("minhbach.toml");
        minhbach(arguments.iter().copied().chain(["--config", config.to_str().unwrap()]), self.0.path())
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status.code(), Some(0), "{arguments:?}: {}{}", text(&ran.stdout), text(&ran.stderr));
        text(&ran.stdout)
    }

    fn add_client(&self, purpose: &str) -> Output {
        let jwks = self.path("client.jwks.json");
        let jwks = jwks.to_str().unwrap();
        let id = ["client", "add", "--id", "csgt-mau.licences", "--agency", "csgt-mau", "--name", "Phần mềm"];
        self.run(&[&id[..], &["--jwks", jwks, "--purpose", purpose]].concat())
    }

    /// Publishes what is in the database and writes the proof of the first entry; gives the log's key.
    fn publish(&self) -> String {
        let config = Config::load_with(&self.path("minhbach.toml"), None).unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let sink = TelemetryConfig::default();
            let (_, guard) = telemetry::build(&sink, None, std::io::sink, false).unwrap();
            let around = Surroundings {
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom::default()),
                metrics: guard.metrics(),
            };
            let engines = engines::open(&config, around).await.unwrap();
            let mut publisher = Publisher::start(engines.log.clone(), engines.id()).await.unwrap();
            publisher.publish().await.unwrap().unwrap();
            let row = engines.store.log_entries(0, 1).await.unwrap().remove(0);
            let subject = engines.vault.subject(row.subject).await.unwrap().unwrap();
            let proof = proof::prove(&engines.log, &row, &subject).await.unwrap();
            fs::write(self.path("proof.json"), serde_json::to_vec(&proof).unwrap()).unwrap();
            engines.store.close().await;
            engines.log.verifier().to_string()
        })
    }

    /// Changes rows behind everybody's back, as a database administrator could.
    fn meddle(&self, sql: &'static str) {
        let address = format!("sqlite:{}", self.path("test.db").display());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let pool = sqlx::SqlitePool::connect(&address).await.unwrap();
            assert!(sqlx::query(sql).execute(&pool).await.unwrap().rows_affected() > 0);
            pool.close().await;
        });
    }
}

fn minhbach<'a>(arguments: impl IntoIterator<Item = &'a str>, folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_minhbach"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("MINHBACH_DATABASE_URL")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_verb_explains_itself() {
    for verb in [
        &["--help"][..],
        &["serve", "--help"],
        &["demo", "--help"],
        &["config", "--help"],
        &["migrate", "--help"],
        &["keys", "--help"],
        &["client", "--help"],
        &["client", "try", "--help"],
        &["official", "--help"],
        &["consent", "revoke", "--help"],
        &["ledger", "verify", "--help"],
        &["ledger", "check-proof", "--help"],
        &["receipt", "verify", "--help"],
        &["doctor", "--help"],
    ] {
        let ran = minhbach(verb.iter().copied(), Path::new("/"));
        assert_eq!(ran.status.code(), Some(0), "{verb:?}");
        assert!(text(&ran.stdout).contains("minhbach "), "{verb:?} shows no example: {}", text(&ran.stdout));
    }
    assert_eq!(minhbach(["frobnicate"], Path::new("/")).status.code(), Some(2));
}

#[test]
fn the_generated_configuration_has_no_problems() {
    let folder = tempfile::tempdir().unwrap();
    let generated = minhbach(["config", "generate"], folder.path());
    fs::write(folder.path().join("a.toml"), &generated.stdout).unwrap();
    let checked = minhbach(["config", "check", "--config", "a.toml"], folder.path());
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
}

#[test]
fn every_problem_of_a_configuration_is_printed() {
    let it = Deployment::new();
    let broken = CONFIG.replace("keys =", "kees =").replace("sqlite:", "oracle:").replace("csgt-mau", "CSGT");
    fs::write(it.path("minhbach.toml"), broken).unwrap();
    let checked = it.run(&["config", "check"]);
    assert_eq!(checked.status.code(), Some(1));
    let said = text(&checked.stdout);
    for place in ["keys: ", "kees: ", "database.url: ", "agencies[0].id: "] {
        assert!(said.contains(place), "{place} in {said}");
    }
    assert_eq!(it.run(&["migrate"]).status.code(), Some(2));
}

#[test]
fn keys_are_made_once_and_rotated() {
    let it = Deployment::migrated();
    let again = it.run(&["keys", "init"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("never overwritten"));
    it.ok(&["keys", "rotate"]);
    let stored = fs::read_to_string(it.path("keys/token-keys.json")).unwrap();
    assert_eq!(stored.matches("\"kid\"").count(), 2);
}

#[test]
fn a_client_is_added_listed_suspended_and_restored() {
    let it = Deployment::migrated();
    let added = it.add_client("driver.licence_renewal");
    assert!(text(&added.stdout).contains("at index 0"), "{}{}", text(&added.stdout), text(&added.stderr));
    assert!(text(&it.add_client("driver.licence_renewal").stdout).contains("nothing was changed"));
    let refused = it.add_client("spying.general");
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("there is no purpose `spying.general`"));
    it.ok(&["client", "suspend", "csgt-mau.licences", "--because", "khóa bị lộ"]);
    assert!(it.ok(&["client", "list"]).contains("suspended 2"));
    it.ok(&["client", "restore", "csgt-mau.licences"]);
    let listed = it.ok(&["client", "list"]);
    assert!(listed.contains("active") && listed.contains("driver.licence_renewal"), "{listed}");
    assert!(it.ok(&["ledger", "verify"]).starts_with("3 entries"));
}

#[test]
fn a_client_is_added_with_what_it_may_do_besides() {
    let it = Deployment::migrated();
    let refused = it.add_client("private.bank_verification");
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("rests on consent"), "{}", text(&refused.stderr));
    let jwks = it.path("client.jwks.json");
    let add = ["client", "add", "--id", "bank", "--agency", "csgt-mau", "--name", "Ngân hàng", "--jwks"];
    let add = [&add[..], &[jwks.to_str().unwrap(), "--purpose", "private.bank_verification"]].concat();
    let options = "--redirect-uri https://bank.example/back --backchannel --grant-management --scope me.history \
                   --request-object required --response-mode jwt --introspection jwt";
    it.ok(&[&add[..], &options.split_whitespace().collect::<Vec<_>>()].concat());
    let listed = it.ok(&["client", "list"]);
    let words =
        "request-object=required response-mode=jwt introspection=jwt backchannel grant-management me.history";
    assert!(listed.contains(words) && listed.contains("https://bank.example/back"), "{listed}");
    for wrong in ["--scope=me.everything", "--response-mode=query", "--redirect-uri=http://bank.example/back"]
    {
        let refused = it.run(&[&add[..], &[wrong]].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong}: {}", text(&refused.stdout));
    }
}

#[test]
fn an_official_is_added_and_suspended() {
    let it = Deployment::migrated();
    let who = ["--agency", "csgt-mau", "--id", "cb-0042"];
    it.ok(&[&["official", "add", "--unit", "Đội 1"][..], &who].concat());
    it.ok(&[&["official", "suspend"][..], &who].concat());
    let listed = it.ok(&["official", "list"]);
    assert!(listed.contains("cb-0042") && listed.contains("suspended 2"), "{listed}");
    let unknown = it.run(&["official", "restore", "--agency", "csgt-mau", "--id", "cb-9"]);
    assert!(text(&unknown.stderr).contains("`csgt-mau` has no official `cb-9`"));
}

#[test]
fn an_empty_ledger_is_clean_and_one_that_is_not_there_cannot_be_checked() {
    let it = Deployment::migrated();
    assert!(it.ok(&["ledger", "verify"]).contains("clean"));
    fs::remove_file(it.path("test.db")).unwrap();
    assert_eq!(it.run(&["ledger", "verify"]).status.code(), Some(2));
    assert!(!it.path("test.db").exists(), "looking must not make a database");
}

#[test]
fn a_damaged_ledger_is_reported_with_its_place() {
    let it = Deployment::migrated();
    it.add_client("driver.licence_renewal");
    it.publish();
    assert!(it.ok(&["ledger", "verify"]).contains("clean"));
    fs::write(it.path("expect.json"), "[\"00000000-0000-7000-8000-000000000001\"]").unwrap();
    let expect = it.path("expect.json");
    let missing = it.run(&["ledger", "verify", "--expect", expect.to_str().unwrap()]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stdout).contains("00000000-0000-7000-8000-000000000001: was released without"));
    it.meddle("UPDATE entries SET at = at + 1 WHERE idx = 0");
    let damaged = it.run(&["ledger", "verify"]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(text(&damaged.stdout).contains("entry 0: "), "{}", text(&damaged.stdout));
    // A look behind the published checkpoint: the doctor says so too.
    it.meddle("UPDATE head SET size = 0, edge = x''");
    let doctor = it.run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(text(&doctor.stdout).contains("rolled back"), "{}", text(&doctor.stdout));
}

#[test]
fn a_healthy_deployment_passes_the_doctor_and_open_keys_do_not() {
    let it = Deployment::migrated();
    let said = it.ok(&["doctor"]);
    assert!(said.contains("ok    ledger") && !said.contains("FAIL"), "{said}");
    let open = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    fs::set_permissions(it.path("keys/master.key"), open).unwrap();
    let said = it.run(&["doctor"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stdout).contains("FAIL  keys"), "{}", text(&said.stdout));
}

#[test]
fn a_good_proof_holds_and_a_bent_one_does_not() {
    let it = Deployment::migrated();
    it.add_client("driver.licence_renewal");
    let key = it.publish();
    let file = it.path("proof.json");
    let check = |arguments: &[&str]| {
        let arguments = [&["ledger", "check-proof", file.to_str().unwrap()][..], arguments].concat();
        minhbach(arguments, it.0.path())
    };
    let good = check(&["--key", &key]);
    assert_eq!(good.status.code(), Some(0), "{}", text(&good.stderr));
    let said = text(&good.stdout);
    assert!(said.contains("client.registered") && said.contains("does not prove"), "{said}");
    assert!(text(&check(&[]).stdout).contains("agrees with itself"));
    let other = Deployment::migrated();
    other.add_client("driver.licence_renewal");
    assert_eq!(check(&["--key", &other.publish()]).status.code(), Some(1), "another log's key");
    let bent = fs::read_to_string(&file).unwrap().replace("driver.licence_renewal", "passport.issuance");
    fs::write(&file, bent).unwrap();
    let bent = check(&["--key", &key]);
    assert_eq!(bent.status.code(), Some(1));
    assert!(text(&bent.stdout).contains("does NOT hold"));
    fs::write(&file, "{}").unwrap();
    assert_eq!(check(&[]).status.code(), Some(2));
}
