//! What went wrong, said once: as a page in plain words with a code for the hotline, or as problem+json for the API.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use super::visit::Visit;
use crate::{
    consent,
    domain::{
        receipt::Fault,
        representation::{AnswerError, Denied},
    },
    history::HistoryError,
    http::pages::error::{ErrorPage, Problem},
    ledger::{appender::AppendError, proof::EntryProofError, publisher::PublishError},
    login::{LoginError, session::SessionError},
    oauth, people, protocol, standing,
    tokens::SignError,
    vault::VaultError,
};

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Standing(#[from] standing::Error),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Consent(#[from] consent::Error),
    #[error(transparent)]
    Answer(#[from] oauth::Error),
    #[error(transparent)]
    People(#[from] people::Error),
    #[error(transparent)]
    Receipt(#[from] Fault),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("the request is over, or the purpose has changed since it was made")]
    RequestGone,
    #[error("the request is about somebody else")]
    SomebodyElses,
    #[error("only the person herself does this, and the reader acts for somebody else")]
    OnlyHerself,
    #[error("what the reader chose to act under does not count any more")]
    ActingOver,
    #[error("the text that was read is missing or is not the one with its hash")]
    TextDamaged,
    #[error("a page cannot be written")]
    Render(#[from] askama::Error),
    #[error("a table cannot be written")]
    Csv(#[from] ::csv::Error),
    #[error("there is no such page for this reader")]
    NotFound,
    #[error("nobody is signed in")]
    NotSignedIn,
    #[error("somebody of another role is signed in")]
    WrongRole,
    #[error("the form does not come from a page of ours")]
    FormExpired,
    #[error("too many sign-ins from one address")]
    TooMany,
    #[error("the entry is not yet under a published checkpoint")]
    NotYetPublished,
    #[error("the request cannot be understood")]
    Malformed,
    #[error("the body is too large")]
    TooLarge,
    #[error("the method is not one of this address")]
    WrongMethod,
}

impl From<crate::objects::ObjectError> for Failure {
    fn from(error: crate::objects::ObjectError) -> Self {
        Self::Publish(error.into())
    }
}

impl Failure {
    /// What the reader is told.
    pub(super) fn problem(&self) -> Problem {
        match self {
            Self::History(error) => of_history(error),
            Self::Session(error) => of_session(error),
            Self::Login(error) => of_login(error),
            Self::Store(_) | Self::Publish(_) | Self::NotYetPublished => Problem::Unavailable,
            Self::Standing(error) => of_standing(error),
            Self::Vault(error) => of_vault(error),
            Self::Consent(error) => of_consent(error),
            Self::Answer(error) => of_answer(error),
            Self::People(error) => of_people(error),
            Self::RequestGone => Problem::RequestGone,
            Self::SomebodyElses => Problem::NotForYou,
            Self::OnlyHerself => Problem::OnlyHerself,
            Self::ActingOver => Problem::ActingOver,
            Self::TooMany => Problem::TooMany,
            Self::Render(_) | Self::Csv(_) | Self::Receipt(_) | Self::Sign(_) | Self::TextDamaged => {
                Problem::Internal
            }
            Self::NotFound => Problem::NotFound,
            Self::NotSignedIn => Problem::SignInAgain,
            Self::WrongRole => Problem::NotAllowed,
            Self::FormExpired => Problem::FormExpired,
            Self::Malformed | Self::TooLarge | Self::WrongMethod => Problem::BadRequest,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::from_u16(self.problem().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

fn of_history(error: &HistoryError) -> Problem {
    match error {
        HistoryError::Store(_) => Problem::Unavailable,
        HistoryError::Append(error) => of_append(error),
        HistoryError::Vault(error) => of_vault(error),
        HistoryError::Proof(error) => of_proof(error),
        HistoryError::Damaged { .. } | HistoryError::Version(_) => Problem::Internal,
        HistoryError::Reason(_) => Problem::BadRequest,
    }
}

const fn of_standing(error: &standing::Error) -> Problem {
    match error {
        standing::Error::Stale => Problem::FormExpired,
        standing::Error::Unfit(_) | standing::Error::NothingToChoose => Problem::BadRequest,
        standing::Error::Store(_) => Problem::Unavailable,
        standing::Error::Append(error) => of_append(error),
    }
}

const fn of_consent(error: &consent::Error) -> Problem {
    use consent::Error;
    match error {
        // Answered or ended by somebody who was faster, perhaps by herself in another window.
        Error::Illegal(_) | Error::Stale | Error::Replayed(_) => Problem::Changed,
        Error::TooLate => Problem::TooLate,
        Error::FieldNotAsked | Error::NothingGranted => Problem::BadRequest,
        Error::NeedsTheOther => Problem::NeedsOther,
        Error::RuledOut => Problem::RuledOut,
        Error::AssuranceTooLow => Problem::SignInTooWeak,
        Error::GrantUnknown | Error::PurposeChanged => Problem::RequestGone,
        Error::Store(_) => Problem::Unavailable,
        Error::Vault(error) => of_vault(error),
        Error::Append(error) => of_append(error),
        Error::NotAPerson | Error::Inconsistent(_) => Problem::Internal,
    }
}

const fn of_people(error: &people::Error) -> Problem {
    use people::Error;
    match error {
        Error::Store(_) => Problem::Unavailable,
        Error::Vault(error) => of_vault(error),
        Error::Append(error) => of_append(error),
        Error::Consent(error) => of_consent(error),
        Error::Answer(error) => of_answering(*error),
        Error::Denied(Denied::OutOfScope | Denied::Hidden) => Problem::OutOfScope,
        Error::Denied(Denied::Over | Denied::NotBegun) => Problem::ActingOver,
        Error::Unknown => Problem::NotFound,
        Error::Already(_) => Problem::Changed,
        Error::Represented | Error::OnlyAnOffice => Problem::Represented,
        Error::Flaw(_) | Error::Text(_) => Problem::BadRequest,
        Error::Unreadable(_) => Problem::Internal,
    }
}

const fn of_answering(error: AnswerError) -> Problem {
    match error {
        AnswerError::OwnOnly => Problem::OwnOnly,
        AnswerError::JointNeedsTheOther => Problem::NeedsOther,
        AnswerError::RepresentativeNeeded | AnswerError::PersonNeeded | AnswerError::NotAPerson => {
            Problem::Represented
        }
        AnswerError::NotWaiting => Problem::Changed,
    }
}

const fn of_answer(error: &oauth::Error) -> Problem {
    match error {
        oauth::Error::Refused(_) => Problem::RequestGone,
        oauth::Error::Store(_) => Problem::Unavailable,
        oauth::Error::Vault(error) => of_vault(error),
        oauth::Error::Append(error) => of_append(error),
        oauth::Error::Consent(error) => of_consent(error),
        oauth::Error::Sign(_) | oauth::Error::Inconsistent(_) => Problem::Internal,
    }
}

const fn of_append(error: &AppendError) -> Problem {
    match error {
        AppendError::Unavailable(_) | AppendError::Overloaded => Problem::Unavailable,
    }
}

const fn of_vault(error: &VaultError) -> Problem {
    match error {
        VaultError::Store(_) => Problem::Unavailable,
        VaultError::Sealed(_) => Problem::Internal,
    }
}

const fn of_proof(error: &EntryProofError) -> Problem {
    match error {
        EntryProofError::NotYetPublished | EntryProofError::Publish(_) | EntryProofError::Tree(_) => {
            Problem::Unavailable
        }
        EntryProofError::Entry(_) | EntryProofError::Malformed | EntryProofError::Wrong => Problem::Internal,
    }
}

const fn of_session(error: &SessionError) -> Problem {
    match error {
        SessionError::Store(_) => Problem::Unavailable,
        SessionError::Append(error) => of_append(error),
        SessionError::Vault(error) => of_vault(error),
        SessionError::OfficialSuspended => Problem::Suspended,
        SessionError::OfficialConflict | SessionError::NationalId => Problem::SignInFailed,
        SessionError::Sealed => Problem::Internal,
    }
}

const fn of_login(error: &LoginError) -> Problem {
    match error {
        LoginError::Unavailable(_) => Problem::Unavailable,
        LoginError::AssuranceTooLow | LoginError::AuthenticationTooOld => Problem::SignInTooWeak,
        LoginError::UnsafeReturn
        | LoginError::StateMismatch
        | LoginError::SignInExpired
        | LoginError::IssuerMismatch
        | LoginError::IssuerMissing
        | LoginError::CallbackMalformed
        | LoginError::Cancelled
        | LoginError::Refused(_)
        | LoginError::CodeRefused(_)
        | LoginError::TokenMalformed
        | LoginError::AlgorithmNotAllowed
        | LoginError::UnknownKey
        | LoginError::BadSignature
        | LoginError::WrongAudience
        | LoginError::WrongNonce
        | LoginError::TokenExpired
        | LoginError::ClaimMissing(_)
        | LoginError::NotAnOfficialIssuer
        | LoginError::LogoutToken(_) => Problem::SignInFailed,
    }
}

/// The stable code and the title of a problem, for programs.
const fn coded(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::NotFound => ("not_found", "There is no such thing here for this reader"),
        Problem::NotAllowed => ("wrong_role", "Somebody of another role is signed in"),
        Problem::Suspended => ("official_suspended", "The official is suspended"),
        Problem::SignInAgain => ("not_signed_in", "Nobody is signed in"),
        Problem::SignInFailed => ("sign_in_failed", "The sign-in did not work"),
        Problem::SignInTooWeak => ("sign_in_too_weak", "A stronger, new sign-in is needed"),
        Problem::FormExpired => ("form_expired", "The form does not come from a page of ours"),
        Problem::BadRequest => ("bad_request", "The request cannot be understood"),
        Problem::Changed => ("consent_changed", "It was answered or changed already"),
        Problem::TooLate => ("answer_too_late", "The time to answer is over"),
        Problem::NeedsOther => ("other_must_answer", "The other of the two must answer"),
        Problem::RuledOut => ("ruled_out_by_reader", "The reader's own choices rule this out"),
        Problem::RequestGone => ("request_gone", "The request is unknown, over or answered"),
        Problem::NotForYou => ("request_not_for_reader", "The request is about somebody else"),
        Problem::OwnOnly => ("own_only", "Only a person who decides alone can say yes to this"),
        Problem::OnlyHerself => ("only_herself", "Not possible while acting for another person"),
        Problem::OutOfScope => ("representation_out_of_scope", "The representation does not cover this"),
        Problem::ActingOver => ("representation_over", "The representation does not count any more"),
        Problem::Represented => ("not_alone", "A representative or an office decides this"),
        Problem::TooMany => ("too_many_requests", "Too many requests"),
        Problem::Unavailable => ("unavailable", "The service cannot answer now; nothing was shown"),
        Problem::Internal => ("internal", "The service failed; nothing was shown"),
    }
}

/// The answer to a failed request.
pub(super) fn answer(visit: &Visit, failure: &Failure) -> HttpResponse {
    if matches!(failure, Failure::NotSignedIn) && visit.is_reading() && !visit.is_api() && !visit.wants_json()
    {
        let to = url::form_urlencoded::byte_serialize(visit.url.as_bytes()).collect::<String>();
        return visit.redirect(&format!("/sign-in?return_to={to}"));
    }
    let (problem, status, support) = (failure.problem(), failure.status(), support(visit));
    // Waiting for the next checkpoint is nobody's fault.
    if status.is_server_error() && !matches!(failure, Failure::NotYetPublished) {
        tracing::error!(support, error = failure as &dyn std::error::Error, "portal.answer failed");
    } else {
        tracing::info!(support, status = status.as_u16(), cause = %failure, "portal.answer refused");
    }
    if visit.is_api() || visit.wants_json() {
        let (code, title) = coded(problem);
        let (code, title) = match failure {
            Failure::WrongMethod => ("method_not_allowed", title),
            Failure::NotYetPublished => {
                ("not_yet_published", "The entry is recorded; its proof exists in a few seconds")
            }
            _ => (code, title),
        };
        let problem = protocol::problem::Problem::new(status.as_u16(), code, title)
            .with_detail(format!("support code {support}"));
        return visit
            .personal(HttpResponse::build(status))
            .content_type(protocol::problem::Problem::CONTENT_TYPE)
            .json(problem);
    }
    let page = ErrorPage { page: visit.layout(), problem, support };
    match visit.html(status, &page) {
        Ok(response) => response,
        Err(_) => visit.personal(HttpResponse::InternalServerError()).finish(),
    }
}

/// What a person reads out on the telephone: `7K2M-9Q4D`, without letters that sound or look alike.
fn support(visit: &Visit) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bytes = visit.state.engines.random.bytes::<8>();
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).map_or('0', |l| char::from(*l));
    let letters: Vec<char> = bytes.into_iter().map(letter).collect();
    letters.chunks(4).map(|half| half.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Every address nobody knows.
pub(super) async fn not_found(visit: Visit) -> HttpResponse {
    answer(&visit, &Failure::NotFound)
}

/// A known address and a method it does not have (RFC 9110 §15.5.6).
pub(super) fn wrong_method(visit: &Visit, allowed: &'static str) -> HttpResponse {
    let mut response = answer(visit, &Failure::WrongMethod);
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    response
}
