//! The page for what went wrong: what happened, that nothing changed, what to do, and a code to tell the hotline.

use askama::Template;

use super::layout::Layout;

/// What went wrong, as far as the reader may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No such page, or not this person's (the two must not be told apart: invariant I8).
    NotFound,
    /// Signed in, but not for this page's role.
    NotAllowed,
    /// An official who is suspended: for a report that is late, or by an office.
    Suspended,
    /// Nobody is signed in, or the session has ended.
    SignInAgain,
    /// The sign-in did not work.
    SignInFailed,
    /// The sign-in was weaker, or older, than what was demanded; nothing else helps than another one.
    SignInTooWeak,
    /// A form was filled in wrongly or was too old (its token against cross-site requests did not match).
    FormExpired,
    /// The request could not be understood.
    BadRequest,
    /// It was answered, or changed, meanwhile.
    Changed,
    /// The time to answer is over.
    TooLate,
    /// The first of two has answered; the other must.
    NeedsOther,
    /// She says yes to what her own choices rule out.
    RuledOut,
    /// The request an agency sent somebody here with is unknown, over or answered.
    RequestGone,
    /// That request is about somebody else.
    NotForYou,
    /// A yes that only somebody can give who decides alone, for herself.
    OwnOnly,
    /// Only the person herself does this, and the reader acts for somebody else.
    OnlyHerself,
    /// What the reader may do for another person does not reach to this.
    OutOfScope,
    /// What the reader chose to act under does not count any more.
    ActingOver,
    /// A parent or guardian answers this, or an office ends it.
    Represented,
    /// Too many requests.
    TooMany,
    /// The service is overloaded or starting.
    Unavailable,
    /// Our own fault.
    Internal,
}

impl Problem {
    /// All, for the test that renders each.
    pub const EACH: [Self; 22] = [
        Self::NotFound,
        Self::NotAllowed,
        Self::Suspended,
        Self::SignInAgain,
        Self::SignInFailed,
        Self::SignInTooWeak,
        Self::FormExpired,
        Self::BadRequest,
        Self::Changed,
        Self::TooLate,
        Self::NeedsOther,
        Self::RuledOut,
        Self::RequestGone,
        Self::NotForYou,
        Self::OwnOnly,
        Self::OnlyHerself,
        Self::OutOfScope,
        Self::ActingOver,
        Self::Represented,
        Self::TooMany,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The status code that goes with the page.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::NotAllowed
            | Self::Suspended
            | Self::SignInTooWeak
            | Self::FormExpired
            | Self::NotForYou
            | Self::OwnOnly
            | Self::OnlyHerself
            | Self::OutOfScope
            | Self::ActingOver
            | Self::Represented => 403,
            Self::SignInAgain => 401,
            Self::SignInFailed | Self::BadRequest | Self::RequestGone => 400,
            Self::Changed | Self::NeedsOther | Self::RuledOut => 409,
            Self::TooLate => 410,
            Self::TooMany => 429,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::NotFound => ("error-not-found", "error-not-found-do"),
            Self::NotAllowed => ("error-not-allowed", "error-not-allowed-do"),
            Self::Suspended => ("error-suspended", "error-suspended-do"),
            Self::SignInAgain => ("error-sign-in-again", "error-sign-in-again-do"),
            Self::SignInFailed => ("error-sign-in-failed", "error-sign-in-failed-do"),
            Self::SignInTooWeak => ("error-sign-in-too-weak", "error-sign-in-too-weak-do"),
            Self::FormExpired => ("error-form-expired", "error-form-expired-do"),
            Self::BadRequest => ("error-bad-request", "error-bad-request-do"),
            Self::Changed => ("error-changed", "error-changed-do"),
            Self::TooLate => ("error-too-late", "error-too-late-do"),
            Self::NeedsOther => ("error-needs-other", "error-needs-other-do"),
            Self::RuledOut => ("error-ruled-out", "error-ruled-out-do"),
            Self::RequestGone => ("error-request-gone", "error-request-gone-do"),
            Self::NotForYou => ("error-not-for-you", "error-not-for-you-do"),
            Self::OwnOnly => ("error-own-only", "error-own-only-do"),
            Self::OnlyHerself => ("error-only-herself", "error-only-herself-do"),
            Self::OutOfScope => ("error-out-of-scope", "error-out-of-scope-do"),
            Self::ActingOver => ("error-acting-over", "error-acting-over-do"),
            Self::Represented => ("error-represented", "error-represented-do"),
            Self::TooMany => ("error-too-many", "error-too-many-do"),
            Self::Unavailable => ("error-unavailable", "error-unavailable-do"),
            Self::Internal => ("error-internal", "error-internal-do"),
        }
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame.
    pub page: Layout,
    /// What went wrong.
    pub problem: Problem,
    /// The code that finds this event in the logs.
    pub support: String,
}

impl ErrorPage {
    /// What happened.
    #[must_use]
    pub fn heading(&self) -> String {
        self.page.say(self.problem.keys().0)
    }

    /// What to do.
    #[must_use]
    pub fn advice(&self) -> String {
        self.page.say(self.problem.keys().1)
    }

    /// Whether signing in is what helps.
    #[must_use]
    pub fn offers_sign_in(&self) -> bool {
        matches!(self.problem, Problem::SignInAgain | Problem::SignInFailed)
    }
}
