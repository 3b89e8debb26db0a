//! A browser without a screen: one jar of cookies, forms, and a sign-in at the stand-in identity provider.

use std::{collections::BTreeMap, sync::Mutex};

use minhbach::demo::people::{CITIZENS, COMPLIANCE, OFFICIALS};
use reqwest::RequestBuilder;

use super::{ISSUER, TestApp, reply::Reply};

/// Somebody's browser.
pub(crate) struct Browser<'a> {
    app: &'a TestApp,
    jar: Mutex<BTreeMap<String, String>>,
}

impl Reply {
    /// Where it leads.
    pub(crate) fn location(&self) -> String {
        self.header("location").to_owned()
    }

    /// The value of the first hidden field of that name.
    #[track_caller]
    pub(crate) fn hidden(&self, name: &str) -> String {
        let text = self.text();
        let rest = text.split(&format!("name=\"{name}\" value=\"")).nth(1);
        rest.and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    /// The page says all of these.
    #[track_caller]
    pub(crate) fn says(self, all: &[&str]) -> Self {
        let text = self.text();
        assert_eq!(self.status, 200, "{text}");
        for one in all {
            assert!(text.contains(one), "{one:?} is not in {text}");
        }
        self
    }
}

impl<'a> Browser<'a> {
    /// In which nobody has signed in.
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self { app, jar: Mutex::default() }
    }

    /// In which a citizen has signed in.
    pub(crate) async fn of_citizen(app: &'a TestApp, national_id: &str) -> Self {
        let person = CITIZENS.iter().find(|citizen| citizen.national_id == national_id).unwrap();
        Self::of(app, "citizen", person.login, person.password).await
    }

    /// In which an official has signed in at her agency.
    pub(crate) async fn of_official(app: &'a TestApp, id: &str) -> Self {
        let person = OFFICIALS.iter().find(|official| official.id == id).unwrap();
        Self::of(app, &format!("official-{}", person.agency), person.login, person.password).await
    }

    /// In which the compliance officer of an agency has signed in.
    pub(crate) async fn of_compliance(app: &'a TestApp, agency: &str) -> Self {
        let person = COMPLIANCE.iter().find(|officer| officer.agency == agency).unwrap();
        Self::of(app, &format!("compliance-{agency}"), person.login, person.password).await
    }

    async fn of(app: &'a TestApp, slug: &str, login: &str, password: &str) -> Self {
        let browser = Self::new(app);
        let arrived = browser.sign_in(slug, login, password).await;
        assert_eq!(arrived.status, 303, "{}", arrived.text());
        browser
    }

    /// From the choice of an issuer to the answer of the way back.
    pub(crate) async fn sign_in(&self, slug: &str, login: &str, password: &str) -> Reply {
        let csrf = self.get("/sign-in").await.hidden("csrf");
        let out = self.post("/sign-in", &[("csrf", &csrf), ("issuer", slug)]).await;
        assert_eq!(out.status, 303, "{}", out.text());
        let url: url::Url = out.location().parse().unwrap();
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.push(("login".to_owned(), login.to_owned()));
        form.push(("password".to_owned(), password.to_owned()));
        let mut endpoint = url.clone();
        endpoint.set_query(None);
        let answer = self.send(self.app.http.post(endpoint).form(&form)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.get(answer.location().strip_prefix(ISSUER).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.app.http.get(format!("{}{path}", self.app.base()))).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send(self.request(path, form)).await
    }

    /// A form that has not been sent yet.
    pub(crate) fn request(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.app.http.post(format!("{}{path}", self.app.base())).form(form)
    }

    /// Presses a button: the token of `page` and these fields.
    pub(crate) async fn press(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.get(page).await.hidden("csrf");
        let form = [&[("csrf", csrf.as_str())], fields].concat();
        self.post(path, &form).await
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        let cookies: Vec<String> =
            self.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; "));
        let reply = Reply::read(request.send().await.unwrap()).await;
        for cookie in reply.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.jar.lock().unwrap();
            if cookie.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }
}
