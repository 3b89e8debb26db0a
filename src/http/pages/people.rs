//! `GET /me/people`: for whom a person acts, who acts for her, and naming somebody herself.

use askama::Template;

use super::{
    layout::Layout,
    parts::{self, Choice},
};
use crate::{
    domain::consent::Capacity,
    i18n::{Arg, date, text_with},
    time::Millis,
};

/// What a representative may do.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whether answering requests is included; otherwise only reading.
    pub answers: bool,
    /// The purposes it is limited to, by title; empty for all.
    pub purposes: Vec<String>,
}

impl Scope {
    /// In a sentence.
    #[must_use]
    pub fn sentence(&self, page: &Layout) -> String {
        page.say(if self.answers { "people-scope-answers" } else { "people-scope-views" })
    }
}

/// Somebody one acts for, or who acts for one.
#[derive(Clone, Debug)]
pub struct Person {
    /// The representation's id.
    pub id: String,
    /// A name, or a masked number, as the reader may know the other.
    pub who: String,
    /// In which capacity.
    pub capacity: Capacity,
    /// What it reaches.
    pub scope: Scope,
    /// From when.
    pub from: Millis,
    /// The last instant; `None` when it ends by age or by decision only.
    pub until: Option<Millis>,
    /// From when on the child must say yes too (Law 91/2025/QH15 Art. 24(2)).
    pub joint_from: Option<Millis>,
    /// From when on the child decides alone, and this ends.
    pub hands_over_at: Option<Millis>,
    /// Whether it counts now, so that the reader may act.
    pub can_act: bool,
    /// Whether the reader may end it here.
    pub can_end: bool,
}

impl Person {
    /// The capacity's word.
    #[must_use]
    pub fn capacity_word(&self, page: &Layout) -> String {
        parts::capacity(page, self.capacity)
    }

    /// From when until when.
    #[must_use]
    pub fn dates(&self, page: &Layout) -> String {
        let from = date(page.lang, self.from);
        match self.until.map(|until| date(page.lang, until)) {
            Some(until) => {
                let args = [("from", Arg::Text(&from)), ("until", Arg::Text(&until))];
                text_with(page.lang, "people-from-until", &args)
            }
            None => page.say_value("people-from", &from),
        }
    }

    /// From when on two must say yes.
    #[must_use]
    pub fn joint(&self, page: &Layout) -> Option<String> {
        self.joint_from.map(|at| page.say_value("people-joint", &date(page.lang, at)))
    }

    /// From when on the child decides alone.
    #[must_use]
    pub fn grown(&self, page: &Layout) -> Option<String> {
        self.hands_over_at.map(|at| page.say_value("people-grown", &date(page.lang, at)))
    }
}

/// What was wrong with the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeopleProblem {
    /// The number is none.
    BadNumber,
    /// It is the reader's own number.
    Oneself,
    /// The date is none, is past, or is too far away.
    BadDate,
    /// Not said what the other may do.
    NoScope,
    /// Not said for which purpose.
    NoPurpose,
    /// Somebody acts for the reader by law.
    Represented,
}

/// The page. Acting posts `csrf` to `/me/people/{id}/act` (the representation's id), stopping to `/me/people/self`, ending
/// to `/me/people/{id}/end`; naming posts `csrf`, `idempotency_key`, `national_id`, `scope` (`view` or
/// `answer`), `purpose` (one, or `all`; never filled in beforehand) and `until` (`2026-12-31`) to `/me/people`.
#[derive(Clone, Debug, Template)]
#[template(path = "people.html")]
pub struct People {
    /// The frame.
    pub page: Layout,
    /// For whom the reader may act.
    pub i_act_for: Vec<Person>,
    /// Who may act for the reader.
    pub act_for_me: Vec<Person>,
    /// Purposes an authority can be limited to.
    pub purposes: Vec<Choice>,
    /// The first day that may be chosen as the last one, `2026-11-23`.
    pub earliest: String,
    /// The last day that may be chosen.
    pub latest: String,
    /// Sent with the form, so that pressing twice names once.
    pub idempotency_key: String,
    /// What was wrong with the form just sent; the number is never put back into it.
    pub problem: Option<PeopleProblem>,
}

impl People {
    /// What was wrong, in a sentence, and at which field.
    #[must_use]
    pub fn problem_sentence(&self) -> Option<(String, &'static str)> {
        self.problem.map(|problem| match problem {
            PeopleProblem::BadNumber => (self.page.say("people-problem-number"), "national_id"),
            PeopleProblem::Oneself => (self.page.say("people-problem-oneself"), "national_id"),
            PeopleProblem::BadDate => (self.page.say("people-problem-date"), "until"),
            PeopleProblem::NoScope => (self.page.say("people-problem-scope"), "scope-view"),
            PeopleProblem::Represented => (self.page.say("people-problem-represented"), "national_id"),
            PeopleProblem::NoPurpose => (self.page.say("choice-problem-purpose"), "purpose"),
        })
    }

    /// Whether the form may be shown: nobody names a representative while acting for somebody.
    #[must_use]
    pub fn can_name(&self) -> bool {
        self.page.is_own()
    }
}

/// The page for somebody an agency sent here with a request about another person for whom she acts, before she does. Its
/// form posts `csrf` and `return_to`.
#[derive(Clone, Debug, Template)]
#[template(path = "act_first.html")]
pub struct ActFirst {
    /// The frame.
    pub page: Layout,
    /// For whom: a masked number; `None` when it is the reader herself and she acts for somebody else.
    pub who: Option<String>,
    /// Where the form goes.
    pub action: String,
    /// The page to come back to; the handler checks that it is on this site.
    pub return_to: String,
}

impl ActFirst {
    /// What it is about.
    #[must_use]
    pub fn lead(&self) -> String {
        match &self.who {
            Some(who) => self.page.say_value("act-first-other", who),
            None => self.page.say("act-first-self"),
        }
    }

    /// What the button does.
    #[must_use]
    pub fn button(&self) -> String {
        self.page.say(if self.who.is_some() { "people-act" } else { "acting-stop" })
    }
}
