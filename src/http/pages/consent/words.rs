//! States, acts and limits of a consent, in plain words.

use crate::{
    domain::consent::{Act, Capacity, Hours, Limits, Per, State},
    http::pages::{
        layout::Layout,
        parts::Field,
        sentence::{Part, sentence},
    },
    i18n::{Arg, Lang, date, text, text_with},
    time::Millis,
};

/// The tag of a state.
#[must_use]
pub fn state(page: &Layout, state: State) -> String {
    page.say(match state {
        State::Requested => "consent-state-requested",
        State::Deferred => "consent-state-deferred",
        State::HalfGiven => "consent-state-half-given",
        State::Refused => "consent-state-refused",
        State::Unanswered => "consent-state-unanswered",
        State::Given => "consent-state-given",
        State::Paused => "consent-state-paused",
        State::UnderReview => "consent-state-under-review",
        State::Withdrawn => "consent-state-withdrawn",
        State::Revoked => "consent-state-revoked",
        State::Expired => "consent-state-expired",
        State::Invalidated => "consent-state-invalidated",
        State::LapsedUnused => "consent-state-lapsed",
        State::Superseded => "consent-state-superseded",
    })
}

/// What a state means for the agency, in a sentence; `ended_by` is as what somebody ended it before its time.
#[must_use]
pub fn state_means(page: &Layout, state: State, ended_by: Option<Capacity>) -> String {
    page.say(match state {
        State::Requested | State::Deferred => "consent-means-waiting",
        State::HalfGiven => "consent-means-half-given",
        State::Refused => "consent-means-refused",
        State::Unanswered => "consent-means-unanswered",
        State::Given => "consent-means-given",
        State::Paused => "consent-means-paused",
        State::UnderReview => "consent-means-under-review",
        State::Withdrawn => "consent-means-withdrawn",
        State::Revoked if ended_by == Some(Capacity::Agency) => "consent-means-returned",
        State::Revoked if ended_by == Some(Capacity::System) => "consent-means-guarded",
        State::Revoked => "consent-means-revoked",
        State::Expired => "consent-means-expired",
        State::Invalidated => "consent-means-invalidated",
        State::LapsedUnused => "consent-means-lapsed",
        State::Superseded => "consent-means-superseded",
    })
}

/// What happened, in a few words, by whom where that makes a difference.
#[must_use]
pub fn act(page: &Layout, act: Act, by: Capacity) -> String {
    page.say(match act {
        Act::Ask => "event-asked",
        Act::Defer => "event-deferred",
        Act::Refuse => "event-declined",
        Act::TimeOut => "event-unanswered",
        Act::GiveHalf => "event-half-given",
        Act::Give => "event-given",
        Act::Pause => "event-paused",
        Act::Resume => "event-resumed",
        Act::Withdraw => "event-withdrawn",
        Act::Revoke if by == Capacity::Agency => "event-returned",
        Act::Revoke if by == Capacity::System => "event-guarded",
        Act::Revoke => "event-ended",
        Act::Expire => "event-expired",
        Act::Invalidate => "event-invalidated",
        Act::Lapse => "event-lapsed",
        Act::Supersede => "event-superseded",
        Act::Review => "event-reviewed",
        Act::Confirm => "event-confirmed",
    })
}

/// How often and at which hours, a sentence each.
#[must_use]
pub fn limits(lang: Lang, limits: &Limits) -> Vec<String> {
    let count = |key, n: u32| text_with(lang, key, &[("count", Arg::Number(u64::from(n)))]);
    let mut all = vec![match limits.max_uses {
        1 => text(lang, "limit-once"),
        n => count("limit-uses", n),
    }];
    all.extend(limits.frequency.map(|frequency| {
        let key = match frequency.per {
            Per::Hour => "limit-per-hour",
            Per::Day => "limit-per-day",
            Per::Week => "limit-per-week",
            Per::Month => "limit-per-month",
        };
        count(key, frequency.n)
    }));
    all.extend(limits.hours.map(|these| hours(lang, "limit-hours", these)));
    all
}

/// A consent by what it is for and the day it was given.
#[must_use]
pub fn of_day(lang: Lang, purpose: &str, given: Millis) -> String {
    let args = [("purpose", Arg::Text(purpose)), ("date", Arg::Text(&date(lang, given)))];
    text_with(lang, "consent-of-day", &args)
}

/// From which day until which, as HTML with the days emphasised.
#[must_use]
pub fn validity(lang: Lang, limits: &Limits) -> String {
    let from = date(lang, Millis(limits.starts));
    // The last instant that counts, not the first that does not.
    let until = date(lang, Millis(limits.expires.saturating_sub(1)));
    sentence(lang, "notice-validity", &[("from", Part::Strong(&from)), ("until", Part::Strong(&until))])
}

/// A sentence with hours of the day: `$from`, `$to`.
#[must_use]
pub fn hours(lang: Lang, key: &str, hours: Hours) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (from, to) = (clock(hours.opens), clock(hours.closes));
    text_with(lang, key, &[("from", Arg::Text(&from)), ("to", Arg::Text(&to))])
}

/// What a scope of a citizen's own token opens, as a field of the text; `None` for a scope that is none.
#[must_use]
pub fn scope(lang: Lang, name: &str) -> Option<Field> {
    let key = match name {
        "me.history" => "scope-me-history",
        "me.consents" => "scope-me-consents",
        _ => return None,
    };
    // How a person uses services is sensitive itself (Decree 356/2025/ND-CP Art. 4(1)(l)).
    Some(Field { label: text(lang, key), sensitive: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::consent::Frequency;

    #[test]
    fn each_limit_is_its_own_sentence() {
        let mut these = Limits { max_uses: 1, frequency: None, hours: None, starts: 0, expires: 1 };
        assert_eq!(limits(Lang::En, &these), ["It may be viewed once only."]);
        these.max_uses = 12;
        these.frequency = Some(Frequency { n: 1, per: Per::Week });
        these.hours = Hours::new(8 * 60, 24 * 60);
        let said = limits(Lang::Vi, &these);
        assert_eq!(said.len(), 3);
        assert!(said.iter().any(|s| s.contains("12")) && said.iter().any(|s| s.contains("08:00")));
        assert!(said.iter().any(|s| s.contains("24:00")));
    }
}
