//! `GET /me/consents`: what the person has said yes to, current ones first.

use std::time::Duration;

use askama::Template;

use super::words;
use crate::{
    domain::consent::State,
    http::pages::{
        history::named,
        layout::Layout,
        parts::{Choice, Field},
        sentence::{Part, sentence},
    },
    i18n::{Arg, date, text_with},
    time::Millis,
};

/// One consent.
#[derive(Clone, Debug)]
pub struct ConsentRow {
    /// Its id.
    pub id: String,
    /// The agency's name.
    pub agency: String,
    /// The purpose's title.
    pub purpose: String,
    /// The fields said yes to; of a refused one, those asked for.
    pub fields: Vec<Field>,
    /// Where it stands.
    pub state: State,
    /// The first instant it no longer counts.
    pub expires: Millis,
    /// When it ended, if it has.
    pub ended_at: Option<Millis>,
    /// How many times it has been used.
    pub used: u32,
    /// How many times it may be used.
    pub max_uses: u32,
    /// When it was used last.
    pub last_used: Option<Millis>,
}

impl ConsentRow {
    /// "X may view …", as HTML; what is not in force is put so.
    #[must_use]
    pub fn what(&self, page: &Layout) -> String {
        let fields = named(page.lang, &self.fields);
        let parts = [("agency", Part::Strong(&self.agency)), ("fields", Part::Strong(&fields))];
        let key = match self.state {
            State::Given => "consents-row-given",
            State::Paused | State::UnderReview => "consents-row-held",
            state if state.is_waiting() => "requests-row",
            State::Refused | State::Unanswered => "consents-row-never",
            _ => "consents-row-ended",
        };
        sentence(page.lang, key, &parts)
    }

    /// The reason, as HTML.
    #[must_use]
    pub fn why(&self, page: &Layout) -> String {
        sentence(page.lang, "row-reason", &[("purpose", Part::Plain(&self.purpose))])
    }

    /// The state's tag.
    #[must_use]
    pub fn tag(&self, page: &Layout) -> String {
        words::state(page, self.state)
    }

    /// Whether it stands, but opens nothing now.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        matches!(self.state, State::Paused | State::UnderReview)
    }

    /// Until when, or since when not.
    #[must_use]
    pub fn when(&self, page: &Layout) -> Option<String> {
        match self.ended_at {
            Some(at) => Some(page.say_value("consents-ended-on", &date(page.lang, at))),
            None if self.state.is_standing() => Some(
                page.say_value("consents-until", &date(page.lang, self.expires - Duration::from_millis(1))),
            ),
            None => None,
        }
    }

    /// "Used 2 of 5 times, last on …".
    #[must_use]
    pub fn uses(&self, page: &Layout) -> String {
        let last = self.last_used.map(|at| date(page.lang, at)).unwrap_or_default();
        let args = [
            ("used", Arg::Number(u64::from(self.used))),
            ("max", Arg::Number(u64::from(self.max_uses))),
            ("last", Arg::Text(&last)),
        ];
        match (self.used, last.is_empty()) {
            (0, _) => page.say("consents-unused"),
            (_, true) => text_with(page.lang, "consents-used", &args),
            (_, false) => text_with(page.lang, "consents-used-last", &args),
        }
    }

    /// Whether some of the information is sensitive.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.fields.iter().any(|field| field.sensitive)
    }
}

/// Which ones are listed: the value of `?state=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Shown {
    /// All.
    #[default]
    All,
    /// Those in force, paused or under review.
    Standing,
    /// Those that are over.
    Over,
}

impl Shown {
    const EACH: [(Self, &'static str, &'static str); 3] = [
        (Self::All, "", "filter-all"),
        (Self::Standing, "standing", "consents-current-h2"),
        (Self::Over, "over", "consents-over-h2"),
    ];

    /// Reads `?state=`; anything unknown is all.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        Self::EACH
            .into_iter()
            .find(|(_, word, _)| *word == value)
            .map(|(shown, ..)| shown)
            .unwrap_or_default()
    }

    /// Whether a consent in this state is listed; waiting ones stand on the page of requests.
    #[must_use]
    pub const fn includes(self, state: State) -> bool {
        match self {
            Self::All => !state.is_waiting(),
            Self::Standing => state.is_standing(),
            Self::Over => state.is_over(),
        }
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/consents.html")]
pub struct Consents {
    /// The frame.
    pub page: Layout,
    /// The consents, newest first; the page shows those the filter includes, standing ones first.
    pub rows: Vec<ConsentRow>,
    /// The filter.
    pub shown: Shown,
}

impl Consents {
    /// Those that stand.
    #[must_use]
    pub fn standing(&self) -> Vec<&ConsentRow> {
        self.rows.iter().filter(|r| r.state.is_standing() && self.shown.includes(r.state)).collect()
    }

    /// Those that are over.
    #[must_use]
    pub fn over(&self) -> Vec<&ConsentRow> {
        self.rows.iter().filter(|r| r.state.is_over() && self.shown.includes(r.state)).collect()
    }

    /// The filters to choose from.
    #[must_use]
    pub fn filters(&self) -> Vec<Choice> {
        Shown::EACH
            .into_iter()
            .map(|(shown, value, key)| Choice {
                value: value.to_owned(),
                label: self.page.say(key),
                selected: shown == self.shown,
            })
            .collect()
    }
}
