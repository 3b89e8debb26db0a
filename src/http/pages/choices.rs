//! `GET /me/choices`: a person's standing choices, each with a sentence on what it does and where it ends.

use askama::Template;

use super::{
    consent::words,
    layout::Layout,
    parts::Choice,
    sentence::{Part, sentence},
};
use crate::{domain::consent::Hours, i18n::lower_first};

/// A standing choice.
#[derive(Clone, Debug)]
pub enum StandingChoice {
    /// Never for one purpose.
    Never {
        /// The purpose's title.
        purpose: String,
    },
    /// Never this agency.
    NeverAgency {
        /// The agency's name.
        agency: String,
    },
    /// Ask each time: no consent opens more than one view.
    AskEachTime,
    /// Ask each time for one purpose.
    AskFor {
        /// The purpose's title.
        purpose: String,
    },
    /// This agency's questions are not passed on.
    Muted {
        /// The agency's name.
        agency: String,
    },
    /// Only within these hours.
    Within {
        /// The hours of the day in Vietnam.
        hours: Hours,
    },
}

/// One choice in force.
#[derive(Clone, Debug)]
pub struct ChoiceRow {
    /// What the remove form sends.
    pub id: String,
    /// The choice.
    pub choice: StandingChoice,
}

impl ChoiceRow {
    /// The choice in a sentence, as HTML.
    #[must_use]
    pub fn what(&self, page: &Layout) -> String {
        describe(page, &self.choice)
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn means(&self, page: &Layout) -> String {
        page.say(match self.choice {
            StandingChoice::Never { .. } => "choice-never-means",
            StandingChoice::NeverAgency { .. } => "choice-never-agency-means",
            StandingChoice::AskEachTime | StandingChoice::AskFor { .. } => "choice-ask-means",
            StandingChoice::Muted { .. } => "choice-muted-means",
            StandingChoice::Within { .. } => "choice-hours-means",
        })
    }
}

/// A choice in a sentence, as HTML.
#[must_use]
pub fn describe(page: &Layout, choice: &StandingChoice) -> String {
    match choice {
        StandingChoice::Never { purpose } => {
            let purpose = lower_first(purpose);
            sentence(page.lang, "choice-never", &[("purpose", Part::Strong(&purpose))])
        }
        StandingChoice::NeverAgency { agency } => {
            sentence(page.lang, "choice-never-agency", &[("agency", Part::Strong(agency))])
        }
        StandingChoice::AskEachTime => page.say("choice-ask"),
        StandingChoice::AskFor { purpose } => {
            let purpose = lower_first(purpose);
            sentence(page.lang, "choice-ask-for", &[("purpose", Part::Strong(&purpose))])
        }
        StandingChoice::Muted { agency } => {
            sentence(page.lang, "choice-muted", &[("agency", Part::Strong(agency))])
        }
        StandingChoice::Within { hours } => words::hours(page.lang, "choice-hours", *hours),
    }
}

/// What was wrong with a new choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceProblem {
    /// No purpose was chosen, or one that is not there.
    NoPurpose,
    /// The hours do not make sense.
    BadHours,
    /// The choice is there already.
    AlreadyThere,
    /// The list has changed since the form was shown.
    Changed,
    /// There are as many choices as there can be.
    TooMany,
}

/// The page. A new choice posts `csrf`, `revision`, `kind` (`never`, `ask` or `hours`) and, by kind, `purpose` or `from`
/// and `to` (`08:00`) to `/me/choices`; removing posts `csrf`, `revision` and `id` to `/me/choices/remove`.
#[derive(Clone, Debug, Template)]
#[template(path = "choices.html")]
pub struct Choices {
    /// The frame.
    pub page: Layout,
    /// The list's revision: a form of an older one changes nothing.
    pub revision: i64,
    /// The choices in force.
    pub rows: Vec<ChoiceRow>,
    /// Purposes that rest on consent, to choose from; none selected beforehand.
    pub purposes: Vec<Choice>,
    /// What was wrong with the form just sent.
    pub problem: Option<ChoiceProblem>,
}

impl Choices {
    /// Whether "ask each time" is in force.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.choice, StandingChoice::AskEachTime))
    }

    /// Whether hours are in force.
    #[must_use]
    pub fn has_hours(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.choice, StandingChoice::Within { .. }))
    }

    /// What was wrong, in a sentence, and where.
    #[must_use]
    pub fn problem_sentence(&self) -> Option<(String, &'static str)> {
        self.problem.map(|problem| match problem {
            ChoiceProblem::NoPurpose => (self.page.say("choice-problem-purpose"), "purpose"),
            ChoiceProblem::BadHours => (self.page.say("choice-problem-hours"), "add"),
            ChoiceProblem::AlreadyThere => (self.page.say("choice-problem-there"), "add"),
            ChoiceProblem::Changed => (self.page.say("choice-problem-changed"), "add"),
            ChoiceProblem::TooMany => (self.page.say("choice-problem-many"), "add"),
        })
    }
}
