//! Asking for consent as agencies do, and answering as a citizen would in the portal.

use minhbach::{
    consent::{self, Consent},
    domain::{
        consent::{Act, Actor, Capacity},
        record::{Facts, Kind},
        subject::{NationalId, Subject},
    },
    ledger::entry,
    oauth::{self, Read, Said, grants::Older},
    protocol::pkce,
    store::append::{Change, Command},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ISSUER, TestApp,
    client::{Caller, Form},
    detail::CITIZEN,
    jws,
    reply::Reply,
};

/// A PKCE verifier.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The cookie of the browser in which the citizen arrives and answers.
pub(crate) const BROWSER: &str = "trinh-duyet-cua-cong-dan";
/// The grant of CIBA.
pub(crate) const CIBA: &str = "urn:openid:params:grant-type:ciba";

/// To verify a bank's customer: one token.
pub(crate) fn verification() -> Value {
    json!({
        "type": "urn:minhbach:personal-data", "purpose": "private.bank_verification",
        "subject": { "national_id": CITIZEN }, "actions": ["read"],
        "datatypes": ["person.id_number", "person.full_name", "person.birth_date"],
        "basis": "consent", "case": "GD.2026.000123",
    })
}

/// To remind somebody: many tokens in a year, here one each day at most.
pub(crate) fn reminder(uses: u32) -> Value {
    json!({
        "type": "urn:minhbach:personal-data", "purpose": "notify.proactive_reminder",
        "subject": { "national_id": CITIZEN }, "actions": ["read"],
        "datatypes": ["driver.expiry_date", "passport.expiry_date"],
        "basis": "consent", "limits": { "max_uses": uses },
    })
}

/// The citizen herself, strongly signed in.
pub(crate) fn herself() -> Actor {
    Actor { capacity: Capacity::Own, assurance: Some(3), ..Actor::system() }
}

impl TestApp {
    /// Registers a client anew, with another profile. Nodes look at the register twice a second.
    pub(crate) async fn reregister(&self, client_id: &str, change: impl FnOnce(&mut Value)) {
        let engines = self.engines();
        let mut row = engines.store.client(client_id).await.unwrap().unwrap();
        let mut profile: Value = serde_json::from_str(&row.profile).unwrap();
        change(&mut profile);
        row.profile = profile.to_string();
        let (id, at, subject) = (engines.id(), engines.now(), self.citizen().await);
        let event = entry::Event { id, at, kind: Kind::ClientRegistered, subject, facts: Facts::default() };
        let command = Command { changes: vec![Change::PutClient(Box::new(row))], ..Command::default() };
        engines.record_with(event, command).await.unwrap();
    }

    pub(crate) fn bank(&self) -> Caller<'_> {
        self.caller("ngan-hang.xac-minh")
    }

    pub(crate) fn ward(&self) -> Caller<'_> {
        self.caller("ubnd.cong-dan")
    }

    /// What the citizen finds waiting, the newest.
    pub(crate) async fn waiting(&self) -> Option<Consent> {
        let subject = self.citizen().await;
        consent::waiting(self.engines(), &subject).await.unwrap().into_iter().next()
    }

    /// The citizen most tests are about.
    pub(crate) async fn citizen(&self) -> Subject {
        let id = NationalId::parse(CITIZEN.to_owned()).unwrap();
        self.engines().vault.citizen(&id).await.unwrap()
    }

    /// The citizen's answer to what waits.
    pub(crate) async fn answers(&self, said: Said) -> oauth::Answered {
        let waiting = self.waiting().await.expect("nothing waits");
        let shown = ("vi", "<p>đúng những chữ này</p>".to_owned(), false);
        let read = self.reads(&waiting, shown).await;
        oauth::answer(self.engines(), &waiting, herself(), said, read).await.unwrap()
    }

    /// What she reads, in her browser.
    pub(crate) async fn reads(
        &self,
        consent: &Consent,
        shown: (&'static str, String, bool),
    ) -> Read<'static> {
        let older = oauth::grants::older(self.engines(), consent).await.unwrap();
        Read { shown, told: older.as_ref().map(Older::told), browser: Some(BROWSER) }
    }

    /// She does something to a consent afterwards.
    pub(crate) async fn does(&self, consent: Uuid, act: Act) {
        let engines = self.engines();
        let consent = consent::by_id(engines, consent).await.unwrap().unwrap();
        consent::end(engines, &consent, act, herself(), None).await.unwrap();
    }
}

impl Caller<'_> {
    /// The address citizens come back to.
    pub(crate) fn redirect_uri(&self) -> String {
        let client = self.app.config.clients.iter().find(|client| client.client_id == self.client_id);
        client.unwrap().redirect_uris[0].clone()
    }

    /// A good pushed request.
    pub(crate) fn push_form(&self, detail: &Value) -> Form {
        let mut form = self.authentication();
        form.extend([
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.redirect_uri()),
            ("code_challenge", pkce::challenge(VERIFIER)),
            ("code_challenge_method", "S256".to_owned()),
            ("state", "af0ifjsldkj".to_owned()),
            ("authorization_details", json!([detail]).to_string()),
        ]);
        form
    }

    /// A good pushed request for the citizen's own token.
    pub(crate) fn push_scopes(&self, scope: &str) -> Form {
        let mut form = self.push_form(&json!({}));
        form.retain(|pair| pair.0 != "authorization_details");
        form.push(("scope", scope.to_owned()));
        form
    }

    pub(crate) async fn push(&self, form: &[(&str, String)]) -> Reply {
        self.post_form("/oauth/par", form, &[]).await
    }

    /// A citizen arrives with a pushed request.
    pub(crate) async fn arrives(&self, request_uri: &str) -> Result<oauth::Arrival, oauth::Error> {
        let query = minhbach::protocol::authorize::AuthorizeQuery {
            client_id: self.client_id.to_owned(),
            request_uri: request_uri.to_owned(),
        };
        let reader = self.app.citizen().await;
        oauth::arrive(self.app.engines(), &query, &reader, BROWSER, async |_, _| true).await
    }

    /// From the push to the code in the redirect.
    pub(crate) async fn code(&self, form: &[(&str, String)], optional: &[&str]) -> (String, Consent) {
        let pushed = self.push(form).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        self.arrives(pushed.at("/request_uri")).await.unwrap();
        let optional = optional.iter().map(|&field| field.to_owned()).collect();
        let answered = self.app.answers(Said::Yes(optional)).await;
        let location = url::Url::parse(&answered.location.unwrap()).unwrap();
        let value = |name: &str| location.query_pairs().find(|pair| pair.0 == name).map(|pair| pair.1);
        assert_eq!(value("iss").as_deref(), Some(ISSUER));
        assert_eq!(value("state").as_deref(), Some("af0ifjsldkj"));
        (value("code").unwrap().into_owned(), answered.consent)
    }

    /// The exchange of a code.
    pub(crate) fn exchange(&self, code: &str) -> Form {
        let mut form = self.authentication();
        form.extend([
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.redirect_uri()),
            ("code_verifier", VERIFIER.to_owned()),
        ]);
        form
    }

    /// One more token on a grant.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Reply {
        let mut form = self.authentication();
        form.push(("grant_type", "refresh_token".to_owned()));
        form.push(("refresh_token", refresh_token.to_owned()));
        self.token_form(&form).await
    }

    /// A good backchannel request; the hint is a parameter of its own.
    pub(crate) fn absent_form(&self, detail: &Value, hint: (&'static str, &str)) -> Form {
        let mut form = self.authentication();
        form.extend([
            (hint.0, hint.1.to_owned()),
            ("binding_message", "Quầy 3, phiếu A-17".to_owned()),
            ("authorization_details", json!([detail]).to_string()),
        ]);
        form
    }

    pub(crate) async fn ask_absent(&self, form: &[(&str, String)]) -> Reply {
        self.post_form("/oauth/bc-authorize", form, &[]).await
    }

    pub(crate) async fn poll(&self, auth_req_id: &str) -> Reply {
        let mut form = self.authentication();
        form.push(("grant_type", CIBA.to_owned()));
        form.push(("auth_req_id", auth_req_id.to_owned()));
        self.token_form(&form).await
    }

    /// A token for the service's own endpoints.
    pub(crate) async fn service_token(&self, scope: &str) -> Reply {
        let mut form = self.authentication();
        form.push(("grant_type", "client_credentials".to_owned()));
        form.push(("scope", scope.to_owned()));
        self.token_form(&form).await
    }

    /// A request to one of the service's own endpoints.
    pub(crate) async fn own(&self, method: reqwest::Method, path: &str, token: &str) -> Reply {
        let address = path.split('?').next().unwrap_or_default();
        let mut claims = self.proof_claims(&format!("{ISSUER}{address}"), Some(token), None);
        claims["htm"] = method.as_str().into();
        let proof = jws::signed(&self.proof_header(), &claims, self.key);
        let request = self.app.http.request(method, format!("{}{path}", self.base));
        let request = request.header("authorization", format!("DPoP {token}")).header("dpop", proof);
        Reply::read(request.send().await.unwrap()).await
    }
}
