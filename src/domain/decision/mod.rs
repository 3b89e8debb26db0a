//! What a decision is made from and what comes of it.
//!
//! Pure values: the facts of one request, the decision, and the stable reason codes. Out of scope: deciding
//! (`policy`), and gathering facts (the callers).

use std::collections::BTreeSet;

use super::catalogue::BasisKind;
use crate::time::Millis;

mod reason;

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

/// The consent the request rests on, as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct ConsentFacts<'a> {
    /// The fields consented to.
    pub granted: &'a [&'a str],
    /// The version of the purpose whose notice was shown.
    pub purpose_version: &'a str,
    /// The first instant it no longer counts.
    pub expires: Millis,
    /// Whether it has been withdrawn.
    pub withdrawn: bool,
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
    /// take part; 0 when nobody signed in.
    pub assurance: u8,
    /// The consent, where one was found.
    pub consent: Option<ConsentFacts<'a>>,
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
    /// The version of the purpose; `None` when the purpose is unknown.
    pub purpose_version: Option<String>,
    /// The version of the whole bundle of rules.
    pub bundle_version: String,
}
