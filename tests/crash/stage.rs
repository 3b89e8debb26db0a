//! A service of real processes on one database, with its stand-ins in this test's own process: registers, the identity
//! provider, agencies' software and a citizen's browser. Everybody speaks real HTTP with real signatures.
//!
//! Every process serves the same issuer and is reached at a port of its own, as behind a proxy. The first listens at
//! the issuer's own address: browsers go there.

use std::{
    collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, process::Command, sync::Arc, time::Duration,
};

use minhbach::{
    crypto::{Random, SystemRandom},
    demo::{
        agency::{Agency, Reply, text},
        browser::Browser,
        idp::{self, IdentityProvider, Realm},
        people::Citizen,
        registers::{Ports, Registers},
        settings::{self, CLIENTS, RELYING_PARTY, Settings},
    },
    http::portal::CALLBACK,
    jose::PrivateJwk,
    outbound::{self, exchange::Exchange},
    protocol::pkce,
    secret::Secret,
    store::Store,
    time::{Clock, SystemClock},
};
use opentelemetry_http::Request;
use serde_json::{Value, json};

use crate::{
    database::Database,
    load::readiness,
    support::{Process, free_ports, minhbach, said, verify},
};

/// Where agencies' sites would be: nobody looks there, redirects to them are read and not followed.
const SITES: &str = "http://127.0.0.1:9";
/// The purpose whose consents serve often and without a pause in these tests; see [`Stage::set`].
const REMINDER: &str = "notify.proactive_reminder";

/// What a test needs to start processes and to speak to them.
pub(crate) struct Stage {
    pub(crate) registers: Registers,
    pub(crate) issuer: String,
    /// What the processes wrote.
    pub(crate) store: Store,
    pub(crate) http: Exchange,
    nodes: Vec<(PathBuf, String)>,
    keys: BTreeMap<&'static str, PrivateJwk>,
    random: SystemRandom,
    database: Database,
    _idp: IdentityProvider,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Makes the database, the keys and the configuration of `nodes` processes, and starts the stand-ins.
    pub(crate) async fn set(database: Database, nodes: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let first = free_ports();
        let issuer = format!("http://127.0.0.1:{first}");
        let registers = Registers::start(Ports::Any).unwrap();
        let secret = "a secret of this test";
        let idp = identity_provider(&folder.path().join("idp"), secret, &issuer);
        let issuers = Realm::all().into_iter().map(|realm| (realm.clone(), idp.issuer(&realm))).collect();
        let keys = settings::client_keys(None).unwrap();
        let mut sources = registers.sections().unwrap().remove("sources").unwrap();
        // A slow register is waited for: what is tested is what happens meanwhile.
        for source in sources.as_array_mut().unwrap() {
            source.as_table_mut().unwrap().insert("timeout_ms".to_owned(), 30_000.into());
        }
        let path = folder.path().join("minhbach.toml");
        Settings { port: first, issuers, secret, sites: SITES, keys: &keys, sources }.write(&path).unwrap();
        let mut tables: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let address = database.address(folder.path());
        tables["database"]["url"] = address.as_str().into();
        let policies = table(&mut tables, "policies");
        policies.insert("folder".to_owned(), often(folder.path()).to_str().unwrap().into());
        let nodes: Vec<(PathBuf, String)> = (0..nodes)
            .map(|n| {
                let (address, config) =
                    (format!("127.0.0.1:{}", first + n), folder.path().join(format!("node{n}.toml")));
                table(&mut tables, "listen").insert("address".to_owned(), address.as_str().into());
                fs::write(&config, toml::to_string(&tables).unwrap()).unwrap();
                (config, format!("http://{address}"))
            })
            .collect();
        for verb in [&["migrate"][..], &["keys", "init"]] {
            let ran = minhbach(&[verb, &["--config", nodes.first().unwrap().0.to_str().unwrap()]].concat());
            assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
        }
        // Longer than any register here is slow.
        let patience = Some(Duration::from_mins(1));
        let patient =
            outbound::http::Options { read_timeout: patience, timeout: patience, ..Default::default() };
        Self {
            registers,
            issuer,
            store: Store::open(&address, 4).await.unwrap(),
            http: Exchange::new(outbound::http::client_with(&patient).unwrap()),
            nodes,
            keys,
            random: SystemRandom::default(),
            database,
            _idp: idp,
            _folder: folder,
        }
    }

    /// Starts the `n`-th process and waits until it is ready.
    pub(crate) async fn start(&self, n: usize) -> Process {
        let (config, base) = self.nodes.get(n).unwrap();
        let process = Process::start(&["serve", "--config", config.to_str().unwrap()]);
        readiness(base, 200).await;
        process
    }

    /// An agency's software.
    pub(crate) fn agency(&self, client_id: &'static str) -> Agency<'_> {
        Agency {
            issuer: &self.issuer,
            client_id,
            key: self.keys.get(client_id).unwrap(),
            http: &self.http,
            clock: &SystemClock,
            random: &self.random,
        }
    }

    /// Asks the `n`-th process for a token on a live consent, or for a nonce.
    pub(crate) async fn token(
        &self,
        n: usize,
        client_id: &'static str,
        detail: &Value,
        nonce: Option<&str>,
    ) -> Answered {
        let agency = self.agency(client_id);
        let details = json!([detail]).to_string();
        let form = agency
            .form(&[("grant_type", "client_credentials"), ("authorization_details", &details)])
            .unwrap();
        let proof = agency.proof(&format!("{}/oauth/token", self.issuer), None, nonce).unwrap();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", proof.as_str())];
        self.post(n, "/oauth/token", &headers, form).await
    }

    /// A nonce that every process takes.
    pub(crate) async fn nonce(&self, client_id: &'static str, detail: &Value) -> String {
        self.token(0, client_id, detail, None).await.nonce.unwrap()
    }

    /// Fetches the data of a token at the `n`-th process.
    pub(crate) async fn data(&self, n: usize, client_id: &'static str, token: &str) -> Answered {
        let proof =
            self.agency(client_id).proof(&format!("{}/data", self.issuer), Some(token), None).unwrap();
        let authorization = format!("DPoP {token}");
        let headers = [("authorization", authorization.as_str()), ("dpop", proof.as_str())];
        self.post(n, "/data", &headers, String::new()).await
    }

    async fn post(&self, n: usize, path: &str, headers: &[(&str, &str)], body: String) -> Answered {
        let base = &self.nodes.get(n).unwrap().1;
        let mut request = Request::post(format!("{base}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.http.send(request.body(body.into_bytes()).unwrap()).await.unwrap();
        let nonce = answer.headers().get("dpop-nonce").map(|nonce| nonce.to_str().unwrap().to_owned());
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        Answered { status: answer.status().as_u16(), body, nonce }
    }

    /// Has the citizen asked with PAR, in her browser, and saying yes to everything; the consent's id.
    pub(crate) async fn given(
        &self,
        browser: &mut Browser<'_>,
        client_id: &'static str,
        detail: &Value,
    ) -> String {
        let seed = CLIENTS.iter().find(|client| client.client_id == client_id).unwrap();
        let (redirect_uri, details) = (seed.redirect_uris(SITES).remove(0), json!([detail]).to_string());
        let challenge = pkce::challenge(&(&self.random as &dyn Random).token());
        let form = [
            ("response_type", "code"),
            ("redirect_uri", redirect_uri.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", "quay-3"),
            ("authorization_details", details.as_str()),
        ];
        let pushed = self.agency(client_id).post("/oauth/par", &form).await.unwrap();
        assert_eq!(pushed.status, 201, "{}", pushed.body);
        let mut address = url::Url::parse(&format!("{}/oauth/authorize", self.issuer)).unwrap();
        let request_uri = text(&pushed.body, "/request_uri").unwrap();
        address.query_pairs_mut().append_pair("client_id", client_id).append_pair("request_uri", request_uri);
        let page = browser.open(address.as_str()).await.unwrap();
        let consent = page.url.path().strip_prefix("/requests/").unwrap().to_owned();
        let mut form = page
            .forms()
            .into_iter()
            .find(|form| form.action.ends_with("/answer"))
            .expect("no form to answer");
        form.fields.insert("answer".to_owned(), "give".to_owned());
        // An optional field is hers to tick; the browser of the demonstration holds one value a name.
        let asked = detail["datatypes"].as_array().unwrap().last().unwrap().as_str().unwrap();
        if page.text.contains(&format!("name=\"field\" value=\"{asked}\"")) {
            form.fields.insert("field".to_owned(), asked.to_owned());
        }
        // Nobody listens at the agency's site she is sent back to.
        if let Ok(page) = browser.send(&page, &form).await {
            panic!("she was not sent back: {} {}\n{}", page.status, page.url, page.text);
        }
        let id = consent.parse().unwrap();
        assert_eq!(self.store.consent(id).await.unwrap().unwrap().state, "given");
        consent
    }

    /// She takes a consent back; everything is committed when this returns.
    pub(crate) async fn withdrawn(&self, browser: &mut Browser<'_>, consent: &str) {
        let page = browser.open(&format!("{}/me/consents/{consent}/withdraw", self.issuer)).await.unwrap();
        let form = page.forms().into_iter().find(|form| form.action.ends_with("/withdraw")).unwrap();
        let page = browser.send(&page, &form).await.unwrap();
        assert_eq!((page.status, page.url.path().ends_with("/withdrawn")), (200, true), "{}", page.text);
    }

    /// The whole ledger holds, and nothing stays behind.
    pub(crate) async fn strike(self) {
        verify(&self.nodes.first().unwrap().0, &[]);
        self.store.close().await;
        self.database.drop().await;
    }
}

/// What came back, with the nonce it asks for.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) nonce: Option<String>,
}

impl Answered {
    /// The reason of a refusal.
    pub(crate) fn reason(&self) -> &str {
        ["/reason", "/code"].iter().find_map(|at| text(&self.body, at).ok()).unwrap_or_default()
    }
}

impl From<Answered> for Reply {
    fn from(answered: Answered) -> Self {
        Self { status: answered.status, body: answered.body }
    }
}

/// To verify a bank's customer: one token.
pub(crate) fn verification(citizen: &Citizen) -> Value {
    asked(citizen, "private.bank_verification", &["person.id_number", "person.full_name"], "GD.2026.000123")
}

/// To remind somebody; with `uses`, to ask her for so many tokens.
pub(crate) fn reminder(citizen: &Citizen, uses: Option<u32>) -> Value {
    let mut detail = asked(citizen, REMINDER, &["driver.expiry_date"], "");
    let members = detail.as_object_mut().unwrap();
    members.remove("case");
    members.extend(uses.map(|uses| ("limits".to_owned(), json!({ "max_uses": uses }))));
    detail
}

fn asked(citizen: &Citizen, purpose: &str, fields: &[&str], case: &str) -> Value {
    json!({
        "type": "urn:minhbach:personal-data", "purpose": purpose,
        "subject": { "national_id": citizen.national_id }, "actions": ["read"],
        "datatypes": fields, "basis": "consent", "case": case,
    })
}

fn table<'a>(tables: &'a mut toml::Table, name: &str) -> &'a mut toml::Table {
    tables.get_mut(name).and_then(toml::Value::as_table_mut).unwrap()
}

/// The policies of this repository, with a reminder that may be sent a thousand times, each token used twenty times:
/// a race needs many tokens on one consent.
fn often(folder: &std::path::Path) -> PathBuf {
    let policies = folder.join("policies");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    assert!(Command::new("cp").args(["-r", source]).arg(&policies).status().unwrap().success());
    let purpose = policies.join("purposes").join(REMINDER).join("purpose.toml");
    let text = fs::read_to_string(&purpose).unwrap();
    for line in ["max_uses = 53\n", "max_uses = 2\n", "frequency = { n = 1, per = \"week\" }\n"] {
        assert!(text.contains(line), "the purpose no longer says {line}");
    }
    let text =
        text.replace("max_uses = 53\n", "max_uses = 1000\n").replace("max_uses = 2\n", "max_uses = 20\n");
    fs::write(&purpose, text.replace("frequency = { n = 1, per = \"week\" }\n", "")).unwrap();
    policies
}

fn identity_provider(folder: &std::path::Path, secret: &str, issuer: &str) -> IdentityProvider {
    let client = idp::Client {
        id: RELYING_PARTY.to_owned(),
        secret: Secret::new(secret.to_owned()),
        redirect_uris: vec![format!("{issuer}{CALLBACK}")],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
    };
    let settings = idp::Settings {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        key: idp::key_in(folder).unwrap(),
        clients: vec![client],
    };
    let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) =
        (Arc::new(SystemClock), Arc::new(SystemRandom::default()));
    IdentityProvider::start(settings, clock, random).unwrap()
}
