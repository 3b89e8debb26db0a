//! What anyone may read: the home page, the log's page, style sheet and fonts.

use actix_web::{HttpRequest, HttpResponse, http::header, web};

use super::{error::Failure, view::said, visit::Visit};
use crate::{
    http::pages::{
        assets,
        headers::{CACHE_IMMUTABLE, CACHE_PUBLIC, SECURITY_HEADERS},
        home::{Home, Source},
        log::Log,
    },
    i18n::{date, day_start},
    ledger::publisher::CHECKPOINT,
    time::Millis,
};

/// `GET /`.
pub(super) async fn home(visit: Visit) -> HttpResponse {
    let lang = visit.lang;
    let sources = visit.state.engines.register.catalogue().sources.values().map(|source| Source {
        name: said(lang, &source.name),
        holder: said(lang, &source.holder),
        since: day_start(&source.since.to_string(), 0).map_or_else(String::new, |at| date(lang, at)),
    });
    let page = Home { page: visit.layout(), sources: sources.collect() };
    visit.answer(visit.page(&page))
}

/// `GET /log`.
pub(super) async fn log(visit: Visit) -> HttpResponse {
    visit.answer(log_page(&visit).await)
}

async fn log_page(visit: &Visit) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let log = &engines.log;
    let bytes = log.objects.get(CHECKPOINT).await?;
    let size = match &bytes {
        Some(bytes) => log.open("published checkpoint", bytes)?.size(),
        None => 0,
    };
    let at = engines.store.checkpoints(i64::try_from(size).unwrap_or(i64::MAX), 1).await?.pop();
    let page = Log {
        page: visit.layout(),
        checkpoint: bytes.map_or_else(String::new, |bytes| String::from_utf8_lossy(&bytes).into_owned()),
        size,
        published_at: at.map_or(Millis(0), |row| Millis(row.at)),
        verifier_key: log.verifier().to_string(),
        base_url: engines.addresses.issuer.clone(),
    };
    visit.page(&page)
}

/// `GET /assets/{name}`.
/// The same for everybody: nobody looks who is signed in.
pub(super) async fn asset(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    serve(&request, &name)
}

/// `GET /favicon.ico`: browsers ask for it whatever the page says.
pub(super) async fn favicon(request: HttpRequest) -> HttpResponse {
    serve(&request, "icon.svg")
}

fn serve(request: &HttpRequest, name: &str) -> HttpResponse {
    let Some(asset) = assets::get(name) else { return HttpResponse::NotFound().finish() };
    let known = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let unchanged = known.flat_map(|value| value.split(',')).any(|etag| {
        let etag = etag.trim();
        etag.strip_prefix("W/").unwrap_or(etag) == asset.etag
    });
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    for pair in SECURITY_HEADERS {
        response.insert_header(pair);
    }
    response
        .insert_header((header::CACHE_CONTROL, if asset.immutable { CACHE_IMMUTABLE } else { CACHE_PUBLIC }))
        .insert_header((header::ETAG, asset.etag));
    if unchanged {
        return response.finish();
    }
    response.content_type(asset.content_type).body(asset.bytes.into_owned())
}
