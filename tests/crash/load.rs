//! Eight callers flat out: tokens and data, until they are told to stop or nobody answers any more.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use minhbach::{
    crypto::SystemRandom,
    demo::{
        agency::{Agency, Reply, text},
        people::CITIZENS,
        walk::detail,
    },
    jose::PrivateJwk,
    outbound::{self, exchange::Exchange},
    time::SystemClock,
};
use opentelemetry_http::Request;
use serde_json::Value;
use tokio::{sync::Notify, task::JoinSet};
use uuid::Uuid;

const CALLERS: usize = 8;
const FIELDS: &[&str] = &["person.full_name", "driver.licence_class"];

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// The `jti` of every token that was released.
    pub(crate) tokens: Vec<Uuid>,
    /// The entry named in the receipt of every answer with data.
    pub(crate) receipts: Vec<Uuid>,
    /// Everything else, by status and code.
    pub(crate) others: BTreeMap<String, usize>,
}

impl Tally {
    /// How many answers were of one kind.
    pub(crate) fn others(&self, kind: &str) -> usize {
        self.others.get(kind).copied().unwrap_or_default()
    }

    /// All refusals are of these kinds.
    pub(crate) fn only(&self, kinds: &[&str]) {
        let strange = self.others.keys().find(|kind| !kinds.contains(&kind.as_str()));
        assert!(strange.is_none(), "{:?}", self.others);
    }
}

#[derive(Default)]
struct Shared {
    tally: Mutex<Tally>,
    changed: Notify,
    stop: AtomicBool,
}

/// The callers at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    callers: JoinSet<()>,
}

impl Load {
    /// Starts them as the first client of a kit, against a service at `issuer`.
    pub(crate) fn start(kit: &Value, issuer: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let key = Arc::new(PrivateJwk::parse(kit.pointer("/clients/0/private_jwk").unwrap()).unwrap());
        let client_id: Arc<str> = text(kit, "/clients/0/client_id").unwrap().into();
        let issuer: Arc<str> = issuer.into();
        let http = Exchange::new(outbound::http::client().unwrap());
        let mut callers = JoinSet::new();
        for n in 0..CALLERS {
            let (shared, key, http) = (Arc::clone(&shared), Arc::clone(&key), http.clone());
            let (client_id, issuer) = (Arc::clone(&client_id), Arc::clone(&issuer));
            callers.spawn(async move {
                let random = SystemRandom::default();
                let agency = Agency {
                    issuer: &issuer,
                    client_id: &client_id,
                    key: &key,
                    http: &http,
                    clock: &SystemClock,
                    random: &random,
                };
                let national_id = CITIZENS.get(n % 3).unwrap().national_id;
                while !shared.stop.load(Ordering::Relaxed) {
                    if shared.round(&agency, national_id).await.is_none() {
                        break;
                    }
                }
                shared.changed.notify_waiters();
            });
        }
        Self { shared, callers }
    }

    /// What has come back so far.
    pub(crate) fn tally(&self) -> Tally {
        self.shared.tally.lock().unwrap().clone()
    }

    /// Waits for enough of something.
    pub(crate) async fn until(&self, enough: impl Fn(&Tally) -> bool) {
        let wait = async {
            loop {
                let changed = self.shared.changed.notified();
                if enough(&self.shared.tally.lock().unwrap()) {
                    return;
                }
                changed.await;
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(30), wait).await;
        assert!(came.is_ok(), "not enough came back: {:?}", self.tally().others);
    }

    /// Lets every caller finish its round; what came back altogether.
    pub(crate) async fn end(mut self) -> Tally {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(caller) = self.callers.join_next().await {
            caller.unwrap();
        }
        self.tally()
    }
}

impl Shared {
    fn note(&self, write: impl FnOnce(&mut Tally)) {
        write(&mut self.tally.lock().unwrap());
        self.changed.notify_waiters();
    }

    fn other(&self, reply: &Reply) {
        let code = ["/reason", "/code"].iter().find_map(|at| text(&reply.body, at).ok()).unwrap_or("");
        self.note(|tally| *tally.others.entry(format!("{} {code}", reply.status)).or_default() += 1);
    }

    /// One token and its data; `None` when nobody answers.
    async fn round(&self, agency: &Agency<'_>, national_id: &str) -> Option<()> {
        let reply = agency.token(&detail(national_id, FIELDS)).await.ok()?;
        if reply.status != 200 {
            self.other(&reply);
            return Some(());
        }
        let token = text(&reply.body, "/access_token").unwrap();
        let jti = jti(token);
        self.note(|tally| tally.tokens.push(jti));
        let reply = agency.data(token).await.ok()?;
        if reply.status == 200 {
            let entry = text(&reply.body, "/receipt/entry").unwrap().parse().unwrap();
            self.note(|tally| tally.receipts.push(entry));
        } else {
            self.other(&reply);
        }
        Some(())
    }
}

fn jti(token: &str) -> Uuid {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    text(&claims, "/jti").unwrap().parse().unwrap()
}

/// Waits until `/readyz` answers with this status.
pub(crate) async fn readiness(issuer: &str, status: u16) {
    let http = Exchange::new(outbound::http::client().unwrap());
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let asked = async {
        loop {
            tick.tick().await;
            let request = Request::get(format!("{issuer}/readyz")).body(Vec::new()).unwrap();
            if http.send(request).await.is_ok_and(|answer| answer.status() == status) {
                return;
            }
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(30), asked).await;
    assert!(came.is_ok(), "/readyz never answered {status}");
}
