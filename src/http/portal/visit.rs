//! One request as every page needs it: in which language, by whom, from which page; and how it is answered.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder,
    dev::Payload,
    error::InternalError,
    http::{Method, StatusCode, header},
    web::{Data, Form, Query},
};
use futures_util::future::LocalBoxFuture;

use super::{
    cookies::Cookie,
    error::{self, Failure},
    person::{self, Acting},
    program, reading,
    view::said,
};
use crate::{
    crypto,
    history::{Officer, program::Opened},
    http::{
        State,
        pages::{
            self,
            headers::{CACHE_PERSONAL, CACHE_PUBLIC, SECURITY_HEADERS, content_security_policy},
            layout::{Layout, Operator, Visitor},
        },
    },
    i18n::Lang,
    login::session::{self, Session, SessionError, Who},
};

/// A request.
pub(super) struct Visit {
    pub(super) state: Data<State>,
    pub(super) lang: Lang,
    /// Path and query.
    pub(super) url: String,
    /// Who is signed in.
    pub(super) session: Option<Session>,
    /// For whom.
    pub(super) acting: Acting,
    /// Whose records software may read in this call, by her own token; then there is no session.
    pub(super) program: Option<Opened>,
    /// The session's cookie, live or not.
    pub(super) cookie: Option<String>,
    /// The network address the request comes from.
    pub(super) address: String,
    /// The browser's cookie of the sign-in form.
    pub(super) browser: Option<String>,
    /// The browser's cookie of having been sent here by an agency.
    pub(super) arrival: Option<String>,
    method: Method,
    /// The language asked for by `?lang=`, to be remembered.
    chosen: Option<Lang>,
    accept: String,
    /// Whether the browser says, or leaves open, that the request comes from a page of ours.
    same_site: bool,
}

impl FromRequest for Visit {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (visit, request) = (Self::unknown(request), request.clone());
        Box::pin(async move {
            let mut visit = visit?;
            if program::asks(&request) {
                let opened = program::open(&visit.state, &request).await;
                let refused = |response| InternalError::from_response("no program", response);
                visit.program = Some(opened.map_err(refused)?);
                return Ok(visit);
            }
            let found = match &visit.cookie {
                Some(cookie) => session::current(&visit.state.engines, cookie).await,
                None => Ok(None),
            };
            match found {
                Ok(session) => visit.session = session,
                // Written under keys we no longer have: nobody is signed in.
                Err(SessionError::Sealed) => {}
                Err(error) => {
                    let response = error::answer(&visit, &error.into());
                    return Err(InternalError::from_response("no session", response).into());
                }
            }
            match person::resolve(&visit).await {
                Ok(acting) => visit.acting = acting,
                Err(failure) => {
                    let response = error::answer(&visit, &failure);
                    return Err(InternalError::from_response("nobody to act for", response).into());
                }
            }
            if let Err(failure) = reading::note(&visit).await {
                let response = error::answer(&visit, &failure);
                return Err(InternalError::from_response("no entry", response).into());
            }
            Ok(visit)
        })
    }
}

impl Visit {
    /// The request before anybody has looked who it is.
    fn unknown(request: &HttpRequest) -> Result<Self, actix_web::Error> {
        let state = request.app_data::<Data<State>>().cloned();
        let state = state.ok_or_else(|| actix_web::error::ErrorInternalServerError("no state"))?;
        let secure = state.desk.secure_cookies;
        let text =
            |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let asked = url::form_urlencoded::parse(request.query_string().as_bytes())
            .find(|(name, _)| name == "lang")
            .and_then(|(_, tag)| Lang::parse(&tag));
        let remembered = Cookie::Lang.read(request, secure);
        let lang =
            asked.unwrap_or_else(|| Lang::negotiate(remembered.as_deref(), text(header::ACCEPT_LANGUAGE)));
        let origin = text(header::ORIGIN).filter(|origin| *origin != "null");
        let same_site = match text(header::HeaderName::from_static("sec-fetch-site")) {
            Some(site) => matches!(site, "same-origin" | "none"),
            // `no-referrer` makes browsers send `Origin: null` with our own forms (Fetch §3.2): the token decides.
            None => origin.is_none_or(|origin| origin == own_origin(&state)),
        };
        Ok(Self {
            lang,
            url: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            session: None,
            acting: Acting::No,
            program: None,
            cookie: Cookie::Session.read(request, secure),
            browser: Cookie::Browser.read(request, secure),
            arrival: Cookie::Arrival.read(request, secure),
            address: address(request, state.desk.behind_proxy),
            method: request.method().clone(),
            chosen: asked.filter(|asked| Some(asked.tag()) != remembered.as_deref()),
            accept: text(header::ACCEPT).unwrap_or_default().to_owned(),
            same_site,
            state,
        })
    }

    /// Whether it only reads.
    pub(super) fn is_reading(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// Whether programs speak here.
    pub(super) fn is_api(&self) -> bool {
        self.url.starts_with("/api/")
    }

    /// Whether JSON is asked for and no page is.
    pub(super) fn wants_json(&self) -> bool {
        let types = || self.accept.split(',').map(|item| item.split(';').next().unwrap_or_default().trim());
        types().any(|t| t == "application/json") && !types().any(|t| t == "text/html")
    }

    /// The compliance officer who looks, or why there is none.
    pub(super) fn officer(&self) -> Result<(&Session, Officer), Failure> {
        let session = self.session.as_ref().ok_or(Failure::NotSignedIn)?;
        match &session.who {
            Who::Compliance { agency, id, .. } => {
                let assurance = session.assurance;
                Ok((session, Officer { agency: agency.clone(), id: id.clone(), assurance }))
            }
            Who::Citizen { .. } | Who::Official { .. } => Err(Failure::WrongRole),
        }
    }

    /// The official who is signed in with her agency and code, or why there is none.
    pub(super) fn official(&self) -> Result<(&Session, &str, &str), Failure> {
        let session = self.session.as_ref().ok_or(Failure::NotSignedIn)?;
        match &session.who {
            Who::Official { agency, id, .. } => Ok((session, agency, id)),
            Who::Citizen { .. } | Who::Compliance { .. } => Err(Failure::WrongRole),
        }
    }

    /// Whether a form of a signed-in person comes from a page of ours: the browser says nothing else, and the
    /// session's token came back.
    pub(super) fn check_form(&self, token: &str) -> Result<(), Failure> {
        self.check_token(token, self.token())
    }

    /// The same before signing in, with the token made from the browser's cookie.
    pub(super) fn check_browser_form(&self, token: &str) -> Result<&str, Failure> {
        let browser = self.browser.as_deref().ok_or(Failure::FormExpired)?;
        self.check_token(token, Some(&self.browser_token(browser)))?;
        Ok(browser)
    }

    fn check_token(&self, token: &str, expected: Option<&str>) -> Result<(), Failure> {
        let right = expected.is_some_and(|own| crypto::equal(own.as_bytes(), token.as_bytes()));
        if right && self.same_site { Ok(()) } else { Err(Failure::FormExpired) }
    }

    /// The token of the sign-in form in the browser with this cookie.
    pub(super) fn browser_token(&self, browser: &str) -> String {
        let digest = self.state.engines.vault.lookup(&[b"sign-in-form", browser.as_bytes()]);
        crate::domain::record::hex(&digest)
    }

    /// The frame of a page.
    pub(super) fn layout(&self) -> Layout {
        let desk = &self.state.desk;
        let named = |name: &str, id: &str| if name.is_empty() { id.to_owned() } else { name.to_owned() };
        let visitor = self.session.as_ref().map_or(Visitor::Nobody, |session| {
            let csrf = self.token().unwrap_or_default().to_owned();
            match &session.who {
                Who::Citizen { last_three, .. } => Visitor::Citizen { national_id: last_three.clone(), csrf },
                Who::Official { name, id, .. } => Visitor::Official { name: named(name, id), csrf },
                Who::Compliance { name, id, .. } => Visitor::Compliance { name: named(name, id), csrf },
            }
        });
        Layout {
            lang: self.lang,
            url: self.url.clone(),
            visitor,
            acting: self.acting_for(),
            operator: Operator {
                name: said(self.lang, &desk.service_name),
                hotline: desk.hotline.clone(),
                hours: said(self.lang, &desk.hours),
                demonstration: desk.demonstration,
            },
        }
    }

    /// The answer to a request, whatever came of it.
    pub(super) fn answer(&self, result: Result<HttpResponse, Failure>) -> HttpResponse {
        result.unwrap_or_else(|failure| error::answer(self, &failure))
    }

    /// A page.
    pub(super) fn page(&self, page: &impl askama::Template) -> Result<HttpResponse, Failure> {
        self.html(StatusCode::OK, page)
    }

    /// A page with another status.
    pub(super) fn html(
        &self,
        status: StatusCode,
        page: &impl askama::Template,
    ) -> Result<HttpResponse, Failure> {
        let html = pages::render(page)?;
        let mut response = HttpResponse::build(status);
        self.dress(&mut response, status == StatusCode::OK && self.session.is_none());
        Ok(response.content_type("text/html; charset=utf-8").body(html))
    }

    /// A page whose form may lead to these sites too.
    pub(super) fn leading_to(
        &self,
        status: StatusCode,
        page: &impl askama::Template,
        sites: &[url::Url],
    ) -> Result<HttpResponse, Failure> {
        let html = pages::render(page)?;
        let mut response = self.personal(HttpResponse::build(status));
        let mut destinations = self.destinations();
        destinations.extend_from_slice(sites);
        response.insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy(&destinations)));
        Ok(response.content_type("text/html; charset=utf-8").body(html))
    }

    /// On to another page of ours, or of an issuer.
    pub(super) fn redirect(&self, to: &str) -> HttpResponse {
        self.personal(HttpResponse::SeeOther()).insert_header((header::LOCATION, to)).finish()
    }

    /// An answer that depends on who is signed in: kept by nobody.
    pub(super) fn personal(&self, mut response: HttpResponseBuilder) -> HttpResponseBuilder {
        self.dress(&mut response, false);
        response
    }

    /// An answer that is the same for all, but for its language and form.
    pub(super) fn public(&self, mut response: HttpResponseBuilder) -> HttpResponseBuilder {
        self.dress(&mut response, true);
        response
    }

    /// The headers of every answer.
    fn dress(&self, response: &mut HttpResponseBuilder, public: bool) {
        for pair in SECURITY_HEADERS {
            response.insert_header(pair);
        }
        response
            .insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy(&self.destinations())))
            .insert_header((header::VARY, "Cookie, Accept-Language, Accept"))
            .insert_header((header::CACHE_CONTROL, if public { CACHE_PUBLIC } else { CACHE_PERSONAL }));
        if let Some(lang) = self.chosen {
            self.set(response, Cookie::Lang, lang.tag());
        }
    }

    /// Where a form of ours may lead by redirect: the issuers.
    fn destinations(&self) -> Vec<url::Url> {
        self.state.desk.providers.iter().flat_map(|provider| provider.destinations()).collect()
    }

    /// Gives the browser a cookie.
    pub(super) fn set(&self, response: &mut HttpResponseBuilder, cookie: Cookie, value: &str) {
        let secure = self.state.desk.secure_cookies;
        response.append_header((header::SET_COOKIE, cookie.set(value, secure)));
    }

    /// Takes a cookie from the browser.
    pub(super) fn remove(&self, response: &mut HttpResponseBuilder, cookie: Cookie) {
        let secure = self.state.desk.secure_cookies;
        response.append_header((header::SET_COOKIE, cookie.remove(secure)));
    }
}

fn own_origin(state: &State) -> String {
    let issuer = url::Url::parse(&state.engines.addresses.issuer);
    issuer.map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

/// The query of a request, each parameter at most once.
pub(super) fn query<T>(query: Result<Query<T>, actix_web::Error>) -> Result<T, Failure> {
    query.map(Query::into_inner).map_err(|_| Failure::Malformed)
}

/// The form of a request, each field at most once.
pub(super) fn form<T>(form: Result<Form<T>, actix_web::Error>) -> Result<T, Failure> {
    form.map(Form::into_inner).map_err(|error| match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
        _ => Failure::Malformed,
    })
}

/// A cursor: a whole number from 1 on.
pub(super) fn cursor(before: Option<&str>) -> Result<Option<i64>, Failure> {
    match before.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => text.parse().ok().filter(|n: &i64| *n >= 0).map(Some).ok_or(Failure::Malformed),
    }
}

/// Where a request comes from; what a header says counts only behind a proxy of ours.
fn address(request: &HttpRequest, behind_proxy: bool) -> String {
    let info = request.connection_info();
    let said = if behind_proxy { info.realip_remote_addr() } else { info.peer_addr() };
    said.unwrap_or_default().to_owned()
}
