//! `GET /me`: the citizen's overview: what was opened in an emergency, one counting sentence, the last three entries, where
//! to go on.

use askama::Template;

use super::{
    history::{Day, Row, by_day, named},
    layout::Layout,
    parts::Field,
    sentence::{Part, sentence},
};
use crate::{
    i18n::{Arg, clock_time, date_time, text_with},
    time::Millis,
};

/// An emergency access the person is told of (Law 91/2025/QH15 Art. 19(1)(a), (b)): who, when, why.
#[derive(Clone, Debug)]
pub struct Emergency {
    /// When it was allowed.
    pub at: Millis,
    /// The agency.
    pub agency: String,
    /// Code of the official who asked.
    pub official: String,
    /// Code of the official who approved.
    pub approver: String,
    /// What was opened.
    pub fields: Vec<Field>,
    /// The purpose's title.
    pub purpose: String,
    /// The agency's own words.
    pub justification: String,
    /// The page of its entry.
    pub href: String,
}

impl Emergency {
    /// Who was allowed to see what, from when, as HTML.
    #[must_use]
    pub fn what(&self, page: &Layout) -> String {
        let (fields, time) = (named(page.lang, &self.fields), date_time(page.lang, self.at));
        let parts = [
            ("agency", Part::Strong(&self.agency)),
            ("fields", Part::Strong(&fields)),
            ("time", Part::Plain(&time)),
        ];
        sentence(page.lang, "row-emergency", &parts)
    }

    /// The purpose, as HTML.
    #[must_use]
    pub fn why(&self, page: &Layout) -> String {
        sentence(page.lang, "row-reason", &[("purpose", Part::Plain(&self.purpose))])
    }

    /// The two officials.
    #[must_use]
    pub fn officials(&self, page: &Layout) -> String {
        let args = [("official", Arg::Text(&self.official)), ("approver", Arg::Text(&self.approver))];
        text_with(page.lang, "emergency-officials", &args)
    }

    /// The link's text for a screen reader, which may read it by itself.
    #[must_use]
    pub fn link_label(&self, page: &Layout) -> String {
        let time = clock_time(self.at);
        text_with(
            page.lang,
            "row-details-of",
            &[("agency", Arg::Text(&self.agency)), ("time", Arg::Text(&time))],
        )
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "me.html")]
pub struct Me {
    /// The frame.
    pub page: Layout,
    /// How many days the counts cover.
    pub days: u32,
    /// Distinct agencies that received data in those days.
    pub agencies: u64,
    /// How many times data left in those days.
    pub views: u64,
    /// How many requests were refused in those days.
    pub refusals: u64,
    /// How many requests for consent wait for an answer.
    pub waiting: u64,
    /// How many consents a representative once gave wait for the person's own word.
    pub reviews: u64,
    /// The newest entries, at most three.
    pub latest: Vec<Row>,
    /// Emergency accesses in those days, newest first.
    pub emergencies: Vec<Emergency>,
    /// How many more there were than are shown.
    pub more_emergencies: u64,
}

impl Me {
    /// The counting sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let args = [
            ("days", Arg::Number(u64::from(self.days))),
            ("agencies", Arg::Number(self.agencies)),
            ("views", Arg::Number(self.views)),
        ];
        text_with(self.page.lang, if self.views == 0 { "me-summary-none" } else { "me-summary" }, &args)
    }

    /// Over how many days she is told of emergencies.
    #[must_use]
    pub fn emergencies_heading(&self) -> String {
        text_with(self.page.lang, "me-emergencies-h2", &[("days", Arg::Number(u64::from(self.days)))])
    }

    /// "2 more stand in your history", when there are.
    #[must_use]
    pub fn emergencies_more(&self) -> Option<String> {
        let args = [("count", Arg::Number(self.more_emergencies))];
        (self.more_emergencies > 0).then(|| text_with(self.page.lang, "me-emergencies-more", &args))
    }

    /// The newest entries by day.
    #[must_use]
    pub fn days(&self) -> Vec<Day<'_>> {
        by_day(self.page.lang, &self.latest)
    }

    /// "2 requests wait for your answer", when some do.
    #[must_use]
    pub fn waits(&self) -> Option<String> {
        let args = [("count", Arg::Number(self.waiting))];
        (self.waiting > 0).then(|| text_with(self.page.lang, "me-waiting", &args))
    }

    /// "2 things a representative agreed to wait for you", when some do.
    #[must_use]
    pub fn to_review(&self) -> Option<String> {
        let args = [("count", Arg::Number(self.reviews))];
        (self.reviews > 0).then(|| text_with(self.page.lang, "me-reviews", &args))
    }

    /// The sentence on refusals, when there were any.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        let args = [("count", Arg::Number(self.refusals))];
        (self.refusals > 0).then(|| text_with(self.page.lang, "me-refusals", &args))
    }
}
