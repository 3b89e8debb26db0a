//! A whole portal on a port of its own, its clock in our hands, and a browser to look at it with.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle, web::Data};
use reqwest::{Response, StatusCode, header};
use url::Url;
use uuid::Uuid;

use crate::{
    crypto::{Algorithm, SeededRandom, SigningKey},
    demo::{
        idp::{self, IdentityProvider, Realm},
        people::AGENCIES,
    },
    domain::{
        catalogue::Text,
        record::{Facts, Kind},
        subject::{NationalId, Subject},
    },
    engines::{Addresses, Engines},
    gateway::data::Gateway,
    http::{
        Publishing, State,
        portal::{self, Desk},
    },
    jose::NonceKey,
    keyring::Keyring,
    ledger::{
        appender::Appender,
        entry::Event,
        publisher::{Log, Publisher},
    },
    limit::Limit,
    login::Provider,
    oauth::Prompting,
    objects::Objects,
    outbound::{exchange::Exchange, http, sources::Sources},
    policy::{Files, Options, Register, embedded},
    registry::{Agency, Contact, Registry},
    secret::Secret,
    store::{entries::Entry, scratch::Scratch},
    telemetry::{TelemetryConfig, build},
    time::{ManualClock, Millis},
    tokens::Tokens,
    vault::Vault,
};

pub(super) const NOW: Millis = Millis(1_795_300_000_000);
/// The agency most tests are about.
pub(super) const POLICE: &str = "csgt-thu-nghiem";

pub(super) struct World {
    pub(super) engines: Engines,
    pub(super) clock: Arc<ManualClock>,
    pub(super) idp: IdentityProvider,
    pub(super) base: String,
    pub(super) scratch: Scratch,
    server: ServerHandle,
    _folder: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

pub(super) async fn world(scratch: Scratch) -> World {
    world_with(scratch, &embedded()).await
}

/// A world in which these policies are in force.
pub(super) async fn world_with(scratch: Scratch, policies: &Files) -> World {
    let folder = tempfile::tempdir().unwrap();
    let (clock, random) = (Arc::new(ManualClock::at(NOW)), Arc::new(SeededRandom::new(11)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());

    let keys = folder.path().join("keys");
    Keyring::create(&keys, random.as_ref(), Millis(0)).unwrap();
    let ring = Keyring::load(&keys).unwrap();
    let store = scratch.store.clone();
    let vault = Vault::new(store.clone(), &ring, clock.clone(), random.clone());
    let objects = Objects::open(&folder.path().join("log")).unwrap();
    let log = Log::new("log.example/minhbach", ring.log, store.clone(), objects, None, clock.clone());
    let register =
        Arc::new(Register::load(policies, Options { relative_to: Some(NOW) }).map_err(|_| ()).unwrap());
    scratch.activate(register.bundle_version()).await;
    let agencies = AGENCIES.iter().map(|agency| Agency {
        id: agency.id.to_owned(),
        name: Text { vi: agency.vi.to_owned(), en: agency.en.to_owned() },
        contact: Contact {
            name: "Người phụ trách bảo vệ dữ liệu".to_owned(),
            phone: "024 0000 0015".to_owned(),
            email: "hoi@thu-nghiem.example".to_owned(),
            address: None,
        },
    });
    let (_, telemetry) = build(&TelemetryConfig::default(), None, std::io::sink, false).unwrap();
    let engines = Engines {
        addresses: Arc::new(Addresses { issuer: base.clone(), data: format!("{base}/data") }),
        vault,
        appender: Appender::start(store.clone(), Arc::new(|_, _| {})),
        log: log.unwrap(),
        bundle: register.bundle_version().into(),
        register,
        registry: Registry::new(store.clone(), agencies),
        tokens: Tokens::new(&base, keys, ring.tokens, ring.receipts),
        calendar: Arc::default(),
        metrics: telemetry.metrics(),
        clock: clock.clone(),
        random: random.clone(),
        store,
    };

    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let client = idp::Client {
        id: "minhbach".to_owned(),
        secret: Secret::new("bi-mat".to_owned()),
        redirect_uris: vec![format!("{base}{}", portal::CALLBACK)],
        post_logout_redirect_uris: vec![format!("{base}{}", portal::SIGNED_OUT)],
        backchannel_logout_uri: Some(format!("{base}{}", portal::BACKCHANNEL_LOGOUT)),
    };
    let settings = idp::Settings {
        address: "127.0.0.1:0".parse().unwrap(),
        key: SigningKey::from_pkcs8(Algorithm::Es256, &key).unwrap(),
        clients: vec![client],
    };
    let idp = IdentityProvider::start(settings, clock.clone(), random).unwrap();
    let desk = Desk {
        providers: providers(&idp, &base),
        secure_cookies: false,
        service_name: Text { vi: "Trung tâm Thử".to_owned(), en: "Test Centre".to_owned() },
        hotline: "1900 0000".to_owned(),
        hours: Text::default(),
        sign_ins: Limit::new(1000, Duration::from_mins(1)),
        behind_proxy: false,
        demonstration: true,
    };
    let (_, guard) = build(&TelemetryConfig::default(), None, std::io::sink, false).unwrap();
    let state = Data::new(State {
        verifications: Limit::new(1, Duration::from_mins(1)),
        gateway: Gateway::new(engines.clone(), Sources::open(Vec::new(), folder.path()).unwrap(), 1),
        nonces: NonceKey::new([0; 32]),
        refusals: Limit::new(1000, Duration::from_mins(1)),
        prompting: Prompting {
            national_id_hints: false,
            per_citizen_per_day: 10,
            per_client: Limit::new(1000, Duration::from_mins(1)),
        },
        auditors: Vec::new(),
        telemetry: Arc::new(guard),
        publishing: Publishing::default(),
        engines: engines.clone(),
        desk,
    });
    let server = HttpServer::new(move || App::new().app_data(state.clone()).configure(portal::routes))
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    World { engines, clock, idp, base, scratch, server: handle, _folder: folder }
}

fn providers(idp: &IdentityProvider, base: &str) -> Vec<Arc<Provider>> {
    let options = http::Options { trust: http::Trust::Nobody, ..http::Options::default() };
    let exchange = Exchange::new(http::client_with(&options).unwrap());
    let roles = [
        (Realm::Citizens, "\"citizen\"\nclaims = { national_id = \"national_id\" }".to_owned()),
        (Realm::Agency(POLICE.to_owned()), format!("{{ official = {{ agency = \"{POLICE}\" }} }}")),
        (Realm::Compliance(POLICE.to_owned()), format!("{{ compliance = {{ agency = \"{POLICE}\" }} }}")),
        (
            Realm::Compliance("ubnd-phuong-mau".to_owned()),
            "{ compliance = { agency = \"ubnd-phuong-mau\" } }".to_owned(),
        ),
    ];
    roles
        .into_iter()
        .map(|(realm, role)| {
            let config = format!(
                "issuer = \"{}\"\nclient_id = \"minhbach\"\ndisplay_name = {{ vi = \"Nơi thử\", en = \"Trial\" }}\n\
                 authentication = {{ client_secret_basic = {{ client_secret = \"bi-mat\" }} }}\n\
                 acr = {{ loa2 = 2, loa3 = 3 }}\nrole = {role}",
                idp.issuer(&realm)
            );
            let callback = format!("{base}{}", portal::CALLBACK).parse().unwrap();
            let config = toml::from_str(&config).unwrap();
            Arc::new(Provider::new(config, callback, exchange.clone()).unwrap())
        })
        .collect()
}

impl World {
    pub(super) async fn person(&self, national_id: &str) -> Subject {
        self.engines.vault.citizen(&NationalId::parse(national_id.to_owned()).unwrap()).await.unwrap()
    }

    /// Appends an entry about somebody; gives its id.
    pub(super) async fn happened(&self, national_id: &str, kind: Kind, facts: Facts) -> Uuid {
        let subject = self.person(national_id).await;
        let event = Event { id: self.engines.id(), at: self.engines.now(), kind, subject, facts };
        self.engines.record(event).await.unwrap().id
    }

    pub(super) async fn publish(&self) {
        let mut publisher = Publisher::start(self.engines.log.clone(), Uuid::from_u128(1)).await.unwrap();
        publisher.publish().await.unwrap();
    }

    /// Somebody's entries of a kind, newest first, with what they say.
    pub(super) async fn entries(&self, national_id: &str, kind: Kind) -> Vec<Facts> {
        let person = self.person(national_id).await;
        let rows: Vec<Entry> = self.engines.store.chain(person.id(), i64::MAX, 10_000).await.unwrap();
        let own = rows.into_iter().filter(|row| row.kind == kind.as_str());
        own.map(|row| crate::ledger::entry::open(&row, &person).unwrap().0.facts).collect()
    }

    /// Makes every append fail, or work again; reading goes on.
    pub(super) async fn break_ledger(&self, broken: bool) {
        let sql =
            if broken { "UPDATE head SET size = size + 1000" } else { "UPDATE head SET size = size - 1000" };
        let mut tx = self.scratch.store.begin().await.unwrap();
        crate::store::on!(&mut tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) fn browser(&self) -> Browser {
        let options = http::Options { trust: http::Trust::Nobody, ..http::Options::default() };
        let http = http::client_with(&options).unwrap();
        Browser { http, base: self.base.clone(), jar: Mutex::default() }
    }

    /// A browser in which somebody has signed in.
    pub(super) async fn signed_in(&self, slug: &str, login: &str, password: &str) -> Browser {
        let browser = self.browser();
        let arrived = browser.sign_in(slug, login, password, "/log").await;
        assert_eq!(
            (arrived.status, arrived.location.as_str()),
            (StatusCode::SEE_OTHER, "/log"),
            "{}",
            arrived.body
        );
        browser
    }

    pub(super) async fn citizen(&self, n: usize) -> Browser {
        let person = crate::demo::people::CITIZENS[n];
        self.signed_in("citizen", person.login, person.password).await
    }
}

/// Facts of an ordinary access by the police.
pub(super) fn facts(engines: &Engines, fields: &[&str]) -> Facts {
    let purpose = engines.register.catalogue().purpose("driver.licence_renewal").unwrap();
    Facts {
        agency: Some(POLICE.to_owned()),
        basis: Some("statutory".to_owned()),
        bundle: Some(engines.bundle.to_string()),
        case: Some("H08.2026.000123".to_owned()),
        client: Some("csgt-mot-cua".to_owned()),
        decision: Some("allow".to_owned()),
        fields: fields.iter().map(|f| (*f).to_owned()).collect(),
        official: Some("cb-0042".to_owned()),
        official_how: Some("asserted".to_owned()),
        purpose: Some(purpose.id.clone()),
        purpose_version: Some(purpose.version.clone()),
        rules: vec!["driver.licence_renewal.statutory".to_owned()],
        ..Facts::default()
    }
}

pub(super) struct Browser {
    http: reqwest::Client,
    base: String,
    pub(super) jar: Mutex<BTreeMap<String, String>>,
}

pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: header::HeaderMap,
    pub(super) location: String,
    pub(super) body: String,
}

impl Page {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }

    /// The value of the first hidden field of that name.
    pub(super) fn hidden(&self, name: &str) -> String {
        let rest = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
        rest.and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("{}", self.body)).to_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    fn address(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    pub(super) async fn get(&self, path: &str) -> Page {
        self.get_with(path, &[]).await
    }

    pub(super) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.send(self.http.get(self.address(path)), headers).await
    }

    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        self.post_with(path, form, &[]).await
    }

    pub(super) async fn post_with(
        &self,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        self.send(self.http.post(self.address(path)).form(form), headers).await
    }

    pub(super) async fn send(&self, request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> Page {
        let cookies: Vec<String> =
            self.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header(header::COOKIE, cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.read(request.send().await.unwrap()).await
    }

    pub(super) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.address(path))
    }

    async fn read(&self, response: Response) -> Page {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.jar.lock().unwrap();
            if cookie.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let location = headers.get(header::LOCATION).map_or("", |l| l.to_str().unwrap()).to_owned();
        Page { status, headers, location, body: response.text().await.unwrap() }
    }

    /// From the choice to the issuer's answer, not yet followed.
    pub(super) async fn answered(&self, slug: &str, login: &str, password: &str, back: &str) -> String {
        let choice = self.get("/sign-in").await;
        assert_eq!(choice.status, StatusCode::OK);
        // The last: whoever is signed in already has forms of her own above it.
        let csrf = choice.body.rsplit("name=\"csrf\" value=\"").next().unwrap().split('"').next().unwrap();
        let out = self.post("/sign-in", &[("csrf", csrf), ("issuer", slug), ("return_to", back)]).await;
        assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.body);
        let url: Url = out.location.parse().unwrap();
        assert!(choice.header("content-security-policy").contains(&url.origin().ascii_serialization()));
        self.at_issuer(&url, login, password, &[]).await
    }

    /// Fills in the issuer's form, `more` beside name and password; gives the way back, not yet followed.
    pub(super) async fn at_issuer(
        &self,
        url: &Url,
        login: &str,
        password: &str,
        more: &[(&str, &str)],
    ) -> String {
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.push(("login".to_owned(), login.to_owned()));
        form.push(("password".to_owned(), password.to_owned()));
        form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut endpoint = url.clone();
        endpoint.set_query(None);
        let back = self.post(endpoint.as_str(), &form).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
        back.location
    }

    pub(super) async fn sign_in(&self, slug: &str, login: &str, password: &str, back: &str) -> Page {
        let callback = self.answered(slug, login, password, back).await;
        self.get(&callback).await
    }
}
