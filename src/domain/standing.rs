//! *Lựa chọn chung*: what a person decides ahead of time, for all requests to come (systems.md (c)30).
//!
//! Which of it meets a request is computed here; that it binds where she could have said no, and is overridden by a
//! named basis where the law opens the data (Law 91/2025/QH15, Article 10(1) with Article 19), stands in
//! `policies/global/standing.cedar`. Out of scope: keeping the list and changing it (`standing`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    consent::Hours,
    decision::{Reason, StandingFacts},
};
use crate::time::Millis;

/// The most choices one person can have.
pub const MOST: usize = 100;

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its id, for taking it back.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Millis,
    /// What was chosen.
    pub what: What,
}

/// What a person chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Never for this purpose, by its id.
    NeverPurpose(String),
    /// Never this agency, by its id.
    NeverAgency(String),
    /// Ask each time: for one purpose, or (`None`) for all.
    AskEachTime(Option<String>),
    /// Only at these hours of the day.
    OfficeHours(Hours),
    /// Do not pass on this agency's questions while she is not there; what she allowed stays allowed.
    MuteAgency(String),
}

impl What {
    /// The stable word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NeverPurpose(_) => "never_purpose",
            Self::NeverAgency(_) => "never_agency",
            Self::AskEachTime(_) => "ask_each_time",
            Self::OfficeHours(_) => "office_hours",
            Self::MuteAgency(_) => "mute_agency",
        }
    }

    /// The purpose it is about.
    #[must_use]
    pub fn purpose(&self) -> Option<&str> {
        match self {
            Self::NeverPurpose(id) | Self::AskEachTime(Some(id)) => Some(id),
            Self::NeverAgency(_) | Self::AskEachTime(None) | Self::OfficeHours(_) | Self::MuteAgency(_) => {
                None
            }
        }
    }

    /// The agency it is about.
    #[must_use]
    pub fn agency(&self) -> Option<&str> {
        match self {
            Self::NeverAgency(id) | Self::MuteAgency(id) => Some(id),
            Self::NeverPurpose(_) | Self::AskEachTime(_) | Self::OfficeHours(_) => None,
        }
    }

    /// Whether the other one leaves nothing for this one to say. There is one set of hours, or none.
    fn is_covered_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OfficeHours(_), Self::OfficeHours(_))
            | (Self::AskEachTime(_), Self::AskEachTime(None)) => true,
            _ => self == other,
        }
    }
}

/// A change of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// This is chosen too.
    Add(What),
    /// The choice with this id is taken back.
    Remove(Uuid),
}

/// Why a list cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The choice is there already.
    #[error("the choice is there already")]
    AlreadyThere,
    /// There is no such choice.
    #[error("there is no such choice")]
    NotThere,
    /// There are [`MOST`] of them.
    #[error("there are too many choices")]
    TooMany,
}

/// The list after an edit, and the choice that came or went; `id` and `at` are those of a new one.
///
/// # Errors
/// [`Unfit`]; nothing changes.
pub fn edited(list: &[Choice], edit: Edit, id: Uuid, at: Millis) -> Result<(Vec<Choice>, Choice), Unfit> {
    let mut list = list.to_vec();
    match edit {
        Edit::Add(what) if list.iter().any(|choice| what.is_covered_by(&choice.what)) => {
            Err(Unfit::AlreadyThere)
        }
        Edit::Add(_) if list.len() >= MOST => Err(Unfit::TooMany),
        Edit::Add(what) => {
            let choice = Choice { id, made_at: at, what };
            list.push(choice.clone());
            Ok((list, choice))
        }
        Edit::Remove(id) => {
            let at = list.iter().position(|choice| choice.id == id).ok_or(Unfit::NotThere)?;
            let gone = list.remove(at);
            Ok((list, gone))
        }
    }
}

/// What of the list meets a request of this agency for this purpose at this instant; `None` when nothing does.
#[must_use]
pub fn facts(list: &[Choice], purpose: &str, agency: &str, at: Millis) -> Option<StandingFacts> {
    let mut facts = StandingFacts::default();
    for choice in list {
        match &choice.what {
            What::NeverPurpose(id) => facts.never_purpose |= id == purpose,
            What::NeverAgency(id) => facts.never_agency |= id == agency,
            What::AskEachTime(id) => facts.ask_each_time |= id.as_ref().is_none_or(|id| id == purpose),
            What::OfficeHours(hours) => facts.outside_hours |= !hours.contains(at),
            What::MuteAgency(_) => {}
        }
    }
    (facts != StandingFacts::default()).then_some(facts)
}

/// Why a person need not even be asked: whatever she answered, the answer is there already.
#[must_use]
pub fn ruled_out(list: &[Choice], purpose: &str, agency: &str) -> Option<Reason> {
    // The hour at which she is asked is hers; only what never changes rules a question out.
    let facts = facts(list, purpose, agency, Millis(0))?;
    if facts.never_purpose {
        Some(Reason::StandingNeverPurpose)
    } else if facts.never_agency {
        Some(Reason::StandingNeverAgency)
    } else {
        None
    }
}

/// Whether she does not want to hear this agency's questions.
#[must_use]
pub fn is_muted(list: &[Choice], agency: &str) -> bool {
    list.iter().any(|choice| matches!(&choice.what, What::MuteAgency(id) if id == agency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(all: Vec<What>) -> Vec<Choice> {
        let choice =
            |(n, what): (usize, What)| Choice { id: Uuid::from_u128(n as u128), made_at: Millis(0), what };
        all.into_iter().enumerate().map(choice).collect()
    }

    fn own(text: &str) -> String {
        text.to_owned()
    }

    /// 2026-11-22, 08:00 in Hanoi.
    const EIGHT: Millis = Millis(1_795_309_200_000);

    #[test]
    fn a_choice_meets_its_own_purpose_and_agency_and_no_other() {
        let rules = list(vec![What::NeverPurpose(own("p")), What::NeverAgency(own("a"))]);
        let codes = |purpose, agency| facts(&rules, purpose, agency, EIGHT).map(StandingFacts::codes);
        assert_eq!(codes("p", "b"), Some(vec!["never_purpose"]));
        assert_eq!(codes("q", "a"), Some(vec!["never_agency"]));
        assert_eq!(codes("p", "a"), Some(vec!["never_purpose", "never_agency"]));
        assert_eq!((codes("q", "b"), facts(&[], "p", "a", EIGHT)), (None, None));
        assert_eq!(ruled_out(&rules, "p", "a"), Some(Reason::StandingNeverPurpose));
        assert_eq!(ruled_out(&rules, "q", "a"), Some(Reason::StandingNeverAgency));
        assert_eq!(ruled_out(&rules, "q", "b"), None);
    }

    #[test]
    fn asking_each_time_is_for_one_purpose_or_for_all() {
        let asks =
            |what, purpose| facts(&list(vec![what]), purpose, "a", EIGHT).is_some_and(|f| f.ask_each_time);
        assert!(asks(What::AskEachTime(None), "p") && asks(What::AskEachTime(Some(own("p"))), "p"));
        assert!(!asks(What::AskEachTime(Some(own("p"))), "q"));
        assert_eq!(ruled_out(&list(vec![What::AskEachTime(None)]), "p", "a"), None);
    }

    #[test]
    fn hours_are_met_to_the_millisecond_and_do_not_rule_a_question_out() {
        let rules = list(vec![What::OfficeHours(Hours::new(8 * 60, 17 * 60).unwrap())]);
        let five = Millis(EIGHT.0 + 9 * 3_600_000);
        let outside = |at| facts(&rules, "p", "a", at).is_some_and(|facts| facts.outside_hours);
        assert!(outside(Millis(EIGHT.0 - 1)) && !outside(EIGHT));
        assert!(!outside(Millis(five.0 - 1)) && outside(five));
        assert_eq!(ruled_out(&rules, "p", "a"), None);
    }

    #[test]
    fn muting_stops_questions_and_nothing_else() {
        let rules = list(vec![What::MuteAgency(own("a"))]);
        assert!(is_muted(&rules, "a") && !is_muted(&rules, "b"));
        assert_eq!(facts(&rules, "p", "a", EIGHT), None);
    }

    #[test]
    fn a_list_holds_each_choice_once_and_at_most_so_many() {
        let rules = list(vec![What::AskEachTime(None), What::OfficeHours(Hours::new(1, 2).unwrap())]);
        let add = |what| edited(&rules, Edit::Add(what), Uuid::max(), EIGHT).map(|(list, _)| list.len());
        assert_eq!(add(What::AskEachTime(Some(own("p")))), Err(Unfit::AlreadyThere));
        assert_eq!(add(What::OfficeHours(Hours::new(3, 4).unwrap())), Err(Unfit::AlreadyThere));
        assert_eq!(add(What::NeverPurpose(own("p"))), Ok(3));
        let (left, gone) = edited(&rules, Edit::Remove(Uuid::from_u128(0)), Uuid::max(), EIGHT).unwrap();
        assert_eq!((left.len(), gone), (1, rules[0].clone()));
        assert_eq!(edited(&rules, Edit::Remove(Uuid::max()), Uuid::max(), EIGHT), Err(Unfit::NotThere));
        let full = list((0..MOST).map(|n| What::NeverPurpose(n.to_string())).collect());
        assert_eq!(
            edited(&full, Edit::Add(What::NeverAgency(own("a"))), Uuid::max(), EIGHT),
            Err(Unfit::TooMany)
        );
    }

    #[test]
    fn a_list_reads_back_as_it_was_written() {
        let rules = list(vec![
            What::NeverPurpose(own("p")),
            What::NeverAgency(own("a")),
            What::AskEachTime(None),
            What::AskEachTime(Some(own("p"))),
            What::OfficeHours(Hours::new(1, 2).unwrap()),
            What::MuteAgency(own("a")),
        ]);
        let bytes = serde_json::to_vec(&rules).unwrap();
        assert_eq!(serde_json::from_slice::<Vec<Choice>>(&bytes).unwrap(), rules);
    }
}
