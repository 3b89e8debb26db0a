//! What a decision is made from and what comes of it.
//!
//! Pure values: the facts of one request, the decision, and the stable reason codes. Out of scope: deciding
//! (`policy`), and gathering facts (the callers).

use std::collections::BTreeSet;

use super::{
    catalogue::BasisKind,
    consent::{Limits, State},
};
use crate::time::Millis;

mod reason;
mod sentences;

pub use reason::Reason;

/// What is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A token is about to be issued.
    IssueToken,
    /// Data are about to be passed on.
    Disclose,
}

/// The client that asks, as it is registered now.
#[derive(Clone, Copy, Debug)]
pub struct ClientFacts<'a> {
    /// `client_id`.
    pub id: &'a str,
    /// Id of the agency it belongs to.
    pub agency: &'a str,
    /// Ids of the purposes it is registered for.
    pub purposes: &'a BTreeSet<String>,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// The official who acts, as the register knows them now.
#[derive(Clone, Copy, Debug)]
pub struct OfficialFacts<'a> {
    /// Id within the agency.
    pub id: &'a str,
    /// Id of the agency the register says they are of; for one who is not registered, the client's.
    pub agency: &'a str,
    /// Whether the register knows them at all.
    pub registered: bool,
    /// Whether their access is not suspended.
    pub active: bool,
    /// Whether they signed in themselves; otherwise the agency says so.
    pub proved: bool,
}

/// The consent the request rests on, as it stands now. Only [`State::Given`] opens anything.
#[derive(Clone, Copy, Debug)]
pub struct ConsentFacts<'a> {
    /// Where it stands.
    pub state: State,
    /// The fields consented to.
    pub granted: &'a [&'a str],
    /// The version of the purpose whose notice was shown.
    pub purpose_version: &'a str,
    /// How far it reaches.
    pub limits: &'a Limits,
    /// Tokens taken on it so far.
    pub uses: u32,
    /// Those taken in the period of `limits.frequency` that ends now; 0 where it has none.
    pub uses_in_period: u32,
    /// Whether it was given for this very request: the code or the CIBA answer that is being redeemed. A refresh token
    /// and a standing consent are not.
    pub for_this_request: bool,
}

/// What the person decided ahead of time, as far as it meets this request (systems.md (c)30). It binds where she could
/// have said no, that is on the bases consent and contract; where the law or an emergency opens the data it is
/// overridden, and [`Decision::overrides`] says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, and they are independent")]
pub struct StandingFacts {
    /// "Never for this purpose."
    pub never_purpose: bool,
    /// "Never this agency."
    pub never_agency: bool,
    /// "Ask me each time."
    pub ask_each_time: bool,
    /// "Only at these hours", and it is another hour.
    pub outside_hours: bool,
}

impl StandingFacts {
    /// The codes of the choices that meet the request, in the order of the fields.
    #[must_use]
    pub fn codes(self) -> Vec<&'static str> {
        [
            (self.never_purpose, "never_purpose"),
            (self.never_agency, "never_agency"),
            (self.ask_each_time, "ask_each_time"),
            (self.outside_hours, "outside_hours"),
        ]
        .into_iter()
        .filter_map(|(meets, code)| meets.then_some(code))
        .collect()
    }
}

/// What an emergency access rests on beside the official who acts: four eyes, a reason, and no report owed
/// (Law 91/2025/QH15, Article 19(1)(a), (b): the burden of proof is on those who read).
#[derive(Clone, Copy, Debug)]
pub struct EmergencyFacts<'a> {
    /// The official who approves; `None` when nobody is named.
    pub approver: Option<OfficialFacts<'a>>,
    /// Whether approver and acting official are one person by `(iss, sub)`; one code is one person anyway.
    pub same_person: bool,
    /// Whether a justification is stated.
    pub justified: bool,
    /// When the one of the two who signed in first did so; `None` when that is not known. Asked for only when a token
    /// is issued.
    pub oldest_sign_in: Option<Millis>,
    /// Whether either of the two owes a report on an earlier emergency past its time.
    pub report_overdue: bool,
}

/// Everything one decision depends on. A fact that is not known is a reason to refuse, so none has a default.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What is about to happen.
    pub action: Action,
    /// The present.
    pub now: Millis,
    /// Who asks.
    pub client: ClientFacts<'a>,
    /// Who acts; `None` when nobody is named.
    pub official: Option<OfficialFacts<'a>>,
    /// Id of the purpose.
    pub purpose: &'a str,
    /// The basis the request claims.
    pub basis: BasisKind,
    /// The fields asked for.
    pub fields: &'a [&'a str],
    /// Whether a case is named.
    pub has_case: bool,
    /// Assurance of the sign-in behind the request, 0 to 4: the official's when proved, the citizen's where they
    /// take part; the lower of the two officials' in an emergency; 0 when nobody signed in.
    pub assurance: u8,
    /// The consent, where one was found.
    pub consent: Option<ConsentFacts<'a>>,
    /// The person's standing choices; `None` when she has made none.
    pub standing: Option<StandingFacts>,
    /// The circumstances of an emergency; `None` when the request claims none.
    pub emergency: Option<EmergencyFacts<'a>>,
}

/// What was decided, why, and under which text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may go ahead.
    pub allowed: bool,
    /// Why not; `None` exactly when allowed.
    pub reason: Option<Reason>,
    /// Ids of the rules that decided: the permits when allowed, else the prohibitions that applied, those of
    /// `reason` first. Empty when the request was refused before any rule (an unknown purpose or field).
    pub rules: Vec<String>,
    /// The fields asked for that lie outside the minimum, are unknown, or are never offered; in the order asked.
    pub excess: Vec<String>,
    /// The standing choices that the basis overrode, by their codes ([`StandingFacts::codes`]); empty when refused and
    /// where the basis is one that obeys them.
    pub overrides: Vec<&'static str>,
    /// The version of the purpose; `None` when the purpose is unknown.
    pub purpose_version: Option<String>,
    /// The version of the whole bundle of rules.
    pub bundle_version: String,
}
