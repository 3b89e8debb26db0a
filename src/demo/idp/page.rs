//! The stand-in's pages: Vietnamese and English side by side, plain HTML, no script.

use std::fmt::Write as _;

use actix_web::{HttpResponse, HttpResponseBuilder, http::StatusCode};

use super::accounts::{self, Realm};

const STYLE: &str = "body{font:1.125rem/1.5 sans-serif;max-width:32rem;margin:0 auto;padding:1rem;color:#111;background:#fff}\
.banner{background:#fff3c4;border:2px solid #7a4b00;padding:.5rem 1rem}\
label{display:block;margin-top:1rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #555}\
button{font:inherit;margin-top:1rem;padding:.75rem 1.5rem;border:0;background:#0b4f8a;color:#fff}\
.tick{display:flex;gap:.75rem;align-items:center;margin:1rem 0 0}.tick input{width:1.5rem;height:1.5rem;flex:none}.tick label{margin:0}.error{color:#a40000;font-weight:bold}table{border-collapse:collapse;margin-top:.5rem}td,th{text-align:left;padding:.25rem .75rem .25rem 0;overflow-wrap:anywhere}";

/// The sign-in form. `hidden` are the parameters of the request, sent along again.
pub(super) fn sign_in(realm: &Realm, hidden: &[(&str, &str)], refused: bool) -> HttpResponse {
    let mut main = String::from("<h1>Đăng nhập <span lang=\"en\">/ Sign in</span></h1>");
    if refused {
        main.push_str(
            "<p class=\"error\" role=\"alert\">Sai tên đăng nhập hoặc mật khẩu. \
             <span lang=\"en\">Wrong sign-in name or password.</span></p>",
        );
    }
    let _ = write!(main, "<p>{}</p><form method=\"post\">", who(realm));
    for (name, value) in hidden {
        let _ = write!(main, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
    }
    main.push_str(
        "<label for=\"login\">Tên đăng nhập <span lang=\"en\">/ Sign-in name</span></label>\
         <input type=\"text\" id=\"login\" name=\"login\" autocomplete=\"username\" autocapitalize=\"none\" required>\
         <label for=\"password\">Mật khẩu <span lang=\"en\">/ Password</span></label>\
         <input type=\"password\" id=\"password\" name=\"password\" autocomplete=\"current-password\" required>\
         <p class=\"tick\"><input type=\"checkbox\" id=\"weak\" name=\"weak\"><label for=\"weak\">Chỉ dùng mật khẩu, mức thấp \
         <span lang=\"en\">/ By password alone, a weaker sign-in</span></label></p>\
         <button type=\"submit\">Đăng nhập <span lang=\"en\">/ Sign in</span></button></form>\
         <h2>Người mô phỏng <span lang=\"en\">/ Synthetic people</span></h2><table><thead><tr>\
         <th scope=\"col\">Tên</th><th scope=\"col\">Đăng nhập</th><th scope=\"col\">Mật khẩu</th></tr></thead><tbody>",
    );
    for account in accounts::of(realm) {
        let _ = write!(
            main,
            "<tr><td>{}</td><td><code>{}</code></td><td><code>{}</code></td></tr>",
            escaped(account.name()),
            account.login(),
            account.password()
        );
    }
    main.push_str("</tbody></table>");
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, "Đăng nhập", &main)
}

/// Asks whether to sign out, where no id token proves that the client asks for its own session.
pub(super) fn confirm_sign_out() -> HttpResponse {
    page(
        StatusCode::OK,
        "Đăng xuất",
        "<h1>Đăng xuất? <span lang=\"en\">/ Sign out?</span></h1><form method=\"post\">\
         <button type=\"submit\">Đăng xuất <span lang=\"en\">/ Sign out</span></button></form>",
    )
}

/// The end of a session with nowhere to go back to.
pub(super) fn signed_out() -> HttpResponse {
    page(StatusCode::OK, "Đã đăng xuất", "<h1>Đã đăng xuất <span lang=\"en\">/ Signed out</span></h1>")
}

/// A request that cannot be answered by a redirect, because its client or address is not known.
pub(super) fn refused(reason: &str) -> HttpResponse {
    let main = format!(
        "<h1>Yêu cầu không hợp lệ <span lang=\"en\">/ Invalid request</span></h1><p lang=\"en\">{}</p>",
        escaped(reason)
    );
    page(StatusCode::BAD_REQUEST, "Yêu cầu không hợp lệ", &main)
}

/// No such issuer.
pub(super) fn unknown() -> HttpResponse {
    page(
        StatusCode::NOT_FOUND,
        "Không tìm thấy",
        "<h1>Không tìm thấy <span lang=\"en\">/ Not found</span></h1>",
    )
}

fn who(realm: &Realm) -> String {
    match realm {
        Realm::Citizens => "Công dân <span lang=\"en\">/ Citizens</span>".to_owned(),
        Realm::Agency(agency) => format!("Cán bộ <span lang=\"en\">/ Officials</span>: {agency}"),
        Realm::Compliance(agency) => {
            format!("Bảo vệ dữ liệu cá nhân <span lang=\"en\">/ Compliance</span>: {agency}")
        }
    }
}

fn page(status: StatusCode, title: &str, main: &str) -> HttpResponse {
    let body = format!(
        "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title} - Máy chủ đăng nhập mô phỏng</title><style>{STYLE}</style></head><body>\
         <header class=\"banner\"><p><strong>Máy chủ đăng nhập mô phỏng</strong> <span lang=\"en\">/ Stand-in sign-in</span></p>\
         <p>Không phải VNeID. Chỉ có người không có thật. <span lang=\"en\">Not VNeID. Nobody here is real.</span></p></header>\
         <main>{main}</main></body></html>"
    );
    HttpResponseBuilder::new(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("x-content-type-options", "nosniff"))
        // No form-action: browsers apply it to the redirect back to the client as well.
        .insert_header((
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .body(body)
}

/// Text for HTML, in content and in quoted attributes.
pub(in crate::demo) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
