//! Signing in: the choice, the way out to the issuer, and the way back.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{Form, Query},
};
use serde::Deserialize;

use super::{
    cookies::Cookie,
    error::Failure,
    view::said,
    visit::{Visit, form, query},
};
use crate::{
    domain::catalogue::Text,
    http::pages::signing::{Group, Issuer, Role, SignIn},
    login::{
        CallbackParams, IssuerRole, LoginError, Provider, ReturnTo, begin, finish,
        session::{self, begin_session, keep_pending, take_pending},
    },
};

/// How long the page waits for issuers it has not spoken to yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// `?return_to=`.
#[derive(Deserialize)]
pub(super) struct Back {
    return_to: Option<String>,
}

/// The form of a choice.
#[derive(Deserialize)]
pub(super) struct Choice {
    csrf: String,
    issuer: String,
    return_to: Option<String>,
    /// From the page that asks for a stronger sign-in: how strong.
    assurance: Option<u8>,
}

/// `GET /sign-in`.
pub(super) async fn choose(visit: Visit, back: Result<Query<Back>, actix_web::Error>) -> HttpResponse {
    let shown = choice(&visit, back).await;
    visit.answer(shown)
}

async fn choice(visit: &Visit, back: Result<Query<Back>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let desk = &visit.state.desk;
    let (browser, new) = prepare(visit).await;
    let issuers = |role: fn(&IssuerRole) -> bool| {
        let own = desk.slugs().filter(move |(_, provider)| role(&provider.config().role));
        own.map(|(id, provider)| Issuer { id, label: label(visit, provider) }).collect::<Vec<_>>()
    };
    let groups = [
        Group { role: Role::Citizen, issuers: issuers(|role| matches!(role, IssuerRole::Citizen)) },
        Group { role: Role::Official, issuers: issuers(|role| matches!(role, IssuerRole::Official { .. })) },
        Group {
            role: Role::Compliance,
            issuers: issuers(|role| matches!(role, IssuerRole::Compliance { .. })),
        },
    ];
    let return_to = query(back)?.return_to.and_then(|path| ReturnTo::parse(&path).ok());
    let page = SignIn {
        page: visit.layout(),
        csrf: visit.browser_token(&browser),
        return_to: return_to.map_or_else(String::new, String::from),
        groups: groups.into_iter().filter(|group| !group.issuers.is_empty()).collect(),
    };
    with_browser(visit, StatusCode::OK, &page, &browser, new)
}

/// Makes ready for a page that signs in: the browser's cookie, and whether it is new.
pub(super) async fn prepare(visit: &Visit) -> (String, bool) {
    let now = visit.state.engines.now();
    // Their addresses stand in the page's policy: a browser follows the form's redirect only there.
    let providers = visit.state.desk.providers.iter();
    let known = futures_util::future::join_all(providers.map(|provider| provider.discover(now)));
    // Whoever does not answer now may do so when chosen, and the failure is said then.
    drop(tokio::time::timeout(PATIENCE, known).await);
    match &visit.browser {
        Some(browser) => (browser.clone(), false),
        None => (visit.state.engines.random.token(), true),
    }
}

/// A page that signs in, with the browser's cookie where that is new.
pub(super) fn with_browser(
    visit: &Visit,
    status: StatusCode,
    page: &impl askama::Template,
    browser: &str,
    new: bool,
) -> Result<HttpResponse, Failure> {
    let html = crate::http::pages::render(page)?;
    let mut response = visit.personal(HttpResponse::build(status));
    if new {
        visit.set(&mut response, Cookie::Browser, browser);
    }
    Ok(response.content_type("text/html; charset=utf-8").body(html))
}

/// The issuers that can say of a citizen who she is as surely as that.
pub(super) fn citizen_issuers(visit: &Visit, assurance: u8) -> Vec<Issuer> {
    let able = |provider: &Provider| {
        let config = provider.config();
        matches!(config.role, IssuerRole::Citizen) && config.acr.values().any(|level| *level >= assurance)
    };
    let own = visit.state.desk.slugs().filter(|(_, provider)| able(provider));
    own.map(|(id, provider)| Issuer { id, label: label(visit, provider) }).collect()
}

/// What the button of an issuer says.
pub(super) fn label(visit: &Visit, provider: &Provider) -> String {
    let name = &provider.config().display_name;
    said(visit.lang, &Text { vi: name.vi.clone(), en: name.en.clone() })
}

/// `POST /sign-in`: off to the issuer chosen.
pub(super) async fn begin_one(visit: Visit, choice: Result<Form<Choice>, actix_web::Error>) -> HttpResponse {
    let begun = leave(&visit, choice).await;
    visit.answer(begun)
}

async fn leave(
    visit: &Visit,
    choice: Result<Form<Choice>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let choice = form(choice)?;
    let browser = visit.check_browser_form(&choice.csrf)?;
    let sign_ins = &visit.state.desk.sign_ins;
    if sign_ins.is_reached(&visit.address) {
        return Err(Failure::TooMany);
    }
    sign_ins.count(&visit.address);
    let provider = visit.state.desk.by_slug(&choice.issuer).ok_or(Failure::Malformed)?;
    if choice.assurance.is_some_and(|level| !(1..=4).contains(&level)) {
        return Err(Failure::Malformed);
    }
    // A path of ours or the role's own page: a forged one leads nowhere (RFC 9700 §4.11.1).
    let asked = choice.return_to.as_deref().and_then(|path| ReturnTo::parse(path).ok());
    let return_to = match asked {
        Some(path) => path,
        None => ReturnTo::parse(match provider.config().role {
            IssuerRole::Citizen => "/me",
            IssuerRole::Official { .. } => "/official/emergencies",
            IssuerRole::Compliance { .. } => "/compliance",
        })?,
    };
    let engines = &visit.state.engines;
    let (now, random) = (engines.now(), engines.random.as_ref());
    // What the form demands is kept here and compared with the answer; who lowers it is asked again by the next page.
    let (to, pending) = begin(provider, now, random, return_to, choice.assurance).await?;
    keep_pending(engines, &pending, browser).await?;
    Ok(visit.redirect(to.as_str()))
}

/// `GET /sign-in/callback`: back from the issuer.
pub(super) async fn callback(
    visit: Visit,
    params: Result<Query<CallbackParams>, actix_web::Error>,
) -> HttpResponse {
    let finished = arrive(&visit, params).await;
    visit.answer(finished)
}

async fn arrive(
    visit: &Visit,
    params: Result<Query<CallbackParams>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let params = query(params)?;
    let engines = &visit.state.engines;
    let (Some(state), Some(browser)) = (&params.state, &visit.browser) else {
        return Err(LoginError::StateMismatch.into());
    };
    // Taken out before it is used: an answer counts once.
    let pending = take_pending(engines, state, browser).await?.ok_or(LoginError::StateMismatch)?;
    let provider: &Arc<Provider> =
        visit.state.desk.by_issuer(&pending.issuer).ok_or(LoginError::IssuerMismatch)?;
    let person = finish(provider, &pending, &params, engines.now(), engines.random.as_ref()).await?;
    let cookie = begin_session(engines, &person).await?;
    if let Some(old) = &visit.cookie {
        session::end(engines, old).await?;
    }
    let mut response = visit.personal(HttpResponse::SeeOther());
    visit.set(&mut response, Cookie::Session, cookie.expose());
    visit.remove(&mut response, Cookie::Browser);
    Ok(response.insert_header((header::LOCATION, pending.return_to.as_str())).finish())
}
