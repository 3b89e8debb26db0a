//! *Sự đồng ý*: a person's own act, for one purpose, that can be given, limited, paused and taken back.
//!
//! A consent is a list of events; its state is what the last of them left. Which act is lawful in which state stands in
//! one table, [`State::after`]; whatever is not in it is an error. Law 91/2025/QH15 Articles 9 to 11, Decree
//! 356/2025/ND-CP Article 6. Out of scope: storing and deciding.

mod limits;
mod record;

pub use limits::{BeyondTerms, Frequency, Hours, Limits, Per, minute_of_day};
pub use record::{
    Actor, Authenticated, Capacity, Channel, Event, Item, Named, Record, SCHEMA, Shown, Withdrawal,
};

/// Where a consent stands. Only [`State::Given`] opens anything; silence is [`State::Unanswered`], which opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Asked for; nobody has answered.
    Requested,
    /// "Not now": still open until the request ends.
    Deferred,
    /// One of the two whose consent is needed has said yes (Law 91/2025/QH15, Article 24(2)).
    HalfGiven,
    /// The person said no.
    Refused,
    /// Nobody answered in time; that is not consent (Article 9(4)(d)).
    Unanswered,
    /// Given and in force, within its limits.
    Given,
    /// Stopped by the person for a while.
    Paused,
    /// Given by a representative for somebody who now decides alone, and not yet confirmed.
    UnderReview,
    /// Taken back by the person (Article 10).
    Withdrawn,
    /// Ended by an authority.
    Revoked,
    /// Its time is over.
    Expired,
    /// The purpose or notice changed in substance: it must be asked for again.
    Invalidated,
    /// Never used for so long that it was ended.
    LapsedUnused,
    /// A newer consent took its place.
    Superseded,
}

/// Something that happens to a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// An agency asks.
    Ask,
    /// The person wants to answer later.
    Defer,
    /// The person says no.
    Refuse,
    /// The request ends without an answer.
    TimeOut,
    /// The first of two says yes.
    GiveHalf,
    /// The person, or the second of two, says yes.
    Give,
    /// The person stops it for a while.
    Pause,
    /// The person lets it go on.
    Resume,
    /// The person takes it back.
    Withdraw,
    /// An authority ends it.
    Revoke,
    /// Its time is over.
    Expire,
    /// What was consented to has changed.
    Invalidate,
    /// It was not used for long.
    Lapse,
    /// A newer consent takes its place.
    Supersede,
    /// The person has come of age: she decides now herself.
    Review,
    /// She says yes to it herself.
    Confirm,
}

/// An act that a state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a consent that is `{}` cannot be changed by `{}`", .from.map_or("new", State::as_str), .act.as_str())]
pub struct IllegalTransition {
    /// The state; `None` before the first event.
    pub from: Option<State>,
    /// The act.
    pub act: Act,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 14] = [
        Self::Requested,
        Self::Deferred,
        Self::HalfGiven,
        Self::Refused,
        Self::Unanswered,
        Self::Given,
        Self::Paused,
        Self::UnderReview,
        Self::Withdrawn,
        Self::Revoked,
        Self::Expired,
        Self::Invalidated,
        Self::LapsedUnused,
        Self::Superseded,
    ];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Deferred => "deferred",
            Self::HalfGiven => "half_given",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::Given => "given",
            Self::Paused => "paused",
            Self::UnderReview => "under_review",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Invalidated => "invalidated",
            Self::LapsedUnused => "lapsed_unused",
            Self::Superseded => "superseded",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the person still has to answer.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Requested | Self::Deferred | Self::HalfGiven)
    }

    /// Whether it was given and is not over: what the person can withdraw.
    #[must_use]
    pub const fn is_standing(self) -> bool {
        matches!(self, Self::Given | Self::Paused | Self::UnderReview)
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        !self.is_waiting() && !self.is_standing()
    }

    /// The table: where `act` leads from `from` (`None`: there is no consent yet).
    ///
    /// # Errors
    /// [`IllegalTransition`] for everything that is not in the table.
    pub const fn after(from: Option<Self>, act: Act) -> Result<Self, IllegalTransition> {
        let Some(state) = from else {
            return match act {
                Act::Ask => Ok(Self::Requested),
                _ => Err(IllegalTransition { from, act }),
            };
        };
        let to = match (state, act) {
            (Self::Requested, Act::Defer) => Self::Deferred,
            (Self::Requested | Self::Deferred, Act::GiveHalf) => Self::HalfGiven,
            (Self::Requested | Self::Deferred | Self::HalfGiven, Act::Give)
            | (Self::Paused, Act::Resume)
            | (Self::UnderReview, Act::Confirm) => Self::Given,
            (Self::Requested | Self::Deferred | Self::HalfGiven, Act::Refuse) => Self::Refused,
            (Self::Requested | Self::Deferred | Self::HalfGiven, Act::TimeOut) => Self::Unanswered,
            (Self::Given, Act::Pause) => Self::Paused,
            (Self::Given | Self::Paused, Act::Review) => Self::UnderReview,
            (Self::Given | Self::Paused | Self::UnderReview, Act::Withdraw) => Self::Withdrawn,
            (Self::Given | Self::Paused | Self::UnderReview, Act::Revoke) => Self::Revoked,
            (Self::Given | Self::Paused | Self::UnderReview, Act::Expire) => Self::Expired,
            (Self::Given | Self::Paused | Self::UnderReview, Act::Lapse) => Self::LapsedUnused,
            (Self::Given | Self::Paused | Self::UnderReview, Act::Supersede) => Self::Superseded,
            (
                Self::Requested
                | Self::Deferred
                | Self::HalfGiven
                | Self::Given
                | Self::Paused
                | Self::UnderReview,
                Act::Invalidate,
            ) => Self::Invalidated,
            _ => return Err(IllegalTransition { from, act }),
        };
        Ok(to)
    }
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 16] = [
        Self::Ask,
        Self::Defer,
        Self::Refuse,
        Self::TimeOut,
        Self::GiveHalf,
        Self::Give,
        Self::Pause,
        Self::Resume,
        Self::Withdraw,
        Self::Revoke,
        Self::Expire,
        Self::Invalidate,
        Self::Lapse,
        Self::Supersede,
        Self::Review,
        Self::Confirm,
    ];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Defer => "defer",
            Self::Refuse => "refuse",
            Self::TimeOut => "time_out",
            Self::GiveHalf => "give_half",
            Self::Give => "give",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Withdraw => "withdraw",
            Self::Revoke => "revoke",
            Self::Expire => "expire",
            Self::Invalidate => "invalidate",
            Self::Lapse => "lapse",
            Self::Supersede => "supersede",
            Self::Review => "review",
            Self::Confirm => "confirm",
        }
    }

    /// The act with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == word)
    }

    /// Whether somebody says yes with it: only an answer does, and what was read stands with it.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::GiveHalf | Self::Give | Self::Confirm)
    }

    /// Whether tokens and the grant end with it: the consent no longer stands, or not now.
    #[must_use]
    pub const fn takes_away(self) -> bool {
        match self {
            Self::Pause
            | Self::Withdraw
            | Self::Revoke
            | Self::Expire
            | Self::Invalidate
            | Self::Lapse
            | Self::Supersede
            | Self::Review => true,
            Self::Ask
            | Self::Defer
            | Self::Refuse
            | Self::TimeOut
            | Self::GiveHalf
            | Self::Give
            | Self::Resume
            | Self::Confirm => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_again() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for act in Act::ALL {
            assert_eq!(Act::parse(act.as_str()), Some(act));
        }
    }

    #[test]
    fn nothing_happens_to_a_consent_that_is_over() {
        for state in State::ALL.into_iter().filter(|state| state.is_over()) {
            for act in Act::ALL {
                assert_eq!(State::after(Some(state), act), Err(IllegalTransition { from: Some(state), act }));
            }
        }
    }

    #[test]
    fn a_consent_begins_by_being_asked_for_and_in_no_other_way() {
        for act in Act::ALL {
            assert_eq!(State::after(None, act).is_ok(), act == Act::Ask, "{act:?}");
        }
    }

    #[test]
    fn only_a_yes_or_its_resumption_leads_to_given() {
        for state in State::ALL {
            for act in Act::ALL {
                if State::after(Some(state), act) == Ok(State::Given) {
                    assert!(matches!(act, Act::Give | Act::Resume | Act::Confirm), "{state:?} {act:?}");
                }
            }
        }
    }

    #[test]
    fn what_leaves_given_takes_away() {
        for act in Act::ALL {
            if let Ok(to) = State::after(Some(State::Given), act) {
                assert!(to != State::Given && act.takes_away(), "{act:?}");
            }
        }
    }
}
