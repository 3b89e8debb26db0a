//! Signing out: here, at the issuer too, and when the issuer says so.

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Form, Path, Query},
};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    SIGNED_OUT,
    cookies::Cookie,
    error::Failure,
    sign_in::label,
    visit::{Visit, form, query},
};
use crate::{
    http::{State, pages::signing::SignedOut},
    login::{
        LoginError, claimed_issuer, logout_url,
        session::{self, Session, SessionError},
        verify_logout_token,
    },
};

/// The sign-out form.
#[derive(Deserialize)]
pub(super) struct Leave {
    csrf: String,
}

/// `?provider=`.
#[derive(Deserialize)]
pub(super) struct Left {
    provider: Option<String>,
}

/// What an issuer posts (Back-Channel Logout 1.0 §2.5).
#[derive(Deserialize)]
pub(super) struct Told {
    logout_token: String,
}

/// `POST /sign-out`.
pub(super) async fn sign_out(visit: Visit, leave: Result<Form<Leave>, actix_web::Error>) -> HttpResponse {
    let left = go(&visit, leave).await;
    visit.answer(left)
}

async fn go(visit: &Visit, leave: Result<Form<Leave>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let leave = form(leave)?;
    let Some(session) = &visit.session else { return Ok(visit.redirect(SIGNED_OUT)) };
    visit.check_form(&leave.csrf)?;
    if let Some(cookie) = &visit.cookie {
        session::end(&visit.state.engines, cookie).await?;
    }
    let mut response = visit.personal(HttpResponse::SeeOther());
    visit.remove(&mut response, Cookie::Session);
    Ok(response.insert_header((header::LOCATION, farewell(visit, session).await)).finish())
}

/// Where to go after the session here has ended: to the issuer, or to a page that says it may still know the person.
async fn farewell(visit: &Visit, session: &Session) -> String {
    let engines = &visit.state.engines;
    let found = visit.state.desk.slugs().find(|(_, p)| p.config().issuer == session.issuer);
    let Some((slug, provider)) = found else { return SIGNED_OUT.to_owned() };
    let back = Url::parse(&format!("{}{SIGNED_OUT}", engines.addresses.issuer));
    let (hint, sid) = (session.id_token.as_ref(), session.sid.as_deref());
    if let Ok(back) = back
        && let Ok(Some(to)) = logout_url(provider, hint, sid, back, engines.now()).await
    {
        return to.into();
    }
    format!("{SIGNED_OUT}?provider={slug}")
}

/// `GET /signed-out`.
pub(super) async fn signed_out(visit: Visit, left: Result<Query<Left>, actix_web::Error>) -> HttpResponse {
    let slug = query(left).ok().and_then(|left| left.provider).unwrap_or_default();
    let provider = visit.state.desk.by_slug(&slug).map_or_else(String::new, |p| label(&visit, p));
    visit.answer(visit.page(&SignedOut { page: visit.layout(), provider }))
}

/// `POST /logout/backchannel[/{slug}]`: an issuer ends sessions here (Back-Channel Logout 1.0 §2.5 to §2.8). Without a
/// slug the token says whose it is; whose keys verify it then follows from that.
pub(super) async fn backchannel(
    state: Data<State>,
    slug: Option<Path<String>>,
    told: Result<Form<Told>, actix_web::Error>,
) -> HttpResponse {
    let Ok(told) = form(told) else { return refused("the request holds no `logout_token`") };
    let provider = match &slug {
        Some(slug) => state.desk.by_slug(slug),
        None => claimed_issuer(&told.logout_token).and_then(|issuer| state.desk.by_issuer(&issuer)),
    };
    let Some(provider) = provider else { return refused("the issuer is unknown") };
    let engines = &state.engines;
    let token = match verify_logout_token(provider, &told.logout_token, engines.now()).await {
        Ok(token) => token,
        Err(error @ LoginError::Unavailable(_)) => {
            tracing::warn!(code = error.code(), "portal.backchannel_logout failed");
            return HttpResponse::ServiceUnavailable()
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .finish();
        }
        Err(error) => {
            tracing::warn!(code = error.code(), "portal.backchannel_logout refused");
            return refused(error.code());
        }
    };
    match session::end_by_logout_token(engines, &token).await {
        Ok(true) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).finish(),
        Ok(false) => refused("the token was used before"),
        Err(error) => unavailable(&error),
    }
}

fn refused(why: &str) -> HttpResponse {
    HttpResponse::BadRequest()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "error": "invalid_request", "error_description": why }))
}

fn unavailable(error: &SessionError) -> HttpResponse {
    tracing::error!(error = error as &dyn std::error::Error, "portal.backchannel_logout failed");
    HttpResponse::ServiceUnavailable().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}
