//! `GET /me`: the citizen's overview: one counting sentence, the last three entries, where to go on.

use askama::Template;

use super::{
    history::{Day, Row, by_day},
    layout::Layout,
};
use crate::i18n::{Arg, text_with};

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
