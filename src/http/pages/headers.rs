//! The security headers of every page.

/// Headers sent with every answer of the portal, besides the content security policy.
///
/// `no-referrer`: ids of entries stand in URLs. HSTS is harmless on plain HTTP, where browsers ignore it (RFC 6797 §8.1).
pub const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Strict-Transport-Security", "max-age=31536000"),
];

/// `Cache-Control` of every page that depends on who is signed in.
pub const CACHE_PERSONAL: &str = "no-store";

/// `Cache-Control` of the public pages, which differ by language only (send `Vary: Cookie, Accept-Language` too).
pub const CACHE_PUBLIC: &str = "private, max-age=60";

/// `Cache-Control` of an asset whose name carries its hash.
pub const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// The `Content-Security-Policy` of the pages: no script at all.
///
/// `providers` are the authorization endpoints a sign-in form leads to: browsers apply `form-action` to the
/// redirect that follows a form too, so their origins must be named. Only an origin is taken from each, and
/// URLs without one are passed over.
#[must_use]
pub fn content_security_policy(providers: &[url::Url]) -> String {
    let mut origins: Vec<String> = providers
        .iter()
        .map(url::Url::origin)
        .filter(url::Origin::is_tuple)
        .map(|origin| origin.ascii_serialization())
        .collect();
    origins.sort();
    origins.dedup();
    let origins: String = origins.iter().flat_map(|origin| [" ", origin.as_str()]).collect();
    format!(
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
         form-action 'self'{origins}; base-uri 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_no_script_and_names_only_the_origins_of_providers() {
        let urls =
            ["https://id.example.vn:8443/auth?x=1;y", "https://id.example.vn:8443/b", "data:text/html,x"];
        let urls: Vec<url::Url> = urls.iter().map(|u| u.parse().unwrap()).collect();
        let policy = content_security_policy(&urls);
        assert_eq!(
            policy,
            "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
             form-action 'self' https://id.example.vn:8443; base-uri 'none'; frame-ancestors 'none'"
        );
        assert!(!policy.contains("script") && !policy.contains("unsafe"));
    }
}
