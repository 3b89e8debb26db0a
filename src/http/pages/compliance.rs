//! `/compliance`: an officer first says why they look (each look is itself an entry, invariant I9), then sees the
//! entries of their own agency with filters and a CSV file.

use askama::Template;

use super::{access::Official, event::Event, history::Row, layout::Layout, parts::Choice};
use crate::{
    i18n::{Arg, clock_time, date, iso_date_time, text_with},
    time::Millis,
};

/// The shortest reason accepted, in characters.
pub const REASON_MIN: usize = 10;

/// The longest reason accepted, in characters.
pub const REASON_MAX: usize = 300;

/// Why a reason was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonProblem {
    /// Fewer than [`REASON_MIN`] characters.
    TooShort,
    /// More than [`REASON_MAX`] characters.
    TooLong,
    /// It holds an address, a long number or characters that turn text around.
    NotPlain,
}

/// The form that asks why. Posts `csrf`, `idempotency_key` and `reason` to `/compliance`.
#[derive(Clone, Debug, Template)]
#[template(path = "compliance_ask.html")]
pub struct ComplianceAsk {
    /// The frame.
    pub page: Layout,
    /// The officer's agency.
    pub agency: String,
    /// The session's token against cross-site requests.
    pub csrf: String,
    /// Sent with the form, so that pressing twice makes one entry.
    pub idempotency_key: String,
    /// What was typed, to keep it when something is wrong.
    pub reason: String,
    /// What is wrong with it.
    pub problem: Option<ReasonProblem>,
}

impl ComplianceAsk {
    /// What is wrong, in a sentence.
    #[must_use]
    pub fn problem_sentence(&self) -> Option<String> {
        let args = [("min", Arg::Number(REASON_MIN as u64)), ("max", Arg::Number(REASON_MAX as u64))];
        self.problem.map(|problem| match problem {
            ReasonProblem::TooShort => text_with(self.page.lang, "compliance-reason-too-short", &args),
            ReasonProblem::TooLong => text_with(self.page.lang, "compliance-reason-too-long", &args),
            ReasonProblem::NotPlain => self.page.say("compliance-reason-not-plain"),
        })
    }

    /// The hint with the limits.
    #[must_use]
    pub fn hint(&self) -> String {
        let args = [("min", Arg::Number(REASON_MIN as u64)), ("max", Arg::Number(REASON_MAX as u64))];
        text_with(self.page.lang, "compliance-reason-hint", &args)
    }

    /// The least characters, for the browser's own check.
    #[must_use]
    pub const fn min(&self) -> usize {
        REASON_MIN
    }

    /// The most characters, for the browser's own check.
    #[must_use]
    pub const fn max(&self) -> usize {
        REASON_MAX
    }
}

/// One entry in the table.
#[derive(Clone, Debug)]
pub struct ComplianceRow {
    /// What a citizen would read of it.
    pub row: Row,
    /// The official.
    pub official: Official,
    /// The unit; empty when not stated.
    pub unit: String,
    /// The person as this agency knows them: its own handle, shortened. Never a national id.
    pub person: String,
    /// The case; empty when there is none.
    pub case: String,
    /// The entry's id.
    pub id: String,
}

impl ComplianceRow {
    /// `22/11/2026 09:23`.
    #[must_use]
    pub fn when(&self, page: &Layout) -> String {
        format!("{} {}", date(page.lang, self.row.at), clock_time(self.row.at))
    }

    /// For `<time datetime>`.
    #[must_use]
    pub fn machine_time(&self) -> String {
        iso_date_time(self.row.at)
    }

    /// The official's code with its evidence, in a few words.
    #[must_use]
    pub fn official_evidence(&self, page: &Layout) -> String {
        page.say(match self.official {
            Official::None => "compliance-official-none",
            Official::Asserted { .. } => "compliance-official-asserted",
            Official::Proved { .. } => "compliance-official-proved",
        })
    }
}

/// The result a filter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ResultFilter {
    /// All.
    #[default]
    All,
    /// Token issued.
    Allowed,
    /// Data released.
    Released,
    /// Refused.
    Refused,
}

impl ResultFilter {
    const EACH: [(Self, &'static str, Option<Event>); 4] = [
        (Self::All, "", None),
        (Self::Allowed, "allowed", Some(Event::Allowed)),
        (Self::Released, "released", Some(Event::Released)),
        (Self::Refused, "refused", Some(Event::Refused)),
    ];

    /// Reads `?result=`; anything unknown is all.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        Self::EACH
            .into_iter()
            .find(|(_, name, _)| *name == value)
            .map(|(filter, ..)| filter)
            .unwrap_or_default()
    }
}

/// The filters as they were sent, put back into the form.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// First day, `2026-11-01`; empty for none.
    pub from: String,
    /// Last day, `2026-11-22`; empty for none.
    pub to: String,
    /// Purposes to choose from; the page adds "all".
    pub purposes: Vec<Choice>,
    /// The official's code; empty for all.
    pub official: String,
    /// The result.
    pub result: ResultFilter,
}

/// The table.
#[derive(Clone, Debug, Template)]
#[template(path = "compliance_entries.html")]
pub struct ComplianceEntries {
    /// The frame.
    pub page: Layout,
    /// The officer's agency.
    pub agency: String,
    /// The reason this officer gave.
    pub reason: String,
    /// The look (entry id) under which filtering and paging go on; travels as the hidden field `look`.
    pub look: String,
    /// Until when this look may go on.
    pub look_until: Millis,
    /// The filters.
    pub filters: Filters,
    /// The entries, newest first.
    pub rows: Vec<ComplianceRow>,
    /// The same list as CSV.
    pub csv_href: String,
    /// The next, older page.
    pub next_href: Option<String>,
}

impl ComplianceEntries {
    /// Results to choose from.
    #[must_use]
    pub fn results(&self) -> Vec<Choice> {
        ResultFilter::EACH
            .into_iter()
            .map(|(filter, value, event)| Choice {
                value: value.to_owned(),
                label: event.map_or_else(|| self.page.say("filter-all"), |event| event.tag(&self.page)),
                selected: filter == self.filters.result,
            })
            .collect()
    }

    /// "Your reason, recorded: …".
    #[must_use]
    pub fn reason_sentence(&self) -> String {
        let until = clock_time(self.look_until);
        let args = [("reason", Arg::Text(&self.reason)), ("time", Arg::Text(&until))];
        text_with(self.page.lang, "compliance-reason-recorded", &args)
    }
}
