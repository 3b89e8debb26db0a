//! The portal's four cookies, all strictly necessary: the session, the browser that begins a sign-in, the browser that an
//! agency sent here, the language.

use actix_web::{HttpRequest, http::header};

/// A cookie of ours. `SameSite=Lax`, because answers to sign-ins come from another site; forms carry a token besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The session; gone when the browser closes.
    Session,
    /// Binds a sign-in, and the form before it, to the browser.
    Browser,
    /// Binds the answer to an agency to the browser it sent here, whoever signs in there meanwhile.
    Arrival,
    /// The chosen language.
    Lang,
}

impl Cookie {
    /// With `__Host-` (RFC 6265bis §4.1.3.2), so that no neighbouring host can plant it, wherever https allows it.
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-minhbach_session",
            (Self::Session, false) => "minhbach_session",
            (Self::Browser, true) => "__Host-minhbach_browser",
            (Self::Browser, false) => "minhbach_browser",
            (Self::Arrival, true) => "__Host-minhbach_arrival",
            (Self::Arrival, false) => "minhbach_arrival",
            (Self::Lang, true) => "__Host-minhbach_lang",
            (Self::Lang, false) => "minhbach_lang",
        }
    }

    /// Its value in a request (RFC 6265 §4.2), if it is one of ours: letters, digits, `-` and `_`, at most 64.
    pub(super) fn read(self, request: &HttpRequest, secure: bool) -> Option<String> {
        let name = self.name(secure);
        let headers = request.headers().get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
        let mut pairs = headers.flat_map(|value| value.split(';')).filter_map(|p| p.trim().split_once('='));
        let value = pairs.find(|(own, _)| *own == name)?.1;
        let ours = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        (!value.is_empty() && value.len() <= 64 && value.chars().all(ours)).then(|| value.to_owned())
    }

    /// The `Set-Cookie` that gives it a value.
    pub(super) fn set(self, value: &str, secure: bool) -> String {
        let life = match self {
            Self::Session => "",
            Self::Browser => "; Max-Age=3600",
            // Longer than she may think it over and go back.
            Self::Arrival => "; Max-Age=7200",
            Self::Lang => "; Max-Age=31536000",
        };
        let secure_only = if secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure_only}{life}", self.name(secure))
    }

    /// The `Set-Cookie` that removes it.
    pub(super) fn remove(self, secure: bool) -> String {
        let secure_only = if secure { "; Secure" } else { "" };
        format!("{}=; Path=/; HttpOnly; SameSite=Lax{secure_only}; Max-Age=0", self.name(secure))
    }
}
