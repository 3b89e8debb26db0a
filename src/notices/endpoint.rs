//! What a receiver may ask for as delivery, and where a transmitter lets itself be sent (RFC 8935, RFC 8936; SSF 1.0
//! §10.3).

use std::net::IpAddr;

use url::{Host, Url};

use super::{
    Error,
    streams::{Delivery, MOST, POLL, PUSH},
};
use crate::secret::Secret;

/// Method, address and `Authorization` header of a delivery.
pub(super) type Delivered = (String, Option<String>, Option<Secret<String>>);

pub(super) fn delivered(issuer: &str, delivery: &Delivery) -> Result<Delivered, Error> {
    match delivery.method.as_str() {
        POLL => Ok(("poll".to_owned(), None, None)),
        PUSH => {
            let endpoint = delivery.endpoint_url.as_deref().filter(|url| may_be_pushed_to(issuer, url));
            let endpoint = endpoint.ok_or_else(|| {
                Error::refuse(
                    400,
                    "stream_endpoint",
                    "`endpoint_url` must be an https address of a host on the network.",
                )
            })?;
            let header = delivery.authorization_header.clone();
            let fits = |h: &String| {
                (1..=MOST).contains(&h.len()) && h.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
            };
            if header.as_ref().is_some_and(|header| !fits(header)) {
                return Err(Error::refuse(
                    400,
                    "stream_authorization",
                    "`authorization_header` has 1 to 2,000 visible ASCII characters.",
                ));
            }
            Ok(("push".to_owned(), Some(endpoint.to_owned()), header.map(Secret::new)))
        }
        _ => Err(Error::refuse(400, "stream_method", "`method` is urn:ietf:rfc:8935 or urn:ietf:rfc:8936.")),
    }
}

/// https to somewhere else. Our own machine and link-local addresses, where cloud machines keep their secrets, are not
/// places a client may send us; a demonstration is on the loopback itself and so are its receivers.
fn may_be_pushed_to(issuer: &str, address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    if address.len() > MOST
        || !url.username().is_empty()
        || url.password().is_some()
        || url.fragment().is_some()
    {
        return false;
    }
    let demonstration = issuer.starts_with("http:");
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)),
        Some(Host::Domain(_)) => None,
        None => return false,
    };
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let loopback =
        ip.is_some_and(|ip| ip.is_loopback()) || host == "localhost" || host.ends_with(".localhost");
    if demonstration && loopback {
        return matches!(url.scheme(), "http" | "https");
    }
    let inward = match ip {
        Some(IpAddr::V4(ip)) => ip.is_link_local() || ip.is_unspecified() || ip.is_multicast(),
        Some(IpAddr::V6(ip)) => ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast(),
        None => false,
    };
    url.scheme() == "https" && !loopback && !inward
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_pushed_over_https_to_somebody_else() {
        let production = |url| may_be_pushed_to("https://as.example", url);
        assert!(production("https://agency.example/ssf?x=1"));
        assert!(production("https://10.1.2.3:8443/"), "agencies are on a private network");
        for wrong in [
            "http://agency.example/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://127.0.0.2/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest",
            "https://[fe80::1]/",
            "https://0.0.0.0/",
            "https://u:p@agency.example/",
            "https://agency.example/#a",
            "ftp://agency.example/",
            "file:///etc/passwd",
            "agency.example",
        ] {
            assert!(!production(wrong), "{wrong}");
        }
        let demonstration = |url| may_be_pushed_to("http://127.0.0.1:8080", url);
        assert!(demonstration("http://127.0.0.1:9000/set") && demonstration("https://agency.example/"));
        assert!(!demonstration("http://agency.example/"));
    }
}
