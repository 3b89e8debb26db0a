//! The one place where errors become answers. No arm is a wildcard: a new error does not compile until it has one.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};

use super::request::{BadBody, BadForm};
use crate::{
    gateway, jose,
    ledger::appender::AppendError,
    notices, oauth,
    protocol::{
        error::{ErrorBody, ErrorCode, OAuthError},
        problem::Problem,
    },
    vault::VaultError,
};

/// An OAuth error as JSON (RFC 6749 §5.2).
#[must_use]
pub fn oauth(error: &OAuthError) -> HttpResponse {
    let status = StatusCode::from_u16(error.error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if error.error == ErrorCode::TemporarilyUnavailable {
        answer.insert_header((header::RETRY_AFTER, "1"));
    }
    answer.json(error.body())
}

/// A poll that brings no token (CIBA Core 1.0 §11).
#[must_use]
pub fn poll(error: &OAuthError) -> HttpResponse {
    let mut answer = oauth(error);
    if let Ok(status) = StatusCode::from_u16(error.error.poll_status()) {
        *answer.status_mut() = status;
    }
    answer
}

/// A failure of the OAuth office.
#[must_use]
pub fn office(error: &oauth::Error) -> HttpResponse {
    // A refusal is an answer, and an entry where it should be one; only failures are the operators' business.
    if !matches!(error, oauth::Error::Refused(_)) {
        report("oauth", error);
    }
    oauth(&error.public())
}

/// A form that was not read.
#[must_use]
pub fn bad_form(error: &BadForm) -> HttpResponse {
    match error {
        BadForm::Form(error) => oauth(error),
        BadForm::Body(BadBody { status, reason, description }) => {
            HttpResponse::build(*status).insert_header((header::CACHE_CONTROL, "no-store")).json(ErrorBody {
                error: ErrorCode::InvalidRequest.as_str(),
                error_description: description,
                reason,
                entry: None,
            })
        }
    }
}

/// A client that was refused too often: 429, and when to come back.
#[must_use]
pub fn slow_down() -> HttpResponse {
    HttpResponse::TooManyRequests()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::RETRY_AFTER, "60"))
        .json(ErrorBody {
            error: ErrorCode::TemporarilyUnavailable.as_str(),
            error_description: "this client was refused too often; wait a minute and look at the reasons given",
            reason: "too_many_refusals",
            entry: None,
        })
}

/// A client that wants to ask too many people: 429, and when to come back.
#[must_use]
pub fn too_many_prompts() -> HttpResponse {
    HttpResponse::TooManyRequests()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::RETRY_AFTER, "60"))
        .json(ErrorBody {
            error: ErrorCode::TemporarilyUnavailable.as_str(),
            error_description: "this client asks too many citizens at once; wait a minute",
            reason: "too_many_prompts",
            entry: None,
        })
}

/// A problem (RFC 9457).
#[must_use]
pub fn problem(problem: &Problem) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(Problem::CONTENT_TYPE)
        .body(serde_json::to_vec(problem).unwrap_or_default())
}

/// A token or proof refused at the data endpoint: 401 with the challenge of RFC 9449 §7.1 and RFC 9728 §5.1.
#[must_use]
pub fn challenge(issuer: &str, error: &str, code: &str, detail: &str) -> HttpResponse {
    let challenge = format!(
        "DPoP error=\"{error}\", algs=\"{}\", resource_metadata=\"{issuer}/.well-known/oauth-protected-resource\"",
        jose::ALGORITHMS.join(" ")
    );
    let mut answer =
        problem(&Problem::new(401, code, "The access token was not accepted").with_detail(detail));
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}

/// A refusal or failure of the data endpoint.
#[must_use]
pub fn data(issuer: &str, error: &gateway::data::Error) -> HttpResponse {
    use gateway::data::Error as E;
    match error {
        E::Token(code) => challenge(issuer, "invalid_token", code, "Ask for a new token."),
        E::ProofReplayed => challenge(
            issuer,
            "invalid_dpop_proof",
            "proof_replayed",
            "This DPoP proof was used before; make a fresh one for every request.",
        ),
        E::UsesExhausted => problem(
            &Problem::new(403, "uses_exhausted", "The token has no uses left")
                .with_detail("Ask for a new token."),
        ),
        E::Refused { reason, entry } => {
            let refusal = Problem::new(403, reason.code(), "Refused").with_detail(reason.en());
            problem(&match entry {
                Some(entry) => refusal.with_entry(*entry),
                None => refusal,
            })
        }
        E::NoRecord { entry } => problem(
            &Problem::new(404, "no_record", "No register has a record")
                .with_detail("None of the registers asked holds a record under this number.")
                .with_entry(*entry),
        ),
        E::NothingToDeliver { missing, entry } => {
            let what: Vec<String> =
                missing.iter().map(|m| format!("{} from {} ({})", m.field, m.source, m.reason)).collect();
            problem(
                &Problem::new(502, "source_unavailable", "No register gave an answer")
                    .with_detail(format!("Missing: {}. The use was given back; try again.", what.join(", ")))
                    .with_entry(*entry),
            )
        }
        E::QuotaExceeded => {
            let mut answer = problem(
                &Problem::new(429, "quota_exceeded", "Too many people without a record").with_detail(
                    "This client has asked for too many people whom no register knows. Wait an hour.",
                ),
            );
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
            answer
        }
        E::Consent(inner) if !inner.is_unavailable() => {
            report("gateway", error);
            problem(&Problem::new(500, "internal_error", "The service cannot answer this request"))
        }
        E::Store(_)
        | E::Consent(_)
        | E::Vault(VaultError::Store(_))
        | E::Append(AppendError::Unavailable(_) | AppendError::Overloaded) => unavailable("gateway", error),
        E::Vault(VaultError::Sealed(_)) | E::Sign(_) | E::Inconsistent(_) => {
            report("gateway", error);
            problem(&Problem::new(500, "internal_error", "The service cannot answer this request"))
        }
    }
}

/// A refusal or failure of the notices office.
#[must_use]
pub fn notices(error: &notices::Error) -> HttpResponse {
    use notices::Error as E;
    match error {
        E::Refused { status, code, detail } => {
            let mut answer = problem(&Problem::new(*status, code, "Refused").with_detail(*detail));
            if *status == 429 {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            answer
        }
        E::Store(_)
        | E::Vault(VaultError::Store(_))
        | E::Append(AppendError::Unavailable(_) | AppendError::Overloaded) => unavailable("notices", error),
        E::Vault(VaultError::Sealed(_)) | E::Sign(_) | E::Unreadable(_) | E::Inconsistent(_) => {
            report("notices", error);
            problem(&Problem::new(500, "internal_error", "The service cannot answer this request"))
        }
    }
}

/// The database or the ledger cannot be reached: 503, and when to come back.
pub(super) fn unavailable(office: &str, error: &dyn std::error::Error) -> HttpResponse {
    report(office, error);
    let mut answer = problem(
        &Problem::new(503, "ledger_unavailable", "The ledger cannot be written")
            .with_detail("Nothing was done. Try again."),
    );
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// Says to operators what the client is not told.
fn report(office: &str, error: &dyn std::error::Error) {
    let mut causes = String::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        causes.push_str(": ");
        causes.push_str(&error.to_string());
        cause = error.source();
    }
    tracing::warn!(office, error = causes.trim_start_matches(": "), "request.failed");
}
