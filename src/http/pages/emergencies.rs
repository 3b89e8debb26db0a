//! `GET /official/emergencies`: an official's own emergency accesses: those that owe their report, and those reported.

use askama::Template;

use super::layout::Layout;
use crate::{
    i18n::{Arg, date_time, iso_date_time, text_with},
    time::Millis,
};

/// The shortest report accepted, in characters.
pub const REPORT_MIN: usize = 20;

/// The longest report accepted, in characters.
pub const REPORT_MAX: usize = 2000;

/// An emergency access.
#[derive(Clone, Debug)]
pub struct Emergency {
    /// The token's id, which stands in the form's address.
    pub id: String,
    /// When access was given.
    pub at: Millis,
    /// By when the report is due.
    pub due: Millis,
    /// The purpose's title.
    pub purpose: String,
    /// The person as this agency knows them: its own handle, shortened. Never a national id.
    pub person: String,
    /// The case; empty when there is none.
    pub case: String,
    /// The justification given at the time.
    pub justification: String,
    /// The code of the official who asked.
    pub official: String,
    /// The code of the one who approved.
    pub approver: String,
    /// The report with its time, once given.
    pub report: Option<(Millis, String)>,
    /// Whether it was not given in time.
    pub overdue: bool,
}

impl Emergency {
    /// When it was.
    #[must_use]
    pub fn when(&self, page: &Layout) -> String {
        date_time(page.lang, self.at)
    }

    /// When it was, for `<time datetime>`.
    #[must_use]
    pub fn machine_time(&self) -> String {
        iso_date_time(self.at)
    }

    /// By when the report is due, or that it is late.
    #[must_use]
    pub fn due_sentence(&self, page: &Layout) -> String {
        let key = if self.overdue { "emergency-overdue-since" } else { "emergency-due" };
        page.say_value(key, &date_time(page.lang, self.due))
    }

    /// When the report was given.
    #[must_use]
    pub fn reported_sentence(&self, page: &Layout) -> String {
        let at = self.report.as_ref().map(|(at, _)| date_time(page.lang, *at)).unwrap_or_default();
        page.say_value("emergency-reported-at", &at)
    }

    /// Who asked and who approved.
    #[must_use]
    pub fn officials(&self, page: &Layout) -> String {
        let args = [("official", Arg::Text(&self.official)), ("approver", Arg::Text(&self.approver))];
        text_with(page.lang, "emergency-officials", &args)
    }

    /// What was reported.
    #[must_use]
    pub fn text(&self) -> &str {
        self.report.as_ref().map(|(_, text)| text.as_str()).unwrap_or_default()
    }
}

/// Why a report was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportProblem {
    /// Fewer than [`REPORT_MIN`] characters.
    TooShort,
    /// More than [`REPORT_MAX`] characters.
    TooLong,
    /// It holds an address, a long number or characters that turn text around.
    NotPlain,
}

/// The page. Each form posts `csrf` and `text` to `/official/emergencies/{id}/report`.
#[derive(Clone, Debug, Template)]
#[template(path = "emergencies.html")]
pub struct Emergencies {
    /// The frame.
    pub page: Layout,
    /// The agency's name.
    pub agency: String,
    /// The accesses in the order shown.
    pub rows: Vec<Emergency>,
    /// Whether the report just sent came too late, so that both officials are suspended.
    pub late: bool,
    /// What was wrong with the report just sent: the access's id, why, and what was typed.
    pub problem: Option<(String, ReportProblem, String)>,
}

impl Emergencies {
    /// Those that owe a report.
    #[must_use]
    pub fn owing(&self) -> Vec<&Emergency> {
        self.rows.iter().filter(|row| row.report.is_none()).collect()
    }

    /// Those reported.
    #[must_use]
    pub fn reported(&self) -> Vec<&Emergency> {
        self.rows.iter().filter(|row| row.report.is_some()).collect()
    }

    /// What was wrong with this row's report, in a sentence.
    #[must_use]
    pub fn problem_of(&self, row: &Emergency) -> Option<String> {
        let args = [("min", Arg::Number(REPORT_MIN as u64)), ("max", Arg::Number(REPORT_MAX as u64))];
        self.problem.as_ref().filter(|(id, ..)| *id == row.id).map(|(_, problem, _)| match problem {
            ReportProblem::TooShort => text_with(self.page.lang, "emergency-report-too-short", &args),
            ReportProblem::TooLong => text_with(self.page.lang, "emergency-report-too-long", &args),
            ReportProblem::NotPlain => self.page.say("compliance-reason-not-plain"),
        })
    }

    /// What was typed into this row's form.
    #[must_use]
    pub fn typed(&self, row: &Emergency) -> &str {
        self.problem.as_ref().filter(|(id, ..)| *id == row.id).map_or("", |(_, _, text)| text)
    }

    /// The hint with the limits.
    #[must_use]
    pub fn hint(&self) -> String {
        let args = [("min", Arg::Number(REPORT_MIN as u64)), ("max", Arg::Number(REPORT_MAX as u64))];
        text_with(self.page.lang, "emergency-report-hint", &args)
    }

    /// The least characters, for the browser's own check.
    #[must_use]
    pub const fn min(&self) -> usize {
        REPORT_MIN
    }

    /// The most characters, for the browser's own check.
    #[must_use]
    pub const fn max(&self) -> usize {
        REPORT_MAX
    }
}
