//! `GET /me/history`: who has viewed a citizen's data, newest first, grouped by day, one sentence a row.

use askama::Template;

use super::{
    event::Event,
    layout::{Layout, with_parameter},
    parts::{Acting, Basis, Choice, Field},
    sentence::{Part, sentence},
};
use crate::{
    i18n::{Arg, Lang, clock_time, day_heading, iso_date, iso_date_time, list, lower_first, text_with},
    time::Millis,
};

/// Names shown before "and n more".
const NAMED: usize = 3;

/// One entry, as a sentence.
#[derive(Clone, Debug)]
pub struct Row {
    /// The page with all its facts; `None` when there is none.
    pub href: Option<String>,
    /// When.
    pub at: Millis,
    /// What it records.
    pub event: Event,
    /// The agency's name.
    pub agency: String,
    /// The kinds of data asked for or released.
    pub fields: Vec<Field>,
    /// The purpose's title; empty where there is none.
    pub purpose: String,
    /// The legal basis, where one was named.
    pub basis: Option<Basis>,
    /// How many alike requests stand behind this row (collapsed refusals); 1 when it stands alone.
    pub times: u32,
    /// Whether the same answer was sent once more (the connection had failed).
    pub repeat: bool,
    /// Who acted for the person; `None` when she acted herself, or nobody had to.
    pub acting: Option<Acting>,
    /// Whether the law went before a standing choice of hers.
    pub overridden: bool,
}

impl Row {
    /// The first sentence, as HTML: who did what, when.
    #[must_use]
    pub fn what(&self, page: &Layout) -> String {
        let (fields, time) = (named(page.lang, &self.fields), clock_time(self.at));
        let parts = [
            ("agency", Part::Strong(&self.agency)),
            ("fields", Part::Strong(&fields)),
            ("time", Part::Plain(&time)),
        ];
        sentence(page.lang, self.event.row_key(), &parts)
    }

    /// What became of the data, where the first sentence alone could be misread.
    #[must_use]
    pub fn note(&self, page: &Layout) -> Option<String> {
        match self.event {
            Event::Allowed => Some(page.say("note-allowed")),
            event => event.needs_outcome().then(|| event.outcome(page)),
        }
    }

    /// Who acted for the person, when she did not act herself.
    #[must_use]
    pub fn actor(&self, page: &Layout) -> Option<String> {
        self.acting.as_ref().map(|acting| page.say_value("row-acting", &acting.label(page)))
    }

    /// The reason, as HTML.
    #[must_use]
    pub fn why(&self, page: &Layout) -> Option<String> {
        let parts = [("purpose", Part::Plain(&self.purpose))];
        (!self.purpose.is_empty()).then(|| sentence(page.lang, "row-reason", &parts))
    }

    /// The basis as a tag; not on a refusal, where it was claimed and gave nothing.
    #[must_use]
    pub fn shown_basis(&self) -> Option<Basis> {
        self.basis.filter(|_| !self.event.is_refusal())
    }

    /// Whether some of the data is sensitive.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.fields.iter().any(|field| field.sensitive)
    }

    /// "3 times", when more than once.
    #[must_use]
    pub fn count(&self, page: &Layout) -> Option<String> {
        let args = [("count", Arg::Number(u64::from(self.times)))];
        (self.times > 1).then(|| text_with(page.lang, "row-times", &args))
    }

    /// The link's text for a screen reader, which may read it without the row.
    #[must_use]
    pub fn link_label(&self, page: &Layout) -> String {
        let time = clock_time(self.at);
        let args = [("agency", Arg::Text(&self.agency)), ("time", Arg::Text(&time))];
        text_with(page.lang, "row-details-of", &args)
    }

    /// For `<time datetime>`.
    #[must_use]
    pub fn machine_time(&self) -> String {
        iso_date_time(self.at)
    }
}

/// A few names, sensitive ones first so that "and n more" never hides them behind harmless ones.
pub(super) fn named(lang: Lang, fields: &[Field]) -> String {
    let (sensitive, basic): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(|field| field.sensitive);
    let ordered: Vec<String> =
        sensitive.into_iter().chain(basic).map(|field| lower_first(&field.label)).collect();
    // "and 1 more" is longer than the name itself.
    if ordered.len() <= NAMED + 1 {
        return list(lang, &ordered);
    }
    let names: Vec<String> = ordered.iter().take(NAMED).cloned().collect();
    let rest = (ordered.len() - NAMED) as u64;
    let names = names.join(", ");
    text_with(lang, "list-more", &[("list", Arg::Text(&names)), ("count", Arg::Number(rest))])
}

/// The rows of one day in Vietnam.
#[derive(Clone, Debug)]
pub struct Day<'a> {
    /// `Chủ nhật, 22/11/2026`.
    pub heading: String,
    /// `2026-11-22`.
    pub date: String,
    /// Its rows, in the order given.
    pub rows: Vec<&'a Row>,
}

/// Rows by day; rows of one day must stand together.
#[must_use]
pub fn by_day(lang: Lang, rows: &[Row]) -> Vec<Day<'_>> {
    let mut days: Vec<Day<'_>> = Vec::new();
    for row in rows {
        let date = iso_date(row.at);
        match days.last_mut() {
            Some(day) if day.date == date => day.rows.push(row),
            _ => days.push(Day { heading: day_heading(lang, row.at), date, rows: vec![row] }),
        }
    }
    days
}

/// How far back the list goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Period {
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// 365 days, when nothing is chosen.
    #[default]
    Year,
    /// Everything there is.
    All,
}

impl Period {
    /// All, shortest first.
    pub const EACH: [Self; 4] = [Self::Week, Self::Month, Self::Year, Self::All];

    /// The value of `?period=`.
    #[must_use]
    pub const fn value(self) -> &'static str {
        match self {
            Self::Week => "7",
            Self::Month => "30",
            Self::Year => "365",
            Self::All => "all",
        }
    }

    /// Reads `?period=`; anything unknown is the default.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        Self::EACH.into_iter().find(|period| period.value() == value).unwrap_or_default()
    }

    /// How many days back; `None` for everything.
    #[must_use]
    pub const fn days(self) -> Option<u32> {
        match self {
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Year => Some(365),
            Self::All => None,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Week => "period-week",
            Self::Month => "period-month",
            Self::Year => "period-year",
            Self::All => "period-all",
        }
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "history.html")]
pub struct History {
    /// The frame.
    pub page: Layout,
    /// The entries of this page of the list, newest first.
    pub rows: Vec<Row>,
    /// Agencies to filter by; the first choice, with an empty value, is added by the page.
    pub agencies: Vec<Choice>,
    /// The period chosen.
    pub period: Period,
    /// The cursor of the next, older page, when there is one.
    pub next: Option<String>,
}

impl History {
    /// The rows by day.
    #[must_use]
    pub fn days(&self) -> Vec<Day<'_>> {
        by_day(self.page.lang, &self.rows)
    }

    /// Periods to choose from.
    #[must_use]
    pub fn periods(&self) -> Vec<Choice> {
        Period::EACH
            .into_iter()
            .map(|period| Choice {
                value: period.value().to_owned(),
                label: self.page.say(period.key()),
                selected: period == self.period,
            })
            .collect()
    }

    /// Whether an agency is chosen.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.agencies.iter().any(|agency| agency.selected && !agency.value.is_empty())
    }

    /// "Nobody viewed … in the last 12 months", naming the period searched.
    #[must_use]
    pub fn empty_sentence(&self) -> String {
        self.page.say(match (self.is_filtered(), self.period) {
            (true, _) => "history-empty-filtered",
            (false, Period::Week) => "history-empty-week",
            (false, Period::Month) => "history-empty-month",
            (false, Period::Year) => "history-empty-year",
            (false, Period::All) => "history-empty-all",
        })
    }

    /// The address of the next page: this one with `before` set.
    #[must_use]
    pub fn next_href(&self) -> Option<String> {
        self.next.as_deref().map(|cursor| with_parameter(&self.page.url, "before", cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_kinds_are_named_before_the_rest_is_counted() {
        let field = |label: &str, sensitive| Field { label: label.to_owned(), sensitive };
        let fields: Vec<Field> = ["a", "b", "c", "d", "e"].iter().map(|l| field(l, *l == "e")).collect();
        assert_eq!(named(Lang::En, &fields), "e, a, b and 2 other items");
        assert_eq!(named(Lang::Vi, &fields), "e, a, b và 2 thông tin khác");
        assert_eq!(named(Lang::En, fields.get(..4).unwrap()), "a, b, c and d");
    }
}
