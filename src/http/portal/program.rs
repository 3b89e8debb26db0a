//! Software at the citizen API, with the citizen's own token instead of her session (DESIGN §5): the token's claims, its
//! proof, and the scope that each address demands (RFC 6750 §3.1, RFC 9449 §7, RFC 9728 §5.1).
//!
//! It reads and does nothing else: no scope lets it answer, allow, take back or choose for her. Out of scope: whether it
//! may today, and the entry ([`program`]).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};

use crate::{
    domain::decision::Reason,
    history::{
        HistoryError,
        program::{self, Opened, ProgramError},
    },
    http::{State, data::bearer, error, request},
    jose::{self, access_token::Confirmation, dpop::NoncePolicy},
    protocol::{problem::Problem, scope::CitizenScope},
};

/// Where the metadata of this resource stands (RFC 9728 §3.1).
const METADATA: &str = "/.well-known/oauth-protected-resource/api/v1/me";

/// Which scope opens which address to reading; software has nothing to do at any other.
const OPEN: [(&str, CitizenScope); 6] = [
    ("/api/v1/me/accesses", CitizenScope::History),
    ("/api/v1/me/accesses/{id}", CitizenScope::History),
    ("/api/v1/me/accesses/{id}/proof", CitizenScope::History),
    ("/api/v1/me/summary", CitizenScope::History),
    ("/api/v1/me/consents", CitizenScope::Consents),
    ("/api/v1/me/consents/{id}", CitizenScope::Consents),
];

/// Whether software asks, and not a browser: at the citizen API whoever brings `Authorization` is judged by that alone.
pub(super) fn asks(request: &HttpRequest) -> bool {
    let own = request.match_pattern().is_some_and(|pattern| pattern.starts_with("/api/v1/me"));
    own && request.headers().contains_key(header::AUTHORIZATION)
}

/// Opens the records of the token's person for this one call.
///
/// # Errors
/// The answer: 401 with a challenge, 403 for another scope or by the rules of today, 503 when nothing can be recorded.
pub(super) async fn open(state: &State, request: &HttpRequest) -> Result<Opened, HttpResponse> {
    let engines = &state.engines;
    let now = engines.now();
    let refuse = |error: &str, code: &str, detail: &str| challenge(state, 401, error, None, code, detail);
    let compact = bearer(request).ok_or_else(|| {
        let detail = "Send the citizen's token as `Authorization: DPoP <token>`, with a proof in `DPoP`.";
        refuse("invalid_token", "token_missing", detail)
    })?;
    let token = engines
        .tokens
        .verify(compact, &engines.addresses.citizen_api(), now)
        .map_err(|e| refuse("invalid_token", e.reason(), &e.to_string()))?;
    let Confirmation::Jkt(jkt) = &token.cnf else {
        return Err(refuse(
            "invalid_token",
            "token_confirmation",
            "This endpoint takes tokens bound to a DPoP key.",
        ));
    };
    let address = format!("{}{}", engines.addresses.issuer, request.path());
    let nonce = NoncePolicy::Optional(&state.nonces);
    let proof = request::proof(request, &address, Some((compact, jkt)), nonce, now).map_err(|e| {
        let refused = request::proof_error(&e);
        let mut answer = refuse(refused.error.as_str(), e.reason(), &e.to_string());
        if e.asks_for_nonce()
            && let Ok(nonce) = HeaderValue::from_str(&state.nonces.issue(now))
        {
            answer.headers_mut().insert(HeaderName::from_static("dpop-nonce"), nonce);
        }
        answer
    })?;
    let demanded = demanded(request.method(), &request.match_pattern().unwrap_or_default());
    let scope = demanded.ok_or_else(|| {
        let detail = "A citizen's token reads her history and consents; everything else she does herself.";
        challenge(state, 403, "insufficient_scope", None, "program_only_reads", detail)
    })?;
    if !token.scope.as_deref().is_some_and(|held| held.split(' ').any(|held| held == scope.as_str())) {
        let detail = format!("Ask the citizen for the scope `{}`.", scope.as_str());
        let (error, code) = ("insufficient_scope", "insufficient_scope");
        return Err(challenge(state, 403, error, Some(scope), code, &detail));
    }
    program::open(engines, &token, &proof, scope).await.map_err(|e| answer(state, &e))
}

fn demanded(method: &Method, pattern: &str) -> Option<CitizenScope> {
    let reads = method == Method::GET || method == Method::HEAD;
    OPEN.iter().find(|(open, _)| reads && *open == pattern).map(|(_, scope)| *scope)
}

fn answer(state: &State, error: &ProgramError) -> HttpResponse {
    match error {
        ProgramError::Token(code) => {
            challenge(state, 401, "invalid_token", None, code, "Ask for a new token.")
        }
        ProgramError::ProofReplayed => challenge(
            state,
            401,
            "invalid_dpop_proof",
            None,
            "proof_replayed",
            "This DPoP proof was used before; make a fresh one for every request.",
        ),
        ProgramError::Refused { reason, entry } => refused(*reason, *entry),
        ProgramError::History(HistoryError::Damaged { .. } | HistoryError::Version(_)) => internal(error),
        ProgramError::Consent(inner) if !inner.is_unavailable() => internal(error),
        ProgramError::History(_) | ProgramError::Consent(_) => error::unavailable("program", error),
    }
}

fn refused(reason: Reason, entry: Option<uuid::Uuid>) -> HttpResponse {
    let refusal = Problem::new(403, reason.code(), "Refused").with_detail(reason.en());
    error::problem(&match entry {
        Some(entry) => refusal.with_entry(entry),
        None => refusal,
    })
}

fn internal(error: &ProgramError) -> HttpResponse {
    tracing::error!(error = error as &dyn std::error::Error, "program.read failed");
    error::problem(&Problem::new(500, "internal_error", "The service cannot answer this request"))
}

/// A refusal that says what would be taken.
fn challenge(
    state: &State,
    status: u16,
    error: &str,
    scope: Option<CitizenScope>,
    code: &str,
    detail: &str,
) -> HttpResponse {
    let algs = jose::ALGORITHMS.join(" ");
    let scope = scope.map_or_else(String::new, |scope| format!(", scope=\"{}\"", scope.as_str()));
    let issuer = &state.engines.addresses.issuer;
    let challenge =
        format!("DPoP error=\"{error}\"{scope}, algs=\"{algs}\", resource_metadata=\"{issuer}{METADATA}\"");
    let title = if status == StatusCode::UNAUTHORIZED.as_u16() {
        "The access token was not accepted"
    } else {
        "The token does not reach this"
    };
    let mut answer = error::problem(&Problem::new(status, code, title).with_detail(detail));
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::portal::ENDPOINTS;

    #[test]
    fn software_reads_history_and_consents_and_does_nothing_else() {
        for (method, path) in ENDPOINTS.iter().filter(|(_, path)| path.starts_with("/api/v1/me")) {
            let method: Method = method.parse().unwrap();
            let open = demanded(&method, path).is_some();
            let closed = *path == "/api/v1/me/choices" || path.contains("/people") || method != Method::GET;
            assert_eq!(open, !closed, "{method} {path}");
        }
        for (path, _) in OPEN {
            assert!(ENDPOINTS.contains(&("GET", path)), "{path}");
            assert_eq!(demanded(&Method::HEAD, path), demanded(&Method::GET, path));
            assert_eq!(demanded(&Method::POST, path), None);
        }
    }
}
