//! Stand-in web sites of agencies: the page a citizen comes back to after she was asked, and where events arrive.
//!
//! A page shows what came with the redirect (RFC 6749 §4.1.2, RFC 9207, JARM) and says plainly that it is a stand-in.
//! A code alone is worth nothing: redeeming it needs the client's key. Out of scope: redeeming it; in the
//! demonstration the agency's software does that elsewhere.

mod receiver;

use std::{
    fmt::Write as _,
    io,
    net::{Ipv4Addr, TcpListener},
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    web::{self, Data},
};

use super::{idp::escaped, people::AGENCIES};
use crate::outbound::exchange::Exchange;
use receiver::Receiver;
pub use receiver::Taken;

/// What a redirect may bring, with what it is called on the page.
const BROUGHT: &[(&str, &str, &str)] = &[
    ("code", "Mã một lần", "One-time code"),
    ("error", "Kết quả", "Result"),
    ("error_description", "Giải thích", "Explanation"),
    ("response", "Câu trả lời có chữ ký", "Signed answer"),
    ("iss", "Bên trả lời", "Answered by"),
    ("state", "Mã phiên của cơ quan", "The agency's own mark"),
];

/// Where the browser is sent back to at this agency's site.
#[must_use]
pub fn redirect_uri(origin: &str, agency: &str) -> String {
    format!("{origin}/{agency}/tro-ve")
}

/// The running sites, all on one port; dropping them stops them.
pub struct Sites {
    origin: String,
    receiver: Data<Receiver>,
    server: ServerHandle,
}

impl Sites {
    /// Starts them on a port of the loopback; 0 takes a free one. They take events of `issuer`, whose keys they fetch
    /// over `http`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, issuer: &str, http: Exchange) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
            io::Error::new(error.kind(), format!("port {port} for the agencies' sites: {error}"))
        })?;
        let origin = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let receiver = Data::new(Receiver::new(issuer, http));
        let shared = receiver.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(64 * 1024))
                .route("/{agency}/tro-ve", web::get().to(back))
                .route("/{agency}/su-kien", web::get().to(receiver::list))
                .route("/{agency}/su-kien/{client_id}", web::post().to(receiver::take))
                .default_service(web::to(async || nowhere()))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { origin, receiver, server: handle })
    }

    /// Where a client is told of events.
    #[must_use]
    pub fn events_uri(&self, agency: &str, client_id: &str) -> String {
        format!("{}/{agency}/su-kien/{client_id}", self.origin)
    }

    /// The events the sites took and acknowledged, oldest first.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.receiver.taken()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        // The command is sent by the call; the future only waits for its end.
        drop(self.server.stop(false));
    }
}

async fn back(agency: web::Path<String>, brought: web::Query<Vec<(String, String)>>) -> HttpResponse {
    let Some(agency) = AGENCIES.iter().find(|known| known.id == agency.as_str()) else { return nowhere() };
    let mut main = format!(
        "<h1>Ông/bà đã trở lại {} <span lang=\"en\">/ Back at {}</span></h1><dl>",
        escaped(agency.vi),
        escaped(agency.en)
    );
    for (name, vi, en) in BROUGHT {
        for (_, value) in brought.iter().filter(|(given, _)| given == name) {
            let _ = write!(
                main,
                "<dt>{vi} <span lang=\"en\">/ {en}</span></dt><dd><code id=\"{name}\">{}</code></dd>",
                escaped(value)
            );
        }
    }
    main.push_str("</dl>");
    page(StatusCode::OK, agency.vi, &main)
}

fn nowhere() -> HttpResponse {
    let main = "<h1>Không có trang này <span lang=\"en\">/ No such page</span></h1>";
    page(StatusCode::NOT_FOUND, "Không có trang này", main)
}

fn page(status: StatusCode, title: &str, main: &str) -> HttpResponse {
    let body = format!(
        "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{} (giả lập)</title>\
         <style>body{{font:1.125rem/1.5 sans-serif;max-width:40rem;margin:0 auto;padding:1rem}}\
         dd{{margin:0 0 1rem;overflow-wrap:anywhere}}</style></head><body>\
         <p><strong>Trang giả lập của cơ quan</strong> <span lang=\"en\">/ Stand-in for the agency's own site</span></p>\
         <main>{main}</main></body></html>",
        escaped(title)
    );
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header((
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .body(body)
}

#[cfg(test)]
mod tests;
