//! What the provider remembers, in memory: codes for a minute, sessions for a day.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Client, Realm, accounts::Account};
use crate::{
    crypto::{Random, SigningKey},
    outbound::http,
    time::{Clock, Millis},
};

const CODE_LIFETIME: Duration = Duration::from_mins(1);
const SESSION_LIFETIME: Duration = Duration::from_hours(24);
/// More than a demonstration ever needs; beyond it, new ones are refused rather than memory filled.
const LIMIT: usize = 100_000;

pub(super) struct State {
    pub(super) origin: String,
    pub(super) key: SigningKey,
    pub(super) clients: Vec<Client>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) http: http::Client,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    codes: HashMap<String, (Millis, Code)>,
    sessions: HashMap<String, Session>,
}

/// What an authorization code stands for (RFC 6749 §4.1.2).
#[derive(Clone)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) session: Session,
}

/// A signed-in browser.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) realm: Realm,
    pub(super) account: Account,
    /// What tokens call it; the cookie holds another secret.
    pub(super) sid: String,
    pub(super) auth_time: Millis,
    /// How she signed in.
    pub(super) acr: &'static str,
    /// The clients that were told of it, and are told of its end.
    clients: BTreeSet<String>,
}

impl State {
    pub(super) fn new(
        origin: String,
        key: SigningKey,
        clients: Vec<Client>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> io::Result<Self> {
        let options = http::Options {
            trust: http::Trust::Nobody,
            timeout: Some(Duration::from_secs(2)),
            ..http::Options::default()
        };
        let http = http::client_with(&options).map_err(io::Error::other)?;
        Ok(Self { origin, key, clients, clock, random, http, memory: Mutex::default() })
    }

    pub(super) fn issuer(&self, realm: &Realm) -> String {
        format!("{}/{}", self.origin, realm.path())
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// Opens a session; gives the cookie's value.
    pub(super) fn open_session(
        &self,
        realm: &Realm,
        account: Account,
        acr: &'static str,
    ) -> Option<(String, Session)> {
        let session = Session {
            realm: realm.clone(),
            account,
            sid: self.random.token(),
            auth_time: self.clock.now(),
            acr,
            clients: BTreeSet::new(),
        };
        let mut memory = self.memory();
        if memory.sessions.len() >= LIMIT {
            return None;
        }
        let cookie = self.random.token();
        memory.sessions.insert(cookie.clone(), session.clone());
        Some((cookie, session))
    }

    /// The live session of a cookie, in this realm only.
    pub(super) fn session(&self, realm: &Realm, cookie: &str) -> Option<Session> {
        self.memory().sessions.get(cookie).filter(|session| session.realm == *realm).cloned()
    }

    /// A code for a client to redeem, once, within a minute.
    pub(super) fn issue(&self, code: Code) -> Option<String> {
        let mut memory = self.memory();
        if memory.codes.len() >= LIMIT {
            return None;
        }
        for session in memory.sessions.values_mut().filter(|session| session.sid == code.session.sid) {
            session.clients.insert(code.client_id.clone());
        }
        let name = self.random.token();
        memory.codes.insert(name.clone(), (self.clock.now() + CODE_LIFETIME, code));
        Some(name)
    }

    /// What a code stands for; it is gone afterwards.
    pub(super) fn redeem(&self, code: &str) -> Option<Code> {
        self.memory().codes.remove(code).map(|(_, code)| code)
    }

    /// Ends the session of a realm that has this `sid`; gives it with the clients to tell.
    pub(super) fn end_by_sid(&self, realm: &Realm, sid: &str) -> Option<(Session, Vec<String>)> {
        self.end(|_, session| session.realm == *realm && session.sid == sid)
    }

    /// Ends the session of a cookie in this realm; gives it with the clients to tell.
    pub(super) fn end_by_cookie(&self, realm: &Realm, cookie: &str) -> Option<(Session, Vec<String>)> {
        self.end(|name, session| session.realm == *realm && name == cookie)
    }

    fn end(&self, which: impl Fn(&str, &Session) -> bool) -> Option<(Session, Vec<String>)> {
        let mut memory = self.memory();
        let name = memory.sessions.iter().find(|(name, session)| which(name, session))?.0.clone();
        let session = memory.sessions.remove(&name)?;
        let clients = session.clients.iter().cloned().collect();
        Some((session, clients))
    }

    /// The memory, without what has expired.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        let now = self.clock.now();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.codes.retain(|_, (until, _)| *until > now);
        memory.sessions.retain(|_, session| session.auth_time + SESSION_LIFETIME > now);
        memory
    }
}
