//! Whether software may read for a person on the consent she gave it: asked when a token is issued and again each time it
//! is used. It is the rule of one purpose that is not in the catalogue ([`own_token`]), so it stands here and not in
//! `policies/`. Out of scope: what the transaction of the entry finds changed since (`store::append`).

use super::{Consent, not_live};
use crate::{
    domain::{
        consent::State,
        decision::{Reason, StandingFacts},
        own_token,
    },
    registry::Client,
    time::Millis,
};

/// What is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A token is issued on the very yes that was just given.
    First,
    /// Another token is issued.
    Another,
    /// A token is used.
    Use,
}

/// Why not; `None` when it may go ahead.
#[must_use]
pub fn refusal(
    client: &Client,
    consent: &Consent,
    standing: Option<StandingFacts>,
    step: Step,
    now: Millis,
) -> Option<Reason> {
    let (record, row) = (&consent.record, &consent.row);
    let scopes = own_token::scopes(&record.scopes);
    let is_whole = !scopes.is_empty() && scopes.len() == record.scopes.len();
    let rules = standing.unwrap_or_default();
    let reasons = [
        (client.suspended, Reason::ClientSuspended),
        // What the software is registered for may have shrunk since she was asked.
        (
            !is_whole || !scopes.iter().all(|scope| client.profile.scopes.contains(scope)),
            Reason::PurposeNotRegistered,
        ),
        (consent.state != State::Given, not_live(Some(consent.state))),
        (now.0 < row.starts, Reason::ConsentNotStarted),
        (row.expires <= now.0, Reason::ConsentExpired),
        (record.purpose_version != own_token::terms().version, Reason::ConsentForAnotherVersion),
        (rules.never_purpose, Reason::StandingNeverPurpose),
        (rules.never_agency, Reason::StandingNeverAgency),
        (rules.outside_hours, Reason::StandingOutsideHours),
        (rules.ask_each_time && step == Step::Another, Reason::StandingAskEachTime),
        (row.used >= row.max_uses && step != Step::Use, Reason::ConsentUsedUp),
    ];
    reasons.into_iter().find_map(|(applies, reason)| applies.then_some(reason))
}
